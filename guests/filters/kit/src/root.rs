//! The root context: configuration, ticks, the queue, call-outs that belong to no request.
//!
//! The configuration is lines `key=value`. `upstream`, `dead`: names that call-outs go to. `tick`: milliseconds.
//! `configure`: `false`, `trap` or `loop`. `type`: `tcp`. `tick-call`: a path that the first tick calls at `upstream`.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext, RootContext, StreamContext};
use proxy_wasm::types::ContextType;

use crate::stream::Kit;
use crate::{faults, tcp};

/// What streams see of their root.
#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) id: u32,
    pub(crate) configuration: RefCell<Vec<(String, String)>>,
    pub(crate) sizes: Cell<(usize, usize)>,
    pub(crate) ticks: Cell<u64>,
    pub(crate) waiting: RefCell<Vec<(u32, Wait)>>,
    pub(crate) queue: Cell<u32>,
    pub(crate) drained: RefCell<Vec<String>>,
    pub(crate) answer: RefCell<String>,
}

/// What a stream has the next tick do.
#[derive(Clone, Copy)]
pub(crate) enum Wait {
    ResumeRequest,
    ResumeResponse,
    Done,
}

impl Shared {
    pub(crate) fn setting(&self, name: &str) -> String {
        let settings = self.configuration.borrow();
        settings.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }
}

pub(crate) struct Root {
    shared: Rc<Shared>,
}

impl Root {
    pub(crate) fn new(id: u32) -> Self {
        Self { shared: Rc::new(Shared { id, ..Shared::default() }) }
    }
}

impl Context for Root {
    fn on_http_call_response(&mut self, _token: u32, headers: usize, body: usize, _trailers: usize) {
        let status = self.get_http_call_response_header(":status").unwrap_or_default();
        *self.shared.answer.borrow_mut() = format!("status {status} headers {} body {}", headers > 0, body > 0);
    }
}

impl RootContext for Root {
    fn on_vm_start(&mut self, size: usize) -> bool {
        self.shared.sizes.set((size, 0));
        true
    }

    fn on_configure(&mut self, size: usize) -> bool {
        self.shared.sizes.set((self.shared.sizes.get().0, size));
        let text = self.get_plugin_configuration().unwrap_or_default();
        *self.shared.configuration.borrow_mut() = String::from_utf8_lossy(&text)
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(key, value)| (key.trim().to_string(), value.trim().to_string()))
            .collect();
        if let Ok(period) = self.shared.setting("tick").parse() {
            self.set_tick_period(Duration::from_millis(period));
        }
        self.shared.queue.set(self.register_shared_queue("kit"));
        match self.shared.setting("configure").as_str() {
            "false" => return false,
            "trap" => faults::trap(),
            "loop" => faults::spin(),
            _ => {}
        }
        true
    }

    fn on_tick(&mut self) {
        self.shared.ticks.set(self.shared.ticks.get() + 1);
        let path = self.shared.setting("tick-call");
        if self.shared.ticks.get() == 1 && !path.is_empty() {
            let headers = vec![(":method", "GET"), (":path", path.as_str()), (":authority", "root")];
            let upstream = self.shared.setting("upstream");
            let _ = self.dispatch_http_call(&upstream, headers, None, Vec::new(), Duration::from_secs(5));
        }
        for (id, wait) in self.shared.waiting.take() {
            if hostcalls::set_effective_context(id).is_err() {
                continue;
            }
            let _ = match wait {
                Wait::ResumeRequest => hostcalls::resume_http_request(),
                Wait::ResumeResponse => hostcalls::resume_http_response(),
                Wait::Done => hostcalls::done(),
            };
        }
    }

    fn on_queue_ready(&mut self, queue: u32) {
        while let Ok(Some(item)) = self.dequeue_shared_queue(queue) {
            self.shared.drained.borrow_mut().push(String::from_utf8_lossy(&item).into_owned());
        }
    }

    fn create_http_context(&self, id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Kit::new(id, self.shared.clone())))
    }

    fn create_stream_context(&self, _id: u32) -> Option<Box<dyn StreamContext>> {
        Some(Box::new(tcp::Tcp))
    }

    fn get_type(&self) -> Option<ContextType> {
        let tcp = self.shared.setting("type") == "tcp";
        Some(if tcp { ContextType::StreamContext } else { ContextType::HttpContext })
    }
}
