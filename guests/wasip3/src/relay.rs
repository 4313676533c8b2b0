//! Passes its request on to the URL in its query (`url=...`), with its method and its body as that comes, and answers with
//! what comes back, as that comes. Status 502 and the error when nothing does.

use wasip3::http::client::send;
use wasip3::http::types::{ErrorCode, Fields, Request, Response, Scheme};
use wasip3::{wit_bindgen, wit_future, wit_stream};

wasip3::http::service::export!(Relay);

struct Relay;

impl wasip3::exports::http::handler::Guest for Relay {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let target = request.get_path_with_query().unwrap_or_default();
        let url = target.split_once("?url=").map_or("", |(_, url)| url).to_owned();
        Ok(match relay(&url, request).await {
            Ok(response) => forward(response),
            Err(error) => failed(&error),
        })
    }
}

async fn relay(url: &str, theirs: Request) -> Result<Response, String> {
    let (scheme, rest) = url.split_once("://").ok_or("the URL has no scheme")?;
    let (authority, path) = rest.find('/').map_or((rest, "/"), |slash| rest.split_at(slash));
    let scheme = if scheme == "https" { Scheme::Https } else { Scheme::Http };
    let method = theirs.get_method();
    let (consumed, consumption) = wit_future::new(|| Ok(()));
    let (body, trailers) = Request::consume_body(theirs, consumption);
    let (request, sent) = Request::new(Fields::new(), Some(body), trailers, None);
    request.set_method(&method).map_err(|()| "not a method")?;
    request.set_scheme(Some(&scheme)).map_err(|()| "not a scheme")?;
    request.set_authority(Some(authority)).map_err(|()| "not an authority")?;
    request.set_path_with_query(Some(path)).map_err(|()| "not a path")?;
    wit_bindgen::spawn_local(async move {
        // Their body is consumed once ours is sent.
        let result = sent.await;
        let _ = consumed.write(result).await;
    });
    send(request).await.map_err(|error| format!("{error:?}"))
}

fn forward(theirs: Response) -> Response {
    let status = theirs.get_status_code();
    let (consumed, consumption) = wit_future::new(|| Ok(()));
    let (body, trailers) = Response::consume_body(theirs, consumption);
    let (ours, sent) = Response::new(Fields::new(), Some(body), trailers);
    ours.set_status_code(status).expect("a status");
    wit_bindgen::spawn_local(async move {
        let result = sent.await;
        let _ = consumed.write(result).await;
    });
    ours
}

fn failed(error: &str) -> Response {
    let (mut body, reader) = wit_stream::new();
    let (_, no_trailers) = wit_future::new(|| Ok(None));
    let (response, _sent) = Response::new(Fields::new(), Some(reader), no_trailers);
    response.set_status_code(502).expect("a status");
    let text = format!("{error}\n").into_bytes();
    wit_bindgen::spawn_local(async move { drop(body.write_all(text).await) });
    response
}
