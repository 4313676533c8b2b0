//! Requests and responses that wait for the next tick, or for ever, and those that are broken off.

use proxy_wasm::traits::HttpContext as _;
use proxy_wasm::types::Action;

use crate::root::Wait;
use crate::stream::Kit;

pub(crate) fn at(kit: &mut Kit, event: &str, words: &[&str]) -> Action {
    match *words {
        ["pause", "for-ever", place] if place == event => Action::Pause,
        ["pause", place] if place == event => {
            let wait = if event.starts_with("request") { Wait::ResumeRequest } else { Wait::ResumeResponse };
            kit.root.waiting.borrow_mut().push((kit.id, wait));
            Action::Pause
        }
        ["reset", place] if place == event => {
            if event.starts_with("request") {
                kit.reset_http_request();
            } else {
                kit.reset_http_response();
            }
            Action::Pause
        }
        // Nobody has paused it.
        ["continue"] => {
            kit.resume_http_request();
            Action::Continue
        }
        // Paused, and resumed by the same callback before it returns.
        ["continue", "paused"] => {
            kit.resume_http_request();
            Action::Pause
        }
        _ => Action::Continue,
    }
}

/// `late-done`: the next tick says that the request is done.
pub(crate) fn done(kit: &mut Kit, words: &[&str]) -> bool {
    let late = words.first() == Some(&"late-done");
    if late {
        kit.root.waiting.borrow_mut().push((kit.id, Wait::Done));
    }
    !late
}
