//! `wasi:clocks`.

use wasmtime::Result;
use wasmtime_wasi::clocks::WasiClocksView as _;
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock::Host as Monotonic;
use wasmtime_wasi::p2::bindings::clocks::wall_clock::{Datetime, Host as Wall};

use crate::direct::link::Functions;

/// `datetime`.
type Time = (u64, u32);

fn time(time: Result<Datetime>) -> Result<Time> {
    time.map(|time| (time.seconds, time.nanoseconds))
}

pub(super) fn define(functions: &mut Functions) {
    functions
        .interface("wasi:clocks/monotonic-clock")
        .now("now", |s, ()| Monotonic::now(&mut s.clocks()))
        .now("resolution", |s, ()| Monotonic::resolution(&mut s.clocks()))
        .now("subscribe-instant", |s, (when,): (u64,)| s.clocks().subscribe_instant(when))
        .now("subscribe-duration", |s, (after,): (u64,)| s.clocks().subscribe_duration(after));
    functions
        .interface("wasi:clocks/wall-clock")
        .now("now", |s, ()| time(Wall::now(&mut s.clocks())))
        .now("resolution", |s, ()| time(Wall::resolution(&mut s.clocks())));
}
