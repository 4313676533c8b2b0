//! From a prebuilt guest's name to what it printed.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::path::Path;
use std::sync::Arc;

use holm_abi::{Abi as _, Entry, Guest, Host, Run};
use holm_engine::{Loader, Result, Runtime, Settings, Source};
use holm_wasi::Wasi;

/// Compiles `guests/prebuilt/NAME`.
pub(crate) fn guest(name: &str) -> Guest {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests/prebuilt").join(name);
    compile(Source::read(path.to_str().unwrap()).unwrap())
}

/// Compiles a guest that a test made.
pub(crate) fn guest_from(bytes: Vec<u8>) -> Guest {
    compile(Source::from_bytes("test.wasm", bytes).unwrap())
}

fn compile(source: Source) -> Guest {
    let loader = Loader::default();
    let opened = loader.open(source).unwrap();
    let settings = Settings { concurrency: opened.shape.needs.concurrency, ..Settings::default() };
    let code = loader.load(&opened, &settings, true, &Runtime::default()).unwrap().code;
    Guest { name: opened.source.name, shape: Arc::new(opened.shape), code, path: opened.source.path, lone: None }
}

/// Runs a command on a fresh instance: its exit code and what it printed.
pub(crate) async fn run(wasi: &Wasi, guest: &Guest, host: &Host, args: &[&str]) -> Result<(i32, String)> {
    let (stdout, printed) = holm_wasi::capture();
    let mut host = host.clone();
    host.stdio.stdout = stdout;
    let entries = wasi.load(guest, &host)?;
    let command = entries.iter().find_map(|entry| match entry {
        Entry::Command(command) => Some(command),
        _ => None,
    });
    let args: Vec<String> = std::iter::once("guest").chain(args.iter().copied()).map(str::to_owned).collect();
    let code = command.unwrap().run(&Run::new(args)).await?;
    let printed = printed.lock().unwrap().clone();
    Ok((code, String::from_utf8(printed).unwrap()))
}

/// WASI with these key-value stores, and containers of blobs in memory.
#[cfg(feature = "stores")]
pub(crate) fn lending(kv: Arc<dyn holm_services::kv::Stores>) -> Wasi {
    use holm_services::blob::{MemoryContainers, Spool};

    let (blob, spool) = (Arc::new(MemoryContainers::default()), Spool::new(std::env::temp_dir(), 64 << 20));
    Wasi { lent: Some(holm_services::lent::Lent::stores(kv, blob, spool)), ..Wasi::default() }
}

/// The flags that would have granted what was refused.
pub(crate) fn refused(host: &Host) -> Vec<String> {
    host.audit.asks().iter().map(holm_grants::Ask::flag).collect()
}
