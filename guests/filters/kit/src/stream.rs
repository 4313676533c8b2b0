//! The context of a request: what comes goes to the behaviour that its `x-test` names.

use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use crate::root::Shared;
use crate::{bodies, callouts, faults, grpc, headers, pauses, properties, replies, state, statuses};

pub(crate) struct Kit {
    pub(crate) id: u32,
    pub(crate) root: Rc<Shared>,
    /// The words of `x-test`.
    pub(crate) test: Rc<Vec<String>>,
    /// What callbacks came, in their order.
    pub(crate) events: Vec<String>,
    /// The arguments of the callbacks for the request's body.
    pub(crate) sizes: Vec<(usize, bool)>,
    pub(crate) response_sizes: Vec<(usize, bool)>,
    /// Headers that the response will have.
    notes: Vec<(String, String)>,
    /// Answers to call-outs that are still to come.
    pub(crate) calls: usize,
    /// What came of a gRPC stream.
    pub(crate) came: String,
}

impl Kit {
    pub(crate) fn new(id: u32, root: Rc<Shared>) -> Self {
        Self {
            id,
            root,
            test: Rc::default(),
            events: Vec::new(),
            sizes: Vec::new(),
            response_sizes: Vec::new(),
            notes: Vec::new(),
            calls: 0,
            came: String::new(),
        }
    }

    pub(crate) fn note(&mut self, name: &str, value: impl Into<String>) {
        self.notes.push((format!("x-kit-{name}"), value.into()));
    }

    fn enter(&mut self, event: &str) -> Rc<Vec<String>> {
        let phases = self.test.first().is_some_and(|word| word == "phases") && event != "delete";
        self.events.push(if phases { format!("{event}:{}", statuses::phase()) } else { event.to_string() });
        faults::at(event, &self.test);
        self.test.clone()
    }

    fn write_notes(&mut self) {
        for (name, value) in std::mem::take(&mut self.notes) {
            self.add_http_response_header(&name, &value);
        }
    }
}

fn words(test: &[String]) -> Vec<&str> {
    test.iter().map(String::as_str).collect()
}

impl Context for Kit {
    fn on_http_call_response(&mut self, token: u32, headers: usize, body: usize, trailers: usize) {
        let test = self.enter("call-answered");
        callouts::answered(self, &words(&test), token, (headers, body, trailers));
    }

    fn on_grpc_call_response(&mut self, _token: u32, status: u32, size: usize) {
        self.enter("grpc-answered");
        grpc::answered(self, status, size);
    }

    fn on_grpc_stream_initial_metadata(&mut self, _token: u32, count: u32) {
        grpc::initial(self, count);
    }

    fn on_grpc_stream_message(&mut self, _token: u32, size: usize) {
        grpc::message(self, size);
    }

    fn on_grpc_stream_trailing_metadata(&mut self, _token: u32, count: u32) {
        grpc::trailing(self, count);
    }

    fn on_grpc_stream_close(&mut self, _token: u32, status: u32) {
        grpc::closed(self, status);
    }

    fn on_done(&mut self) -> bool {
        let test = self.enter("done");
        pauses::done(self, &words(&test))
    }
}

impl HttpContext for Kit {
    fn on_http_request_headers(&mut self, count: usize, end: bool) -> Action {
        let test = self.get_http_request_header("x-test").unwrap_or_default();
        self.test = Rc::new(test.split_whitespace().map(str::to_string).collect());
        let test = self.enter("request-headers");
        let words = words(&test);
        match words.first().copied().unwrap_or_default() {
            "headers" | "set-all" | "get" | "end" | "list" | "count" | "pseudo" | "bad-header" => {
                headers::request(self, &words, count, end)
            }
            "request-body" | "request-chunks" | "sizes" | "edit" | "read" => bodies::request_headers(self, &words),
            "reply" => replies::at(self, "request-headers", &words[1..]),
            "call" => callouts::request_headers(self, &words[1..]),
            "grpc" => grpc::request_headers(self, &words[1..]),
            "properties" | "set-property" => properties::request(self, &words),
            "counter" | "share" | "queue" | "ticks" | "root" | "metrics" | "log" | "config" | "foreign" => {
                state::request(self, &words)
            }
            "statuses" => statuses::reply(self),
            "pause" | "reset" | "continue" => pauses::at(self, "request-headers", &words),
            _ => Action::Continue,
        }
    }

    fn on_http_request_body(&mut self, size: usize, end: bool) -> Action {
        let test = self.enter("request-body");
        self.sizes.push((size, end));
        let words = words(&test);
        match words.first().copied().unwrap_or_default() {
            "request-body" | "request-chunks" | "sizes" | "edit" | "read" => {
                bodies::request_body(self, &words, size, end)
            }
            "reply" => replies::at(self, "request-body", &words[1..]),
            "call" => callouts::request_body(self, &words[1..], end),
            "pause" | "reset" => pauses::at(self, "request-body", &words),
            _ => Action::Continue,
        }
    }

    fn on_http_request_trailers(&mut self, count: usize) -> Action {
        let test = self.enter("request-trailers");
        let words = words(&test);
        match words.first().copied().unwrap_or_default() {
            "trailers" => headers::request_trailers(self, count),
            "request-body" | "sizes" => bodies::request_trailers(self, &words),
            "pause" => pauses::at(self, "request-trailers", &words),
            _ => Action::Continue,
        }
    }

    fn on_http_response_headers(&mut self, count: usize, end: bool) -> Action {
        let test = self.enter("response-headers");
        let words = words(&test);
        let action = match words.first().copied().unwrap_or_default() {
            "headers" | "get-response" | "list-response" | "status" | "set-all" => {
                headers::response(self, &words, count, end)
            }
            "response-body" | "response-chunks" | "response-sizes" | "response-edit" => {
                bodies::response_headers(self, &words)
            }
            "sizes" => {
                let sizes = bodies::list(&self.sizes);
                self.note("sizes", sizes);
                Action::Continue
            }
            "reply" => replies::at(self, "response-headers", &words[1..]),
            "call" => callouts::response_headers(self, &words[1..]),
            "properties" | "set-property" => properties::response(self, &words),
            "pause" | "reset" => pauses::at(self, "response-headers", &words),
            _ => Action::Continue,
        };
        self.write_notes();
        action
    }

    fn on_http_response_body(&mut self, size: usize, end: bool) -> Action {
        let test = self.enter("response-body");
        self.response_sizes.push((size, end));
        let words = words(&test);
        match words.first().copied().unwrap_or_default() {
            "response-body" | "response-chunks" | "response-sizes" | "response-edit" => {
                bodies::response_body(self, &words, size, end)
            }
            "reply" => replies::at(self, "response-body", &words[1..]),
            "pause" | "reset" => pauses::at(self, "response-body", &words),
            _ => Action::Continue,
        }
    }

    fn on_http_response_trailers(&mut self, count: usize) -> Action {
        let test = self.enter("response-trailers");
        let words = words(&test);
        match words.first().copied().unwrap_or_default() {
            "trailers" => headers::response_trailers(self, count),
            "pause" => pauses::at(self, "response-trailers", &words),
            _ => Action::Continue,
        }
    }

    fn on_log(&mut self) {
        let test = self.enter("log");
        state::at_log(self, &words(&test));
    }
}

impl Drop for Kit {
    fn drop(&mut self) {
        let test = self.enter("delete");
        state::at_delete(self, &words(&test));
    }
}
