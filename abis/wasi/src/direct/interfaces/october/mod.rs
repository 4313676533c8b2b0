//! What was otherwise in the snapshot of 2023-10-18 than in that of 2023-11-10.
//!
//! Signatures: `wit/deps/*-2023-10-18` of <https://github.com/spinframework/spin>.

mod clocks;
mod http;
mod io;
mod sockets;

use crate::direct::functions::Functions;

pub(super) fn define(functions: &mut Functions) {
    clocks::define(functions);
    http::define(functions);
    io::define(functions);
    sockets::define(functions);
}
