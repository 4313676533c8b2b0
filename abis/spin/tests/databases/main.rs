//! Guests that use databases, by every interface and version that there is for them: real calls, to real servers.
#![allow(missing_docs, clippy::unwrap_used)]

mod adapter;
mod kit;
mod mysql;
mod postgres;
#[path = "../../../../crates/services/tests/servers/mod.rs"]
mod servers;
mod sqlite;

use std::path::Path;
use std::sync::Arc;

use holm_abi::{Abi as _, Entry, Functions, Guest, Host, Value, parse_arg, print};
use holm_engine::{Loader, Runtime, Settings, Source};
use holm_grants::{Ask, Grants};
use holm_manifest::Services;
use holm_services::lent::{AppStores, Embedded, LentLimits};
use holm_spin::Spin;
use holm_wasi::Wasi;

/// An app that keeps its databases in a folder.
pub(crate) struct App {
    _folder: tempfile::TempDir,
    stores: AppStores,
}

impl App {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let embedded = Embedded { file: folder.path().join("stores.sqlite"), inside: None };
        Self { _folder: folder, stores: AppStores::new(Some(embedded), None) }
    }

    /// What a guest of it can be called for.
    pub(crate) fn load(&self, guest: Vec<u8>, host: &Host) -> Vec<Entry> {
        let lent = self.stores.lend(&Services::default(), &[], &[], LentLimits::of(1 << 20)).unwrap();
        let spin = Spin { wasi: Wasi { lent: Some(lent), ..Wasi::default() } };
        let guest = compile(Source::from_bytes("test.wasm", guest).unwrap());
        assert!(spin.recognise(&guest.shape).is_some());
        spin.load(&guest, host).unwrap()
    }

    pub(crate) fn functions(&self, guest: Vec<u8>, host: &Host) -> Arc<dyn Functions> {
        let entries = self.load(guest, host).into_iter();
        let mut functions =
            entries.filter_map(|entry| if let Entry::Functions(found) = entry { Some(found) } else { None });
        functions.next().unwrap()
    }
}

/// A guest of an SDK, which has become a component, if it was none, as when it is loaded by the program.
pub(crate) fn prebuilt(name: &str) -> Vec<u8> {
    let bytes = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests/prebuilt").join(name)).unwrap();
    match holm_componentize::kind(&bytes).unwrap() {
        holm_componentize::Kind::Component => bytes,
        _ => holm_componentize::encode(&bytes).unwrap(),
    }
}

fn compile(source: Source) -> Guest {
    let loader = Loader::default();
    let opened = loader.open(source).unwrap();
    let settings = Settings { concurrency: opened.shape.needs.concurrency, ..Settings::default() };
    let code = loader.load(&opened, &settings, true, &Runtime::default()).unwrap().code;
    Guest { name: opened.source.name, shape: Arc::new(opened.shape), code, path: opened.source.path, lone: None }
}

/// A host that grants the database `default`, and these servers.
pub(crate) fn granting(servers: &[&str]) -> Host {
    let outbound = servers.iter().map(|server| server.parse().unwrap()).collect();
    Host { grants: Arc::new(Grants { sql: vec!["default".into()], outbound, ..Grants::default() }), ..Host::default() }
}

/// What was refused, as flags would grant it.
pub(crate) fn refused(host: &Host) -> Vec<String> {
    host.audit.asks().iter().map(Ask::flag).collect()
}

/// Calls `run` with a place, a statement and parameters, and answers what it says, in WAVE.
pub(crate) async fn run(guest: &Arc<dyn Functions>, place: &str, statement: &str, parameters: &str) -> String {
    call(guest, "run", place, statement, parameters).await
}

pub(crate) async fn call(
    guest: &Arc<dyn Functions>,
    name: &str,
    place: &str,
    statement: &str,
    parameters: &str,
) -> String {
    let function = guest.list().iter().find(|function| function.name == name).unwrap().clone();
    let texts = [format!("{place:?}"), format!("{statement:?}"), parameters.to_owned()];
    let args: Vec<Value> =
        function.params.iter().zip(texts).map(|((_, ty), text)| parse_arg(ty, &text).unwrap()).collect();
    print(&guest.call(name, &args).await.unwrap()[0])
}
