//! Bodies in all forms.

use std::io;
use std::thread::sleep;
use std::time::Duration;

use wasip2::http::types::{Fields, IncomingBody, IncomingRequest, ResponseOutparam};

use crate::reply::{Reply, drain, text, trailers_of};

pub fn body_of(request: &IncomingRequest) -> IncomingBody {
    request.consume().expect("the body is taken once")
}

/// The request's body as it comes, with its content-type.
pub fn echo(request: &IncomingRequest, out: ResponseOutparam) -> io::Result<()> {
    let content_type = request.headers().get("content-type").into_iter().next();
    let content_type = content_type.and_then(|value| String::from_utf8(value).ok());
    let content_type = content_type.as_deref().unwrap_or("application/octet-stream");
    let mut reply = Reply::start(out, 200, &[("content-type", content_type)]);
    drain(&body_of(request), |chunk| reply.send(chunk))?;
    reply.finish(None)
}

/// How many bytes the request's body has.
pub fn count(request: &IncomingRequest, out: ResponseOutparam) -> io::Result<()> {
    let mut bytes = 0;
    let read = drain(&body_of(request), |chunk| {
        bytes += chunk.len();
        Ok(())
    });
    match read {
        Ok(()) => text(out, 200, &format!("{bytes}\n")),
        Err(error) => text(out, 400, &format!("{error}, after {bytes} bytes\n")),
    }
}

/// A body, then `x-kit: done` and the request's own trailers as trailers. All are declared in the head, without which
/// HTTP/1.1 servers may leave them out.
pub fn trailers(request: &IncomingRequest, out: ResponseOutparam) -> io::Result<()> {
    let mut declared = "x-kit".to_owned();
    for value in request.headers().get("trailer") {
        declared = format!("{declared}, {}", String::from_utf8_lossy(&value));
    }
    let body = body_of(request);
    drain(&body, |_| Ok(()))?;
    let trailers = Fields::new();
    trailers.append("x-kit", b"done").expect("a valid trailer");
    for (name, value) in trailers_of(body)?.map(|theirs| theirs.entries()).unwrap_or_default() {
        trailers.append(&name, &value).expect("a valid trailer");
    }
    let mut reply = Reply::start(out, 200, &[("content-type", "text/plain"), ("trailer", &declared)]);
    reply.write(b"trailers follow\n")?;
    reply.finish(Some(trailers))
}

/// Five events, 20 ms apart.
pub fn server_sent_events(out: ResponseOutparam) -> io::Result<()> {
    let mut reply = Reply::start(out, 200, &[("content-type", "text/event-stream"), ("cache-control", "no-cache")]);
    for event in 1..=5 {
        reply.send(format!("id: {event}\ndata: event {event}\n\n").as_bytes())?;
        sleep(Duration::from_millis(20));
    }
    reply.finish(None)
}

/// So many KiB, in writes of 16.
pub fn large(out: ResponseOutparam, kibibytes: u64) -> io::Result<()> {
    let mut reply = Reply::start(out, 200, &[("content-type", "application/octet-stream")]);
    let block = [b'x'; 16 * 1024];
    let mut left = kibibytes as usize * 1024;
    while left > 0 {
        let length = left.min(block.len());
        reply.write(&block[..length])?;
        left -= length;
    }
    reply.finish(None)
}

pub fn stream_forever(out: ResponseOutparam) -> io::Result<()> {
    let mut reply = Reply::plain(out, 200);
    loop {
        reply.write(&[b'x'; 4096])?;
    }
}
