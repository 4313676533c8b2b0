//! From a prebuilt guest's name to what it answers.
#![allow(dead_code, reason = "each test program uses a part of it")]

#[path = "../../../../crates/services/tests/llm/server.rs"]
pub(crate) mod server;

use std::path::Path;
use std::sync::Arc;

use holm_abi::{Abi as _, Entry, Guest, Host, Type, Value, WasmValue as _};
use holm_engine::{Loader, Result, Runtime, Settings, Source};
use holm_grants::{Ask, Grants};
use holm_services::blob::{MemoryContainers, Spool};
use holm_services::kv::{MemoryStores, Stores};
use holm_services::lent::Lent;
use holm_spin::Spin;
use holm_wasi::Wasi;

/// Compiles `guests/prebuilt/NAME`.
pub(crate) fn guest(name: &str) -> Guest {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests/prebuilt").join(name);
    let loader = Loader::default();
    let opened = loader.open(Source::read(path.to_str().unwrap()).unwrap()).unwrap();
    let settings = Settings { concurrency: opened.shape.needs.concurrency, ..Settings::default() };
    let code = loader.load(&opened, &settings, true, &Runtime::default()).unwrap().code;
    Guest { name: name.into(), shape: Arc::new(opened.shape), code, path: opened.source.path, lone: None }
}

/// Everything in memory, and no variables.
pub(crate) fn lent() -> Lent {
    lent_with(Arc::new(MemoryStores::default()))
}

pub(crate) fn lent_with(kv: Arc<dyn Stores>) -> Lent {
    Lent::stores(kv, Arc::new(MemoryContainers::default()), Spool::new(std::env::temp_dir(), 1 << 20))
}

/// Spin with what `lent` is.
pub(crate) fn spin(lent: Lent) -> Spin {
    Spin { wasi: Wasi { lent: Some(lent), ..Wasi::default() } }
}

/// A host that has granted what `grant` adds.
pub(crate) fn granting(grant: impl FnOnce(&mut Grants)) -> Host {
    let mut host = Host::default();
    grant(Arc::make_mut(&mut host.grants));
    host
}

/// What the guest's `ask` answers to these words, on a fresh instance.
pub(crate) async fn ask(spin: &Spin, guest: &Guest, host: &Host, words: &[&str]) -> Result<String> {
    let entries = spin.load(guest, host)?;
    let functions = entries.iter().find_map(|entry| match entry {
        Entry::Functions(functions) => Some(functions),
        _ => None,
    });
    let words = words.iter().map(|word| Value::make_string((*word).into()));
    let words = Value::make_list(&Type::list(Type::STRING), words).unwrap();
    let answer = functions.unwrap().call("ask", &[words]).await?;
    Ok(answer[0].unwrap_string().into_owned())
}

/// What was refused, as the flags that would have granted it.
pub(crate) fn refused(host: &Host) -> Vec<String> {
    host.audit.asks().iter().map(Ask::flag).collect()
}
