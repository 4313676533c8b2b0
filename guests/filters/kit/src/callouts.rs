//! Requests of the filter's own: `call KIND PATH`, while the request (or the response) waits.

use std::time::Duration;

use proxy_wasm::traits::{Context as _, HttpContext as _};
use proxy_wasm::types::{Action, Status};

use crate::headers;
use crate::stream::Kit;

pub(crate) fn request_headers(kit: &mut Kit, words: &[&str]) -> Action {
    match *words {
        ["header" | "reply", path] => wait(kit, "GET", path, 5000),
        ["timeout", path] => wait(kit, "GET", path, 200),
        ["post", path] => wait(kit, "POST", path, 5000),
        ["twice", path] => {
            let _ = dispatch(kit, "upstream", "GET", path, 5000);
            wait(kit, "GET", path, 5000)
        }
        ["ignore", path] => {
            let _ = dispatch(kit, "upstream", "GET", path, 5000);
            kit.calls = 0;
            Action::Continue
        }
        ["dead"] => held(dispatch(kit, "dead", "GET", "/", 5000), kit),
        ["to", name, path] => {
            let headers = vec![(":method", "GET"), (":path", path), (":authority", "kit")];
            let result = kit.dispatch_http_call(name, headers, None, Vec::new(), Duration::from_secs(5));
            kit.calls = 1;
            held(result, kit)
        }
        ["without", name, path] => {
            let mut headers = vec![(":method", "GET"), (":path", path), (":authority", "kit")];
            headers.retain(|(header, _)| *header != name);
            let upstream = kit.root.setting("upstream");
            let result = kit.dispatch_http_call(&upstream, headers, None, Vec::new(), Duration::from_secs(5));
            kit.calls = 1;
            held(result, kit)
        }
        _ => Action::Continue,
    }
}

pub(crate) fn request_body(kit: &mut Kit, words: &[&str], end: bool) -> Action {
    match *words {
        ["body", _] if !end => Action::Pause,
        ["body", path] => wait(kit, "GET", path, 5000),
        // What waits for a call waits with its body.
        _ if kit.calls > 0 => Action::Pause,
        _ => Action::Continue,
    }
}

pub(crate) fn response_headers(kit: &mut Kit, words: &[&str]) -> Action {
    match *words {
        ["response", path] => wait(kit, "GET", path, 5000),
        _ => Action::Continue,
    }
}

fn wait(kit: &mut Kit, method: &str, path: &str, milliseconds: u64) -> Action {
    let result = dispatch(kit, "upstream", method, path, milliseconds);
    held(result, kit)
}

fn held(result: Result<u32, Status>, kit: &Kit) -> Action {
    if let Err(status) = result {
        kit.send_http_response(500, Vec::new(), Some(format!("refused: {status:?}\n").as_bytes()));
    }
    Action::Pause
}

fn dispatch(kit: &mut Kit, to: &str, method: &str, path: &str, milliseconds: u64) -> Result<u32, Status> {
    let headers = vec![(":method", method), (":path", path), (":authority", "kit"), ("x-call", "yes")];
    let post = method == "POST";
    let (body, trailers) =
        if post { (Some(b"called".as_slice()), vec![("x-trailer", "end")]) } else { (None, Vec::new()) };
    kit.calls += 1;
    let name = kit.root.setting(to);
    kit.dispatch_http_call(&name, headers, body, trailers, Duration::from_millis(milliseconds))
}

pub(crate) fn answered(kit: &mut Kit, words: &[&str], _token: u32, (headers, body, trailers): (usize, usize, usize)) {
    kit.calls = kit.calls.saturating_sub(1);
    if kit.calls > 0 {
        return;
    }
    let status = kit.get_http_call_response_header(":status").unwrap_or("(none)".to_string());
    match words.get(1).copied().unwrap_or_default() {
        // The headers have gone ahead of the body.
        "body" => {
            kit.note("from-call", status);
            kit.resume_http_request();
        }
        "header" | "twice" => {
            kit.set_http_request_header("x-from-call", Some(&status));
            kit.resume_http_request();
        }
        "response" => {
            kit.set_http_response_header("x-from-call", Some(&status));
            kit.resume_http_response();
        }
        "ignore" => {}
        _ => {
            let mut text = format!("headers {} body {body} trailers {trailers}\nstatus {status}\n", headers > 0);
            let all = kit.get_http_call_response_headers_bytes();
            text += &headers::lines(&all);
            text += &headers::lines(&kit.get_http_call_response_trailers_bytes());
            text += &String::from_utf8_lossy(&kit.get_http_call_response_body(0, body).unwrap_or_default());
            kit.send_http_response(if headers > 0 { 200 } else { 504 }, Vec::new(), Some(text.as_bytes()));
        }
    }
}
