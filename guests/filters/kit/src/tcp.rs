//! A filter of connections: what the client sends becomes upper case, what comes back gets brackets around each piece.

use proxy_wasm::traits::{Context, StreamContext};
use proxy_wasm::types::Action;

pub(crate) struct Tcp;

impl Context for Tcp {}

impl StreamContext for Tcp {
    fn on_downstream_data(&mut self, size: usize, _end: bool) -> Action {
        let data = self.get_downstream_data(0, size).unwrap_or_default();
        if data.starts_with(b"quit") {
            self.close_downstream();
        }
        self.set_downstream_data(0, size, &data.to_ascii_uppercase());
        Action::Continue
    }

    fn on_upstream_data(&mut self, size: usize, _end: bool) -> Action {
        if size > 0 {
            let data = self.get_upstream_data(0, size).unwrap_or_default();
            self.set_upstream_data(0, size, &[b"[", data.as_slice(), b"]"].concat());
        }
        Action::Continue
    }
}
