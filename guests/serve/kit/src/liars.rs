//! Responses that are wrong.

use std::io;

use wasip2::http::types::{ErrorCode, Fields, HeaderError, OutgoingResponse, ResponseOutparam};

use crate::reply::{Reply, text};

pub fn error(out: ResponseOutparam) -> io::Result<()> {
    ResponseOutparam::set(out, Err(ErrorCode::InternalError(Some("the kit has no response".to_owned()))));
    Ok(())
}

/// Answers, then sets a response on the handle that is used up, which the component model forbids.
pub fn twice(out: ResponseOutparam) -> io::Result<()> {
    let handle = out.handle();
    text(out, 200, "first\n")?;
    // SAFETY: the handle is not valid any more, and the host has to find that out: that is the behaviour.
    let again = unsafe { ResponseOutparam::from_handle(handle) };
    let second = OutgoingResponse::new(Fields::new());
    ResponseOutparam::set(again, Ok(second));
    Ok(())
}

/// A content-length that is not the length of the body.
pub fn length(out: ResponseOutparam, declared: u64, body: &[u8]) -> io::Result<()> {
    let mut reply = Reply::start(out, 200, &[("content-length", &declared.to_string())]);
    reply.send(body)?;
    reply.finish(None)
}

/// Answers `four` under this content-length, or says why it may not.
pub fn declared(out: ResponseOutparam, declared: &str) -> io::Result<()> {
    let headers = Fields::new();
    if let Err(error) = headers.append("content-length", declared.as_bytes()) {
        return text(out, 200, &format!("refused, {error:?}\n"));
    }
    let mut reply = Reply::with(out, 200, headers);
    reply.send(b"four")?;
    reply.finish(None)
}

/// Tries to set two lengths that are not the same, in both ways there are; answers as below.
pub fn two_lengths(out: ResponseOutparam) -> io::Result<()> {
    let entries = ["4", "5"].map(|value| ("content-length".to_owned(), value.as_bytes().to_vec()));
    let appended = Fields::new();
    let one = appended.append("content-length", b"4").and_then(|()| appended.append("content-length", b"5"));
    let lines = [told("list", Fields::from_list(&entries).map(drop)), told("append", one)];
    text(out, 200, &lines.concat())
}

/// Tries each header that belongs to the connection, not to the response; answers `NAME: ok` or `NAME: refused, WHY`.
pub fn forbidden_headers(out: ResponseOutparam) -> io::Result<()> {
    let headers = Fields::new();
    let attempts = [
        ("connection", "close"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "websocket"),
        ("keep-alive", "timeout=5"),
        ("proxy-connection", "close"),
        ("te", "trailers"),
        ("host", "example.com"),
        ("http2-settings", "AAAA"),
    ];
    let lines = attempts.map(|(name, value)| told(name, headers.append(name, value.as_bytes())));
    text(out, 200, &lines.concat())
}

/// Tries a header value that would end the line and begin another header.
pub fn line_break_in_header(out: ResponseOutparam) -> io::Result<()> {
    let headers = Fields::new();
    let lines = [
        told("value", headers.append("x-kit", b"one\r\nset-cookie: stolen=1")),
        told("name", headers.append("x-kit\r\nset-cookie", b"stolen=1")),
    ];
    text(out, 200, &lines.concat())
}

fn told(name: &str, result: Result<(), HeaderError>) -> String {
    match result {
        Ok(()) => format!("{name}: ok\n"),
        Err(error) => format!("{name}: refused, {error:?}\n"),
    }
}
