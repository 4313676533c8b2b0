//! wasi:blobstore over HTTP, in the container `files`: PUT /NAME keeps the request's body, GET /NAME answers with it,
//! both in pieces as they come; DELETE /NAME removes it, GET / lists the names, one on a line. 404 for a name that is
//! not there, 500 and the error for all else.

wit_bindgen::generate!({
    path: "../../rust/components/wit/blobstore.wit",
    world: "guest",
    with: { "wasi:io/streams@0.2.12": wasip2::io::streams },
});

use wasi::blobstore::blobstore::get_container;
use wasi::blobstore::container::Container;
use wasi::blobstore::types::{IncomingValue, OutgoingValue};
use wasip2::http::types::{Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam};
use wasip2::io::streams::{InputStream, OutputStream, StreamError};

wasip2::http::proxy::export!(Files);

struct Files;

impl wasip2::exports::http::incoming_handler::Guest for Files {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let path = request.path_with_query().unwrap_or_default();
        let name = path.trim_start_matches('/');
        let answered = get_container("files").and_then(|files| match (request.method(), name) {
            (Method::Get, "") => list(&files).map(Answer::Text),
            (Method::Get, name) if !files.has_object(name)? => Ok(Answer::None),
            (Method::Get, name) => files.get_data(name, 0, u64::MAX).map(Answer::Object),
            (Method::Put, name) => put(&files, name, &request).map(|()| Answer::Text("ok\n".to_owned())),
            (Method::Delete, name) => files.delete_object(name).map(|()| Answer::Text("ok\n".to_owned())),
            _ => Err("unknown operation".to_owned()),
        });
        match answered {
            Ok(Answer::None) => respond(out, 404, |stream| write(stream, b"(none)\n")),
            Ok(Answer::Text(text)) => respond(out, 200, |stream| write(stream, text.as_bytes())),
            Ok(Answer::Object(value)) => respond(out, 200, |stream| {
                let from = IncomingValue::incoming_value_consume_async(value).map_err(|_| StreamError::Closed)?;
                copy(&from, stream)
            }),
            Err(error) => respond(out, 500, |stream| write(stream, format!("{error}\n").as_bytes())),
        }
    }
}

enum Answer {
    None,
    Text(String),
    Object(IncomingValue),
}

fn list(files: &Container) -> Result<String, String> {
    let names = files.list_objects()?;
    let mut text = String::new();
    loop {
        let (some, end) = names.read_stream_object_names(100)?;
        some.iter().for_each(|name| text += &format!("{name}\n"));
        if end {
            return Ok(text);
        }
    }
}

fn put(files: &Container, name: &str, request: &IncomingRequest) -> Result<(), String> {
    let value = OutgoingValue::new_outgoing_value();
    files.write_data(name, &value)?;
    let stream = value.outgoing_value_write_body().map_err(|()| "no stream")?;
    let body = request.consume().map_err(|()| "no body")?;
    let copied = copy(&body.stream().map_err(|()| "no body")?, &stream);
    drop(stream);
    let finished = OutgoingValue::finish(value);
    copied.map_err(|_| finished.clone().err().unwrap_or("the body broke off".to_owned())).and(finished)
}

/// Hands on what comes, piece by piece.
fn copy(from: &InputStream, to: &OutputStream) -> Result<(), StreamError> {
    loop {
        match from.blocking_read(64 << 10) {
            Ok(chunk) => write(to, &chunk)?,
            Err(StreamError::Closed) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

fn write(to: &OutputStream, bytes: &[u8]) -> Result<(), StreamError> {
    bytes.chunks(4096).try_for_each(|chunk| to.blocking_write_and_flush(chunk))
}

fn respond(out: ResponseOutparam, status: u16, body: impl FnOnce(&OutputStream) -> Result<(), StreamError>) {
    let response = OutgoingResponse::new(Fields::new());
    response.set_status_code(status).expect("a status");
    let outgoing = response.body().expect("the body is taken once");
    ResponseOutparam::set(out, Ok(response));
    let stream = outgoing.write().expect("the stream is taken once");
    // Both fail when the client has gone.
    let written = body(&stream);
    drop(stream);
    if written.is_ok() {
        let _ = OutgoingBody::finish(outgoing, None);
    }
}
