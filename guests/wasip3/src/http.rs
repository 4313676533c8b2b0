//! Answers every request with 200, `METHOD PATH\n`, and the body of the request as it comes in.

use wasip3::http::types::{ErrorCode, Fields, Method, Request, Response};
use wasip3::{wit_bindgen, wit_future, wit_stream};

const CHUNK: usize = 4096;

wasip3::http::service::export!(Echo);

struct Echo;

impl wasip3::exports::http::handler::Guest for Echo {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let method = match request.get_method() {
            Method::Get => "GET".to_owned(),
            Method::Post => "POST".to_owned(),
            Method::Put => "PUT".to_owned(),
            Method::Other(name) => name,
            other => format!("{other:?}"),
        };
        let line = format!("{method} {}\n", request.get_path_with_query().unwrap_or_default());

        let (consumed, consumption) = wit_future::new(|| Ok(()));
        let (mut incoming, _trailers) = Request::consume_body(request, consumption);
        let (mut body, reader) = wit_stream::new();
        let (trailers, no_trailers) = wit_future::new(|| Ok(None));
        let headers = Fields::from_list(&[("content-type".to_owned(), b"text/plain".to_vec())]).expect("a header");
        let (response, _sent) = Response::new(headers, Some(reader), no_trailers);
        drop(trailers);

        wit_bindgen::spawn_local(async move {
            let _consumed = consumed;
            let mut left = body.write_all(line.into_bytes()).await;
            while left.is_empty() {
                let (status, chunk) = incoming.read(Vec::with_capacity(CHUNK)).await;
                if chunk.is_empty() && matches!(status, wit_bindgen::StreamResult::Dropped) {
                    break;
                }
                left = body.write_all(chunk).await;
            }
        });
        Ok(response)
    }
}
