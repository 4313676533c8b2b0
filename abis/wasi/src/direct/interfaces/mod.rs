//! The functions that guests may call directly, interface by interface. What they do is the engine's.
//!
//! Signatures: WASI 0.2.12, `wit/` of <https://github.com/WebAssembly/WASI>.

mod cli;
mod clocks;
mod http;
mod http_types;
mod io;
mod random;
mod sockets;

use std::sync::OnceLock;

use super::link::Functions;

/// All of them.
pub(super) fn functions() -> &'static Functions {
    static FUNCTIONS: OnceLock<Functions> = OnceLock::new();
    FUNCTIONS.get_or_init(|| {
        let mut functions = Functions::default();
        cli::define(&mut functions);
        clocks::define(&mut functions);
        io::define(&mut functions);
        http::define(&mut functions);
        random::define(&mut functions);
        sockets::define(&mut functions);
        functions
    })
}
