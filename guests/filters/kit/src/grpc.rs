//! gRPC to elsewhere: `grpc unary METHOD`, `grpc short METHOD` with little time, `grpc stream METHOD`, `grpc cancel METHOD`.

use std::time::Duration;

use proxy_wasm::traits::{Context as _, HttpContext as _};
use proxy_wasm::types::{Action, Status};

use crate::headers::lines;
use crate::stream::Kit;

const SERVICE: &str = "holm.test.Echo";

pub(crate) fn request_headers(kit: &mut Kit, words: &[&str]) -> Action {
    let upstream = kit.root.setting("grpc");
    let metadata = vec![("x-kit", b"grpc".as_slice())];
    let result = match *words {
        ["unary", method] => unary(kit, &upstream, method, 5000),
        ["short", method] => unary(kit, &upstream, method, 200),
        ["stream", method] => kit.open_grpc_stream(&upstream, SERVICE, method, metadata).inspect(|stream| {
            kit.send_grpc_stream_message(*stream, Some(b"one"), false);
            kit.send_grpc_stream_message(*stream, Some(b"two"), true);
        }),
        // What was called off answers no more.
        ["cancel", method] => {
            if let Ok(call) = unary(kit, &upstream, method, 5000) {
                kit.cancel_grpc_call(call);
            }
            return Action::Continue;
        }
        _ => return Action::Continue,
    };
    if let Err(status) = result {
        kit.send_http_response(500, Vec::new(), Some(format!("refused: {status:?}\n").as_bytes()));
    }
    Action::Pause
}

fn unary(kit: &Kit, upstream: &str, method: &str, milliseconds: u64) -> Result<u32, Status> {
    let metadata = vec![("x-kit", b"grpc".as_slice())];
    kit.dispatch_grpc_call(upstream, SERVICE, method, metadata, Some(b"message"), Duration::from_millis(milliseconds))
}

pub(crate) fn answered(kit: &mut Kit, status: u32, size: usize) {
    let message = if status == 0 { kit.get_grpc_call_response_body(0, size) } else { None };
    let (code, text) = failure(kit);
    let message = String::from_utf8_lossy(&message.unwrap_or_default()).into_owned();
    let text = format!("status {status} code {code}\ntext {text}\nmessage {message}\n");
    kit.send_http_response(200, Vec::new(), Some(text.as_bytes()));
}

pub(crate) fn initial(kit: &mut Kit, count: u32) {
    let metadata = lines(&kit.get_grpc_stream_initial_metadata());
    kit.came += &format!("initial {}\n{metadata}", count > 0);
}

pub(crate) fn message(kit: &mut Kit, size: usize) {
    let message = kit.get_grpc_stream_message(0, size).unwrap_or_default();
    kit.came += &format!("message {size} {}\n", String::from_utf8_lossy(&message));
}

pub(crate) fn trailing(kit: &mut Kit, count: u32) {
    let metadata = lines(&kit.get_grpc_stream_trailing_metadata());
    kit.came += &format!("trailing {}\n{metadata}", count > 0);
}

pub(crate) fn closed(kit: &mut Kit, status: u32) {
    let (code, text) = failure(kit);
    let text = format!("{}closed {status} code {code}\ntext {text}\n", kit.came);
    kit.send_http_response(200, Vec::new(), Some(text.as_bytes()));
}

/// What the host adds, of success or in braces, is its own.
fn failure(kit: &Kit) -> (u32, String) {
    let (code, text) = kit.get_grpc_status();
    let text = text.filter(|_| code != 0).unwrap_or_default();
    (code, text.split('{').next().unwrap_or_default().to_string())
}
