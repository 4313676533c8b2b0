//! A request to elsewhere, whose response becomes ours.

use std::io;

use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    ErrorCode, Fields, IncomingResponse, OutgoingBody, OutgoingRequest, RequestOptions, ResponseOutparam, Scheme,
};

use crate::reply::{Reply, drain, text};

/// Gets `url=...` of the query and streams the response back, with its status and content-type; 502 and the error's
/// name when there is none. `connect` is how many milliseconds a connection may take.
pub fn fetch(query: &str, connect: Option<u64>, out: ResponseOutparam) -> io::Result<()> {
    let Some(url) = query.strip_prefix("url=") else {
        return text(out, 400, "no url\n");
    };
    match get(&decoded(url), connect) {
        Ok(response) => forward(response, out),
        Err(error) => text(out, 502, &format!("{error}\n")),
    }
}

fn get(url: &str, connect: Option<u64>) -> Result<IncomingResponse, String> {
    let (scheme, rest) = url.split_once("://").ok_or("the URL has no scheme")?;
    let (authority, path) = rest.find('/').map_or((rest, "/"), |slash| rest.split_at(slash));
    let scheme = match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.to_owned()),
    };

    let request = OutgoingRequest::new(Fields::new());
    request.set_scheme(Some(&scheme)).map_err(|()| "not a scheme")?;
    request.set_authority(Some(authority).filter(|host| !host.is_empty())).map_err(|()| "not an authority")?;
    request.set_path_with_query(Some(path)).map_err(|()| "not a path")?;
    let body = request.body().map_err(|()| "no body")?;
    let options = RequestOptions::new();
    options.set_connect_timeout(connect.map(|milliseconds| milliseconds * 1_000_000)).map_err(|()| "no timeout")?;
    let response = handle(request, Some(options)).map_err(told)?;
    OutgoingBody::finish(body, None).map_err(told)?;
    response.subscribe().block();
    response.get().expect("it is ready").expect("it was not taken before").map_err(told)
}

fn forward(response: IncomingResponse, out: ResponseOutparam) -> io::Result<()> {
    let content_type = response.headers().get("content-type").into_iter().next();
    let content_type = content_type.and_then(|value| String::from_utf8(value).ok()).unwrap_or_default();
    let mut reply = Reply::start(out, response.status(), &[("content-type", &content_type)]);
    drain(&response.consume().expect("the body is taken once"), |chunk| reply.send(chunk))?;
    reply.finish(None)
}

/// Undoes percent-encoding; what is not encoded rightly stays as it is.
fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        match part.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend_from_slice(&part.as_bytes()[2..]);
            }
            None => {
                bytes.push(b'%');
                bytes.extend_from_slice(part.as_bytes());
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn told(error: ErrorCode) -> String {
    format!("{error:?}")
}
