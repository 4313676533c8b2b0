//! What goes back.

use std::io::Write;

use wasip2::http::types::{Fields, OutgoingBody, OutgoingResponse, ResponseOutparam};

pub fn send(out: ResponseOutparam, status: u16, json: &str) {
    let headers = Fields::new();
    headers.append("content-type", b"application/json").expect("a valid header");
    let response = OutgoingResponse::new(headers);
    response.set_status_code(status).expect("a valid status");
    let body = response.body().expect("the body is taken once");
    ResponseOutparam::set(out, Ok(response));

    let mut stream = body.write().expect("the stream is taken once");
    // It fails when the client has gone; then there is nobody left to tell.
    let _ = stream.write_all(json.as_bytes());
    drop(stream);
    let _ = OutgoingBody::finish(body, None);
}
