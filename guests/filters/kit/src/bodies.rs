//! Bodies: rewritten as a whole or as they pass, edited in places, measured.

use proxy_wasm::traits::HttpContext as _;
use proxy_wasm::types::Action;

use crate::statuses;
use crate::stream::Kit;

/// The most a body may have, as guests say it.
const ALL: usize = usize::MAX;

pub(crate) fn request_headers(kit: &mut Kit, words: &[&str]) -> Action {
    if !words.contains(&"keep-length") {
        kit.set_http_request_header("content-length", None);
    }
    if words.contains(&"pause-headers") { Action::Pause } else { Action::Continue }
}

pub(crate) fn request_body(kit: &mut Kit, words: &[&str], size: usize, end: bool) -> Action {
    match *words {
        ["request-chunks", ..] => {
            let chunk = kit.get_http_request_body(0, size).unwrap_or_default();
            kit.set_http_request_body(0, size, &bracketed(&chunk));
            return Action::Continue;
        }
        ["sizes", "stream", ..] => return Action::Continue,
        _ if !end => return Action::Pause,
        ["request-body", ..] => {
            let body = kit.get_http_request_body(0, size).unwrap_or_default();
            let body = [body.to_ascii_uppercase().as_slice(), b"!"].concat();
            if words.contains(&"set-length") {
                kit.set_http_request_header("content-length", Some(&body.len().to_string()));
            }
            kit.set_http_request_body(0, ALL, &body);
        }
        ["edit", start, length, text] => {
            let status = statuses::edit(0, number(start), number(length), text);
            kit.note("edit", status.to_string());
        }
        ["read", start, length] => {
            let part = kit.get_http_request_body(number(start), number(length));
            kit.note("read", part.map_or("(none)".to_string(), |part| String::from_utf8_lossy(&part).into_owned()));
        }
        _ => {}
    }
    Action::Continue
}

/// A body that trailers follow ends with them.
pub(crate) fn request_trailers(kit: &mut Kit, words: &[&str]) -> Action {
    if let ["request-body", ..] = *words {
        let body = kit.get_http_request_body(0, ALL).unwrap_or_default();
        kit.set_http_request_body(0, ALL, &[body.to_ascii_uppercase().as_slice(), b"!"].concat());
    }
    Action::Continue
}

pub(crate) fn response_headers(kit: &mut Kit, words: &[&str]) -> Action {
    if !words.contains(&"keep-length") {
        kit.set_http_response_header("content-length", None);
    }
    if words.contains(&"pause-headers") { Action::Pause } else { Action::Continue }
}

pub(crate) fn response_body(kit: &mut Kit, words: &[&str], size: usize, end: bool) -> Action {
    match *words {
        ["response-chunks", ..] => {
            let chunk = kit.get_http_response_body(0, size).unwrap_or_default();
            if size > 0 {
                kit.set_http_response_body(0, size, &bracketed(&chunk));
            }
            return Action::Continue;
        }
        ["response-sizes", "stream", ..] => {
            if end {
                let sizes = list(&kit.response_sizes);
                kit.set_http_response_body(size, 0, sizes.as_bytes());
            }
            return Action::Continue;
        }
        _ if !end => return Action::Pause,
        ["response-body", ..] => {
            let body = kit.get_http_response_body(0, size).unwrap_or_default();
            let body = [body.to_ascii_uppercase().as_slice(), b"!"].concat();
            if words.contains(&"set-length") {
                kit.set_http_response_header("content-length", Some(&body.len().to_string()));
            }
            kit.set_http_response_body(0, ALL, &body);
        }
        ["response-sizes", ..] => {
            let sizes = list(&kit.response_sizes);
            kit.set_http_response_body(0, ALL, sizes.as_bytes());
        }
        ["response-edit", start, length, text] => {
            statuses::edit(1, number(start), number(length), text);
        }
        _ => {}
    }
    Action::Continue
}

/// `5/false 9/true`: the arguments of callbacks for a body.
pub(crate) fn list(sizes: &[(usize, bool)]) -> String {
    sizes.iter().map(|(size, end)| format!("{size}/{end}")).collect::<Vec<_>>().join(" ")
}

fn bracketed(chunk: &[u8]) -> Vec<u8> {
    if chunk.is_empty() { Vec::new() } else { [b"[", chunk, b"]"].concat() }
}

fn number(word: &str) -> usize {
    word.parse().unwrap_or(ALL)
}
