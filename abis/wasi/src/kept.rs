//! What the host keeps for a guest's HTTP, which counts as the guest's memory: headers, requests, bodies on their way.
//!
//! Nobody tells when headers grow, so what there is is weighed now and then. In between a guest can have the host keep
//! a few MiB at most: one call adds no more than the headers of one message or a piece of one body.

use std::any::Any;

use wasmtime_wasi_http::FieldMap;
use wasmtime_wasi_http::p2::bindings::http::types as p2;
use wasmtime_wasi_http::p3::{Request, Response};

use crate::http::PIECE;
use crate::state::State;

/// Calls after which everything is weighed, at least.
const CALLS: u32 = 16;
/// Where there is much, it is weighed more seldom: after one call for so many things.
const THINGS: u32 = 8;
/// Bytes of anything, whatever it is.
const ANYTHING: usize = 256;
/// Bytes of a body on its way: one piece that waits, and one beside it.
const BODY: usize = 2 * PIECE;

/// When everything is weighed next.
pub(crate) struct Scales {
    calls: u32,
}

impl Default for Scales {
    fn default() -> Self {
        Self { calls: CALLS }
    }
}

impl State {
    /// To be called with every call of the guest's that has to do with HTTP.
    pub(crate) fn weigh_now_and_then(&mut self) {
        self.scales.calls -= 1;
        if self.scales.calls == 0 {
            self.weigh();
        }
    }

    fn weigh(&mut self) {
        let (mut things, mut bytes) = (0_u32, 0_usize);
        for entry in self.table.iter_mut() {
            things = things.saturating_add(1);
            bytes = bytes.saturating_add(ANYTHING + weight(entry));
        }
        self.scales.calls = CALLS.max(things / THINGS);
        if !self.limiter.keeps(bytes as u64) {
            // It ends at the next tick, and has nothing more until then.
            self.table.set_max_capacity(0);
        }
    }
}

/// Bytes that an entry of a guest's table takes beside what any does.
fn weight(entry: &mut (dyn Any + Send)) -> usize {
    if let Some(fields) = entry.downcast_ref::<FieldMap>() {
        headers(fields)
    } else if entry.is::<p2::OutgoingBody>() || entry.is::<p2::FutureIncomingResponse>() {
        BODY
    } else if let Some(request) = entry.downcast_ref::<p2::OutgoingRequest>() {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        headers(&request.headers) + text(&request.authority) + text(&request.path_with_query)
    } else if let Some(response) = entry.downcast_ref::<p2::OutgoingResponse>() {
        headers(&response.headers)
    } else if let Some(response) = entry.downcast_ref::<p2::IncomingResponse>() {
        headers(&response.headers)
    } else if let Some(request) = entry.downcast_ref::<Request>() {
        let authority = request.authority.as_ref().map_or(0, |authority| authority.as_str().len());
        headers(&request.headers) + authority + request.path_with_query.as_ref().map_or(0, |path| path.as_str().len())
    } else if let Some(response) = entry.downcast_ref::<Response>() {
        headers(&response.headers)
    } else {
        0
    }
}

fn headers(fields: &FieldMap) -> usize {
    // What a map has for each of its entries, beside the text.
    const EACH: usize = 176;
    let text: usize = fields.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    text + EACH * fields.len()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use holm_abi::Host;
    use holm_grants::Limits;
    use wasmtime_wasi_http::WasiHttpView as _;
    use wasmtime_wasi_http::p2::bindings::http::types::HostFields as _;

    use super::*;
    use crate::context::{Given, Streams};
    use crate::services::Services;

    fn state(memory: u64) -> State {
        let host = Host { limits: Limits { memory: Some(memory), ..Limits::default() }, ..Host::default() };
        let services = Arc::new(Services::new(&crate::Wasi::new(), &host));
        State::new(&services, Given::new(Arc::default(), Streams::Are(host.stdio.clone()))).unwrap()
    }

    #[test]
    fn headers_without_end_are_more_than_a_guests_memory() {
        let mut state = state(4 << 20);
        let mut made = 0;
        while let Ok(fields) = state.http().new() {
            for number in 0.. {
                if state
                    .http()
                    .append(
                        wasmtime::component::Resource::new_borrow(fields.rep()),
                        format!("x-{number}"),
                        vec![b'x'; 1000],
                    )
                    .is_err()
                {
                    break;
                }
            }
            made += 1;
            assert!(made < 100, "nobody stops it");
        }
        assert!(made > 10, "{made} times 128 KiB are not 4 MiB");
    }

    #[test]
    fn headers_that_are_dropped_count_no_more() {
        let mut state = state(1 << 20);
        for _ in 0..10_000 {
            let fields = state.http().new().unwrap();
            let _ = state.http().append(
                wasmtime::component::Resource::new_borrow(fields.rep()),
                "x".into(),
                vec![b'x'; 10_000],
            );
            wasmtime_wasi_http::p2::bindings::http::types::HostFields::drop(&mut state.http(), fields).unwrap();
        }
    }
}
