//! A filter that edits headers, as many are in real life: its configuration says how, a line for each edit.
//!
//! ```text
//! > x-tenant=acme     the request's header is acme, whatever it was
//! >+ via=holm         one more of that name
//! > -x-debug          none of that name any more
//! < server=quiet      the same for the response
//! ```
//! Empty lines and lines that begin with `#` are skipped; with any other line the filter refuses to start.

mod edits;

use std::rc::Rc;

use edits::{Edit, Edits};
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType, LogLevel};

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|_| Box::new(Root::default()));
}}

#[derive(Default)]
struct Root {
    edits: Rc<Edits>,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _size: usize) -> bool {
        let text = self.get_plugin_configuration().unwrap_or_default();
        match Edits::parse(&String::from_utf8_lossy(&text)) {
            Ok(edits) => self.edits = Rc::new(edits),
            Err(line) => {
                let _ = proxy_wasm::hostcalls::log(LogLevel::Error, &format!("not an edit of a header: {line}"));
                return false;
            }
        }
        true
    }

    fn create_http_context(&self, _id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream { edits: self.edits.clone() }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

struct Stream {
    edits: Rc<Edits>,
}

impl Context for Stream {}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _count: usize, _end: bool) -> Action {
        for edit in &self.edits.request {
            match edit {
                Edit::Set(name, value) => self.set_http_request_header(name, Some(value)),
                Edit::Add(name, value) => self.add_http_request_header(name, value),
                Edit::Remove(name) => self.remove_http_request_header(name),
            }
        }
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _count: usize, _end: bool) -> Action {
        for edit in &self.edits.response {
            match edit {
                Edit::Set(name, value) => self.set_http_response_header(name, Some(value)),
                Edit::Add(name, value) => self.add_http_response_header(name, value),
                Edit::Remove(name) => self.remove_http_response_header(name),
            }
        }
        Action::Continue
    }
}
