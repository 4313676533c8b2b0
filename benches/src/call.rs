//! From the host into a loaded guest and back.

use std::sync::Arc;
use std::time::Duration;

use holm_abi::{Guest, Host};
use holm_core::Session;
use holm_engine::{Loader, Runtime, Settings, Source};
use wasmtime::{Config, Engine, Instance, Module, Store};

use crate::measure::{median, timed};

const ROUNDS: usize = 21;
const CALLS: u32 = 1_000_000;
const ADD: &str = r#"(module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))"#;

pub fn run() {
    let loader = Loader::default();
    let source = Source::from_bytes("add.wat", ADD.into()).expect("the text parses");
    let opened = loader.open(source).expect("it is Wasm");
    let loaded = loader.load(&opened, &Settings::default(), true, &Runtime::default()).expect("it compiles");
    let guest = Guest { name: "add".into(), shape: Arc::new(opened.shape), code: loaded.code, path: None, lone: None };
    let mut session = Session::new(&guest, &Host::default()).expect("it imports nothing");
    let add = session.function::<(i32, i32), i32>("add").expect("it exports add");

    let engine = Engine::new(&Config::new()).expect("the engine starts");
    let module = Module::new(&engine, &opened.source.bytes).expect("it compiles");
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).expect("it imports nothing");
    let typed = instance.get_typed_func::<(i32, i32), i32>(&mut store, "add").expect("it exports add");

    let mut times: [Vec<Duration>; 2] = Default::default();
    for _ in 0..ROUNDS {
        times[0].push(timed(|| {
            let sum = (0..CALLS).fold(0, |sum, _| session.call(&add, (sum, 1)).expect("it does not trap"));
            assert_eq!(sum as u32, CALLS);
        }));
        times[1].push(timed(|| {
            let sum = (0..CALLS).fold(0, |sum, _| typed.call(&mut store, (sum, 1)).expect("it does not trap"));
            assert_eq!(sum as u32, CALLS);
        }));
    }
    let [holm, engine] = times.map(|times| median(&times, |time| *time).as_secs_f64() * 1e9 / f64::from(CALLS));
    println!("holm {holm:.1} ns, the engine's typed call {engine:.1} ns: {:.2} times", holm / engine);
}
