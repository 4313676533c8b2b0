//! Responses of the filter's own: `reply [KIND] [from PLACE]`.

use proxy_wasm::hostcalls;
use proxy_wasm::traits::HttpContext as _;
use proxy_wasm::types::{Action, GrpcStatusCode};

use crate::statuses;
use crate::stream::Kit;

pub(crate) fn at(kit: &mut Kit, event: &str, words: &[&str]) -> Action {
    let (kind, place) = match *words {
        [] => ("plain", "request-headers"),
        ["from", place] => ("plain", place),
        [kind, "from", place] => (kind, place),
        [kind, ..] => (kind, "request-headers"),
    };
    if place != event {
        // A filter that answers for a body holds the request back until it has seen all of it.
        let waits = event == "request-headers" && place == "request-body" && kind == "held";
        return if waits { Action::Pause } else { Action::Continue };
    }
    let headers = vec![("x-kit", "reply"), ("content-type", "text/plain"), ("x-many", "1"), ("x-many", "2")];
    match kind {
        "grpc" => kit.send_grpc_response(
            GrpcStatusCode::PermissionDenied,
            Some("not for you"),
            vec![("x-kit", b"reply".as_slice())],
        ),
        "empty" => kit.send_http_response(204, Vec::new(), None),
        "no-type" => kit.send_http_response(200, Vec::new(), Some(b"no type\n")),
        "length" => kit.send_http_response(200, vec![("content-length", "3")], Some(b"four\n")),
        "details" => {
            statuses::local_response(418, "kit_said_so", b"teapot\n");
        }
        "twice" => {
            kit.send_http_response(403, headers, Some(b"first\n"));
            let second = hostcalls::send_http_response(404, Vec::new(), Some(b"second\n"));
            let _ = hostcalls::log(proxy_wasm::types::LogLevel::Info, &format!("second reply: {second:?}"));
        }
        "odd-status" => {
            kit.send_http_response(words.get(1).and_then(|word| word.parse().ok()).unwrap_or(0), headers, None)
        }
        _ => kit.send_http_response(403, headers, Some(b"no\n")),
    }
    if kind == "continue" { Action::Continue } else { Action::Pause }
}
