//! `wasi:random`.

use wasmtime_wasi::p2::bindings::random::insecure::Host as _;
use wasmtime_wasi::p2::bindings::random::insecure_seed::Host as _;
use wasmtime_wasi::p2::bindings::random::random::Host as _;
use wasmtime_wasi::random::WasiRandomView as _;

use crate::direct::functions::Functions;

pub(super) fn define(functions: &mut Functions) {
    functions
        .interface("wasi:random/random")
        .now("get-random-bytes", |s, (length,): (u64,)| s.random().get_random_bytes(length))
        .now("get-random-u64", |s, ()| s.random().get_random_u64());
    functions
        .interface("wasi:random/insecure")
        .now("get-insecure-random-bytes", |s, (length,): (u64,)| s.random().get_insecure_random_bytes(length))
        .now("get-insecure-random-u64", |s, ()| s.random().get_insecure_random_u64());
    functions.interface("wasi:random/insecure-seed").now("insecure-seed", |s, ()| s.random().insecure_seed());
}
