//! `wasi:clocks`, which had time zones. There is one: guests are not told where they run.

use wasmtime::component::{ComponentType, Lift, Lower};
use wasmtime_wasi::clocks::WasiClocksView as _;
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock::Host as _;
use wasmtime_wasi::p2::bindings::clocks::wall_clock::Datetime;

use crate::direct::canon::record;
use crate::direct::functions::Functions;

/// `timezone-display`.
#[derive(ComponentType, Lift, Lower)]
#[component(record)]
struct Display {
    #[component(name = "utc-offset")]
    utc_offset: i32,
    name: String,
    #[component(name = "in-daylight-saving-time")]
    in_daylight_saving_time: bool,
}

record!(Display { utc_offset: i32, name: String, in_daylight_saving_time: bool });

pub(super) fn define(functions: &mut Functions) {
    functions.interface("wasi:clocks/monotonic-clock").now("subscribe", |s, (when, absolute): (u64, bool)| {
        match absolute {
            true => s.clocks().subscribe_instant(when),
            false => s.clocks().subscribe_duration(when),
        }
    });
    functions
        .interface("wasi:clocks/timezone")
        .now("display", |_, (_,): (Datetime,)| {
            Ok(Display { utc_offset: 0, name: "UTC".to_owned(), in_daylight_saving_time: false })
        })
        .now("utc-offset", |_, (_,): (Datetime,)| Ok(0_i32));
}
