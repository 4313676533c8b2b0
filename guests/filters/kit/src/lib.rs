//! One filter with many behaviours, chosen by the request's header `x-test`: what proxies that run filters are compared
//! with. `guests/README.md` lists them. What a behaviour finds out it says in headers `x-kit-NAME` of the response, or
//! in a response of its own.

mod bodies;
mod callouts;
mod faults;
mod grpc;
mod headers;
mod pauses;
mod properties;
mod replies;
mod root;
mod state;
mod statuses;
mod stream;
mod tcp;

use proxy_wasm::types::LogLevel;

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Trace);
    proxy_wasm::set_root_context(|id| Box::new(root::Root::new(id)));
}}
