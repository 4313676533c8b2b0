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

mod november;
mod october;

use std::sync::OnceLock;

use super::functions::Functions;
use crate::version::Version;

/// All of them, in a version.
pub(crate) fn functions(version: Version) -> &'static Functions {
    static RELEASED: OnceLock<Functions> = OnceLock::new();
    static NOVEMBER: OnceLock<Functions> = OnceLock::new();
    static OCTOBER: OnceLock<Functions> = OnceLock::new();
    let functions = match version {
        Version::Released => &RELEASED,
        Version::November => &NOVEMBER,
        Version::October => &OCTOBER,
    };
    functions.get_or_init(|| {
        let mut functions = Functions::default();
        cli::define(&mut functions);
        clocks::define(&mut functions);
        io::define(&mut functions);
        http::define(&mut functions);
        random::define(&mut functions);
        sockets::define(&mut functions);
        // What was another function then stands in place of what it became; what came later is not asked for.
        if version < Version::Released {
            november::define(&mut functions);
        }
        if version < Version::November {
            october::define(&mut functions);
        }
        functions
    })
}
