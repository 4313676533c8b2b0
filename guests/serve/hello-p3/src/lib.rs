//! Answers every request with 200 and a greeting: examples/hello for WASI 0.3.

use wasip3::http::types::{ErrorCode, Fields, Request, Response};
use wasip3::{spawn_local, wit_future, wit_stream};

wasip3::http::service::export!(Hello);

struct Hello;

impl wasip3::exports::http::handler::Guest for Hello {
    async fn handle(_request: Request) -> Result<Response, ErrorCode> {
        let headers = Fields::new();
        headers.append("content-type", b"text/plain").expect("a valid header");
        let (mut body, reader) = wit_stream::new();
        let (_, no_trailers) = wit_future::new(|| Ok(None));
        let (response, _sent) = Response::new(headers, Some(reader), no_trailers);
        spawn_local(async move {
            body.write_all(b"Hello from Holm!\n".to_vec()).await;
        });
        Ok(response)
    }
}
