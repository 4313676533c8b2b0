//! `wasi:clocks`.

use wasmtime_wasi::clocks::WasiClocksView as _;
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock::Host as Monotonic;
use wasmtime_wasi::p2::bindings::clocks::wall_clock::{Datetime, Host as Wall};

use crate::direct::canon::record;
use crate::direct::functions::Functions;

record!(Datetime { seconds: u64, nanoseconds: u32 });

pub(super) fn define(functions: &mut Functions) {
    functions
        .interface("wasi:clocks/monotonic-clock")
        .now("now", |s, ()| Monotonic::now(&mut s.clocks()))
        .now("resolution", |s, ()| Monotonic::resolution(&mut s.clocks()))
        .now("subscribe-instant", |s, (when,): (u64,)| s.clocks().subscribe_instant(when))
        .now("subscribe-duration", |s, (after,): (u64,)| s.clocks().subscribe_duration(after));
    functions
        .interface("wasi:clocks/wall-clock")
        .now("now", |s, ()| Wall::now(&mut s.clocks()))
        .now("resolution", |s, ()| Wall::resolution(&mut s.clocks()));
}
