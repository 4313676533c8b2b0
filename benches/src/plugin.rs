//! Into a plugin with a text of a hundred bytes and back, beside the engine alone and the crate `extism`; what a thousand
//! loaded plugins take; what a reload takes.

use std::time::{Duration, Instant};

use holm::{Instances, Limits, Plugin, Runtime};
use wasmtime::component::{Component, Linker, TypedFunc};
use wasmtime::{Engine, Store};

use crate::measure::{median, mib, resident, timed};
use crate::peers::guest;

const ROUNDS: usize = 15;
const CALLS: u32 = 50_000;
const TEXT: &[u8] = &[b'x'; 100];

pub fn run() {
    let runtime = Runtime::new().expect("a runtime starts");
    calls(&runtime);
    reloads(&runtime);
}

/// Nanoseconds of CPU time for each of `calls` calls.
fn each(calls: u32, mut call: impl FnMut()) -> f64 {
    timed(|| (0..calls).for_each(|_| call())).as_secs_f64() * 1e9 / f64::from(calls)
}

fn pooled(runtime: &Runtime, name: &str, limits: Limits) -> Plugin {
    let builder = runtime.plugin(guest(name)).instances(Instances::Pooled { most: 4 }).limits(limits);
    lent(builder).load().expect("it loads")
}

fn lent(builder: holm::PluginBuilder) -> holm::PluginBuilder {
    builder
        .provide("acme:host/log", "write", |_: &holm::Call, _: String| {})
        .provide("acme:host/data", "lookup", |_: &holm::Call, key: String| Ok::<String, String>(key))
        .provide("", "pause", |_: &holm::Call, _: u32| {})
}

fn echo(plugin: &Plugin) {
    let echoed: Vec<u8> = plugin.call("echo", TEXT).expect("it does not trap");
    assert_eq!(echoed.len(), TEXT.len());
}

fn calls(runtime: &Runtime) {
    let limits = Limits::new().memory(16 << 20).wall(Duration::from_millis(50));
    let component = pooled(runtime, "plugin.wasm", limits);
    let module = pooled(runtime, "extism-kit.wasm", limits);
    let fresh = lent(runtime.plugin(guest("plugin.wasm")).limits(limits)).load().expect("it loads");
    let (mut store, typed) = bare();
    let mut peer = peer();

    let mut times: [Vec<f64>; 5] = Default::default();
    for _ in 0..ROUNDS {
        times[0].push(each(CALLS, || echo(&component)));
        times[1].push(each(CALLS, || {
            let (echoed,) = typed.call(&mut store, (TEXT.to_vec(),)).expect("it does not trap");
            assert_eq!(echoed.len(), TEXT.len());
        }));
        times[2].push(each(CALLS, || echo(&module)));
        times[3].push(each(CALLS, || {
            let echoed: Vec<u8> = peer.call("echo", TEXT).expect("it does not trap");
            assert_eq!(echoed.len(), TEXT.len());
        }));
        times[4].push(each(CALLS / 10, || echo(&fresh)));
    }
    let [component, bare, module, peer, fresh] = times.map(|times| median(&times, |time| *time as u64));
    println!(
        "component, pooled {component} ns, the engine alone {bare} ns: {} ns more",
        component.saturating_sub(bare)
    );
    println!("Extism's, pooled {module} ns, extism {peer} ns: {:.1} times faster", peer as f64 / module as f64);
    println!("component, fresh instance {fresh} ns");
}

/// The same component without Holm.
fn bare() -> (Store<()>, TypedFunc<(Vec<u8>,), (Vec<u8>,)>) {
    let engine = Engine::default();
    let component = Component::from_file(&engine, guest("plugin.wasm")).expect("it compiles");
    let mut linker = Linker::new(&engine);
    linker.define_unknown_imports_as_traps(&component).expect("it links");
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &component).expect("it starts");
    let echo = instance.get_typed_func(&mut store, "echo").expect("it exports echo");
    (store, echo)
}

/// The same module in `extism`, under the same limits.
fn peer() -> extism::Plugin {
    let module = std::fs::read(guest("extism-kit.wasm")).expect("it is there");
    let manifest = extism::Manifest::new([extism::Wasm::data(module)])
        .with_memory_max(256)
        .with_timeout(Duration::from_millis(50));
    extism::Plugin::new(&manifest, [], false).expect("extism loads it")
}

const RELOADS: u32 = 200;

fn reloads(runtime: &Runtime) {
    for name in ["plugin.wasm", "extism-kit.wasm"] {
        let plugin = pooled(runtime, name, Limits::new());
        let mut times: Vec<Duration> = (0..RELOADS)
            .map(|_| {
                let start = Instant::now();
                plugin.reload().expect("it loads");
                start.elapsed()
            })
            .collect();
        times.sort_unstable();
        let of = |percent| crate::measure::percentile(&times, percent).as_micros();
        println!("reload of {name} from the cache: p50 {} us, p99 {} us", of(50), of(99));
    }
}

/// A thousand different plugins, each called once, in this process.
pub fn many() {
    let runtime = Runtime::new().expect("a runtime starts");
    let (before, bytes) = (resident(std::process::id()), std::fs::read(guest("plugin.wasm")).expect("it is there"));
    let dir = tempfile::tempdir().expect("a temporary folder");
    let plugins: Vec<Plugin> = (0..1000)
        .map(|number| {
            let file = dir.path().join(format!("plugin-{number}.wasm"));
            std::fs::write(&file, different(&bytes, number)).expect("the folder is writable");
            let limits = Limits::new().wall(Duration::from_millis(50));
            lent(runtime.plugin(file).limits(limits)).load().expect("it loads")
        })
        .collect();
    let loaded = resident(std::process::id());
    plugins.iter().for_each(echo);
    let called = resident(std::process::id());
    println!("1,000 plugins: {} loaded, {} when each was called", mib(loaded - before), mib(called - before));
}

/// The same component with a custom section of its own, which makes it another.
fn different(bytes: &[u8], number: u32) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes.extend([0, 6, 1, b'n']);
    bytes.extend(number.to_le_bytes());
    bytes
}
