//! Answers every request with 200 and a greeting.

use std::io::Write;

use wasi::exports::http::incoming_handler::Guest;
use wasi::http::types::{Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam};

wasi::http::proxy::export!(Hello);

struct Hello;

impl Guest for Hello {
    fn handle(_request: IncomingRequest, out: ResponseOutparam) {
        let headers = Fields::new();
        headers.append("content-type", b"text/plain").expect("a valid header");
        let response = OutgoingResponse::new(headers);
        let body = response.body().expect("the body is taken once");
        ResponseOutparam::set(out, Ok(response));

        let mut stream = body.write().expect("the stream is taken once");
        // It fails when the client has gone; then there is nobody left to tell.
        let _ = stream.write_all(b"Hello from Holm!\n");
        drop(stream);
        let _ = OutgoingBody::finish(body, None);
    }
}
