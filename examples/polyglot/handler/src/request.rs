//! The text that a request asks about.

use std::io::Read;

use wasip2::http::types::{IncomingRequest, Method};

/// Bytes of a text at most: a review, not a book.
const MOST: usize = 16 * 1024;

pub fn text(request: &IncomingRequest) -> Result<String, &'static str> {
    let text = match request.method() {
        Method::Get => from_query(&request.path_with_query().unwrap_or_default())?,
        Method::Post => from_body(request)?,
        _ => return Err("ask with GET /?text=… or POST"),
    };
    if text.trim().is_empty() { Err("no text: ask with GET /?text=… or POST") } else { Ok(text) }
}

fn from_query(path: &str) -> Result<String, &'static str> {
    let (_, query) = path.split_once('?').unwrap_or_default();
    let value = query.split('&').find_map(|pair| pair.strip_prefix("text=")).unwrap_or_default();
    String::from_utf8(unescaped(value)).map_err(|_| "the text is not UTF-8")
}

/// Percent-decoding as forms do it: `+` is a space (WHATWG URL, application/x-www-form-urlencoded).
fn unescaped(value: &str) -> Vec<u8> {
    let mut rest = value.as_bytes();
    let mut text = Vec::with_capacity(rest.len());
    while let [first, after @ ..] = rest {
        let escaped = (*first == b'%').then(|| after.first_chunk().and_then(hex)).flatten();
        rest = if escaped.is_some() { &after[2..] } else { after };
        text.push(escaped.unwrap_or(if *first == b'+' { b' ' } else { *first }));
    }
    text
}

fn hex(digits: &[u8; 2]) -> Option<u8> {
    let digit = |at: u8| char::from(at).to_digit(16);
    u8::try_from(digit(digits[0])? * 16 + digit(digits[1])?).ok()
}

fn from_body(request: &IncomingRequest) -> Result<String, &'static str> {
    let body = request.consume().map_err(|()| "the body is taken once")?;
    let stream = body.stream().map_err(|()| "the stream is taken once")?;
    let mut text = Vec::new();
    stream.take(MOST as u64 + 1).read_to_end(&mut text).map_err(|_| "the body broke off")?;
    if text.len() > MOST {
        return Err("the text is longer than 16 KiB");
    }
    String::from_utf8(text).map_err(|_| "the text is not UTF-8")
}
