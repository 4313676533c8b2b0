//! Sends one wasi:http request, `http URL [METHOD [BODY]]`. Prints `status N`, then the body of the response.
//! Prints `error: ...` and exits with 1 when there is no response.

use std::io::Write;

use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{ErrorCode, Fields, IncomingResponse, Method, OutgoingBody, OutgoingRequest, Scheme};
use wasip2::io::streams::StreamError;

const CHUNK: usize = 4096;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let url = words.first().expect("URL");
    let method = words.get(1).map_or("GET", String::as_str);
    let body = words.get(2).map_or("", String::as_str);
    if let Err(error) = request(url, method, body.as_bytes()).and_then(print) {
        println!("error: {error}");
        std::process::exit(1);
    }
}

fn request(url: &str, method: &str, body: &[u8]) -> Result<IncomingResponse, String> {
    let (scheme, rest) = url.split_once("://").ok_or("the URL has no scheme")?;
    let (authority, path) = rest.find('/').map_or((rest, "/"), |slash| rest.split_at(slash));

    let request = OutgoingRequest::new(Fields::new());
    let scheme = match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.to_owned()),
    };
    let method = match method {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        other => Method::Other(other.to_owned()),
    };
    request.set_method(&method).map_err(|()| "not a method")?;
    request.set_scheme(Some(&scheme)).map_err(|()| "not a scheme")?;
    request.set_authority(Some(authority)).map_err(|()| "not an authority")?;
    request.set_path_with_query(Some(path)).map_err(|()| "not a path")?;

    let outgoing = request.body().map_err(|()| "no body")?;
    let response = handle(request, None).map_err(told)?;
    if !body.is_empty() {
        let stream = outgoing.write().map_err(|()| "no stream")?;
        for chunk in body.chunks(CHUNK) {
            stream.blocking_write_and_flush(chunk).map_err(|error| format!("{error:?}"))?;
        }
    }
    OutgoingBody::finish(outgoing, None).map_err(told)?;

    response.subscribe().block();
    response.get().expect("it is ready").expect("it was not taken before").map_err(told)
}

fn print(response: IncomingResponse) -> Result<(), String> {
    println!("status {}", response.status());
    let body = response.consume().map_err(|()| "no body")?;
    let stream = body.stream().map_err(|()| "no stream")?;
    let mut stdout = std::io::stdout().lock();
    loop {
        match stream.blocking_read(CHUNK as u64) {
            Ok(bytes) => stdout.write_all(&bytes).map_err(|error| error.to_string())?,
            Err(StreamError::Closed) => return stdout.flush().map_err(|error| error.to_string()),
            Err(error) => return Err(format!("{error:?}")),
        }
    }
}

fn told(error: ErrorCode) -> String {
    format!("{error:?}")
}
