//! A CGI program that passes its request on to the URL in its query (`url=...`), with its method and its body as that
//! comes, and answers with what comes back, as that comes. Status 502 and the error when nothing does.

use wasip2::cli::{stdin::get_stdin, stdout::get_stdout};
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingBody, Method, OutgoingBody, OutgoingRequest, Scheme,
};
use wasip2::io::poll::poll;
use wasip2::io::streams::{InputStream, OutputStream, StreamError};

/// The most that a stream takes at once.
const CHUNK: u64 = 4096;

fn main() {
    let variable = |name| std::env::var(name).unwrap_or_default();
    let query = variable("QUERY_STRING");
    let url = query.strip_prefix("url=").unwrap_or_default();
    if let Err(error) = relay(url, &variable("REQUEST_METHOD")) {
        // Where the head was written, this ends up in the body, for a person to find.
        print!("Status: 502\nContent-Type: text/plain\n\n{error}\n");
    }
}

fn relay(url: &str, method: &str) -> Result<(), String> {
    let (scheme, rest) = url.split_once("://").ok_or("the URL has no scheme")?;
    let (authority, path) = rest.find('/').map_or((rest, "/"), |slash| rest.split_at(slash));
    let scheme = if scheme == "https" { Scheme::Https } else { Scheme::Http };
    let request = OutgoingRequest::new(Fields::new());
    request.set_method(&Method::Other(method.to_owned())).map_err(|()| "not a method")?;
    request.set_scheme(Some(&scheme)).map_err(|()| "not a scheme")?;
    request.set_authority(Some(authority)).map_err(|()| "not an authority")?;
    request.set_path_with_query(Some(path)).map_err(|()| "not a path")?;
    let body = request.body().map_err(|()| "no body")?;
    let stream = body.write().map_err(|()| "no stream")?;
    pass_on(handle(request, None).map_err(told)?, stream, body)
}

/// Passes bytes on in both directions until the response ends.
fn pass_on(response: FutureIncomingResponse, to: OutputStream, body: OutgoingBody) -> Result<(), String> {
    let (stdin, stdout) = (get_stdin(), get_stdout());
    let mut sending = Some((to, body));
    let mut answer: Option<(InputStream, IncomingBody)> = None;
    loop {
        let more = sending.as_ref().map(|_| stdin.subscribe());
        let back = answer.as_ref().map_or_else(|| response.subscribe(), |(stream, _)| stream.subscribe());
        let waited: Vec<_> = more.iter().chain([&back]).collect();
        poll(&waited);
        drop((more, back));
        if let Some((to, _)) = &sending {
            match stdin.read(CHUNK) {
                Ok(bytes) => to.blocking_write_and_flush(&bytes).map_err(|error| format!("{error:?}"))?,
                Err(_) => {
                    let body = sending.take().map(|(_, body)| body).expect("it was there");
                    OutgoingBody::finish(body, None).map_err(told)?;
                }
            }
        }
        if answer.is_none()
            && let Some(response) = response.get()
        {
            let response = response.expect("it was not taken before").map_err(told)?;
            print!("Status: {}\nContent-Type: application/octet-stream\n\n", response.status());
            let body = response.consume().map_err(|()| "no body")?;
            answer = Some((body.stream().map_err(|()| "no stream")?, body));
        }
        if let Some((stream, _)) = &answer {
            match stream.read(CHUNK) {
                Ok(bytes) => stdout.blocking_write_and_flush(&bytes).map_err(|error| format!("{error:?}"))?,
                Err(StreamError::Closed) => return Ok(()),
                Err(error) => return Err(format!("{error:?}")),
            }
        }
    }
}

fn told(error: ErrorCode) -> String {
    format!("{error:?}")
}
