//! Optimised code on real kernels: under Holm's settings, under the engine's own defaults, and native.

use std::time::Duration;

use holm_engine::{Code, Loader, Runtime, Settings, Source};
use wasmtime::{Config, Engine, Instance, Module, Store, TypedFunc};

use crate::measure::{median, timed};
use crate::peers::guest;

const ROUNDS: usize = 15;

type Kernel = extern "C" fn(u32) -> u64;

const KERNELS: [(&str, u32, Kernel); 6] = [
    ("compress", 20, kernels::compress),
    ("decompress", 100, kernels::decompress),
    ("hash", 40, kernels::hash),
    ("parse", 40, kernels::parse),
    ("regex", 4, kernels::regex),
    ("float", 200, kernels::float),
];

pub fn run() {
    let path = guest("kernels.wasm");
    let mut holm = Guest::of(holm_module(&path.to_string_lossy()));
    let engine = Engine::new(&Config::new()).expect("the engine starts");
    let mut plain = Guest::of(Module::from_file(&engine, &path).expect("the kernels compile"));
    for (name, iterations, native) in KERNELS {
        let (of_holm, of_plain) = (holm.function(name), plain.function(name));
        let mut times: [Vec<Duration>; 3] = Default::default();
        let expected = native(iterations);
        for _ in 0..ROUNDS {
            times[0].push(timed(|| assert_eq!(holm.call(&of_holm, iterations), expected)));
            times[1].push(timed(|| assert_eq!(plain.call(&of_plain, iterations), expected)));
            times[2].push(timed(|| assert_eq!(native(iterations), expected)));
        }
        let [holm, plain, native] = times.map(|times| median(&times, |time| *time).as_secs_f64());
        println!(
            "{name:<10} holm {:>8.2} ms, engine's defaults {:>8.2} ms ({:+.1} %), native {:>8.2} ms ({:.2}x)",
            holm * 1e3,
            plain * 1e3,
            (holm / plain - 1.0) * 100.0,
            native * 1e3,
            holm / native
        );
    }
}

fn holm_module(path: &str) -> Module {
    let loader = Loader::default();
    let opened = loader.open(Source::read(path).expect("the kernels are there")).expect("they are Wasm");
    let loaded = loader.load(&opened, &Settings::default(), true, &Runtime::default()).expect("they compile");
    match loaded.code {
        Code::Module(module) => module,
        Code::Component(_) => unreachable!("the kernels are a module"),
    }
}

struct Guest {
    store: Store<()>,
    instance: Instance,
}

impl Guest {
    fn of(module: Module) -> Self {
        let mut store = Store::new(module.engine(), ());
        let instance = Instance::new(&mut store, &module, &[]).expect("the kernels import nothing");
        Self { store, instance }
    }

    fn function(&mut self, name: &str) -> TypedFunc<u32, u64> {
        self.instance.get_typed_func(&mut self.store, name).expect("the kernel is exported")
    }

    fn call(&mut self, function: &TypedFunc<u32, u64>, iterations: u32) -> u64 {
        function.call(&mut self.store, iterations).expect("the kernel does not trap")
    }
}
