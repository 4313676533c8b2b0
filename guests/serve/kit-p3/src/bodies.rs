//! Bodies in all forms.

use wasip3::clocks::monotonic_clock::wait_for;
use wasip3::http::types::{Request, Response};
use wasip3::{spawn_local, wit_future};

use crate::reply::{fields, next, start};

/// The request's body as it comes, with its content-type.
pub fn echo(request: Request) -> Response {
    let content_type = request.get_headers().get("content-type").into_iter().next();
    let content_type = content_type.unwrap_or(b"application/octet-stream".to_vec());
    let (consumed, consumption) = wit_future::new(|| Ok(()));
    let (mut theirs, _trailers) = Request::consume_body(request, consumption);
    let (response, mut ours) = start(200, &[("content-type", &content_type)]);
    spawn_local(async move {
        let _consumed = consumed;
        while let Some(chunk) = next(&mut theirs).await {
            if !ours.write(chunk).await {
                break;
            }
        }
    });
    response
}

/// A body, then `x-kit: done` and the request's own trailers as trailers. All are declared in the head, without which
/// HTTP/1.1 servers may leave them out.
pub fn trailers(request: Request) -> Response {
    let mut declared = b"x-kit".to_vec();
    for value in request.get_headers().get("trailer") {
        declared.extend_from_slice(b", ");
        declared.extend_from_slice(&value);
    }
    let (consumed, consumption) = wit_future::new(|| Ok(()));
    let (mut theirs, their_trailers) = Request::consume_body(request, consumption);
    let (response, mut ours) = start(200, &[("content-type", b"text/plain"), ("trailer", &declared)]);
    spawn_local(async move {
        let _consumed = consumed;
        while next(&mut theirs).await.is_some() {}
        let trailers = fields(&[("x-kit", b"done")]);
        if let Ok(Some(theirs)) = their_trailers.await {
            for (name, value) in theirs.copy_all() {
                trailers.append(&name, &value).expect("a valid trailer");
            }
        }
        ours.write(b"trailers follow\n".to_vec()).await;
        ours.finish(trailers).await;
    });
    response
}

/// Five events, 20 ms apart.
pub fn server_sent_events() -> Response {
    let (response, mut body) = start(200, &[("content-type", b"text/event-stream"), ("cache-control", b"no-cache")]);
    spawn_local(async move {
        for event in 1..=5 {
            body.write(format!("id: {event}\ndata: event {event}\n\n").into_bytes()).await;
            wait_for(20_000_000).await;
        }
    });
    response
}
