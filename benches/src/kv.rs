//! A guest of Spin's that gets and sets small values of the embedded store: CPU time of the whole process for each, what is
//! done on other threads included.

use std::sync::Arc;
use std::time::Duration;

use holm_abi::{Abi as _, Entry, Functions, Guest, Host, Type, Value, WasmValue as _};
use holm_engine::{Loader, Runtime, Settings, Source};
use holm_services::blob::{MemoryContainers, Spool};
use holm_services::kv::{SqliteStores, StoreLimits};
use holm_services::lent::Lent;
use holm_spin::Spin;
use holm_wasi::Wasi;
use rustix::time::{ClockId, clock_gettime};

use crate::measure::median;
use crate::peers::guest;

const ROUNDS: usize = 9;
const TIMES: u32 = 20_000;
/// Only keys that are there are read.
const KEYS: u32 = 1000;

pub fn run() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("tokio starts");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let functions = load(folder.path());
    let speed = |what: &str, times: u32| {
        let before = cpu();
        runtime.block_on(ask(&functions, &["speed", "default", what, &times.to_string()]));
        cpu() - before
    };
    speed("set", KEYS);
    for what in ["get", "set"] {
        let each = |_| speed(what, TIMES).saturating_sub(speed(what, 0));
        let times: Vec<Duration> = (0..ROUNDS).map(each).collect();
        let each = median(&times, |time| *time).as_secs_f64() * 1e6 / f64::from(TIMES);
        println!("{what}: {each:.1} us of CPU");
    }
}

fn load(folder: &std::path::Path) -> Arc<dyn Functions> {
    let loader = Loader::default();
    let path = guest("spin-old.wasm");
    let opened = loader.open(Source::read(path.to_str().expect("text")).expect("it is there")).expect("it is Wasm");
    let loaded = loader.load(&opened, &Settings::default(), true, &Runtime::default()).expect("it compiles");
    let guest = Guest { name: "kv".into(), shape: Arc::new(opened.shape), code: loaded.code, path: None, lone: None };
    let kv = Arc::new(SqliteStores::at(folder.join("stores.sqlite"), StoreLimits::default()));
    let lent = Lent::stores(kv, Arc::new(MemoryContainers::default()), Spool::new(std::env::temp_dir(), 1 << 20));
    let mut host = Host::default();
    Arc::make_mut(&mut host.grants).kv.push("default".into());
    let spin = Spin { wasi: Wasi { lent: Some(lent), ..Wasi::default() } };
    let entries = spin.load(&guest, &host).expect("it links");
    let functions = entries.into_iter().find_map(|entry| match entry {
        Entry::Functions(functions) => Some(functions),
        _ => None,
    });
    functions.expect("it exports functions")
}

async fn ask(functions: &Arc<dyn Functions>, words: &[&str]) {
    let words = words.iter().map(|word| Value::make_string((*word).into()));
    let words = Value::make_list(&Type::list(Type::STRING), words).expect("text");
    let answer = functions.call("ask", &[words]).await.expect("it answers");
    assert_eq!(answer[0].unwrap_string(), "done");
}

/// CPU time of this process.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
