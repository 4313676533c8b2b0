//! From a guest to what it answers.

use std::path::Path;
use std::sync::{Arc, Mutex};

use holm_abi::{Abi as _, Body, Entry, Events, Exchange, Guest, Host, HttpHandler, Output};
use holm_engine::{Loader, Result, Runtime, Settings, Source};
use holm_grants::Grants;
use holm_services::blob::{MemoryContainers, Spool};
use holm_services::kv::{MemoryStores, Stores};
use holm_services::lent::Lent;
use holm_spin::Spin;
use holm_wasi::Wasi;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};

pub(crate) const KIT: &str = "spin-early-kit.p1.wasm";

/// Compiles `guests/prebuilt/NAME`.
pub(crate) fn guest(name: &str) -> Guest {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests/prebuilt").join(name);
    compile(Source::read(path.to_str().unwrap()).unwrap())
}

/// Compiles text.
pub(crate) fn wat(text: &str) -> Guest {
    compile(Source::from_bytes("test.wasm", wat::parse_str(text).unwrap()).unwrap())
}

fn compile(source: Source) -> Guest {
    let loader = Loader::default();
    let opened = loader.open(source).unwrap();
    let settings = Settings { interruptible: true, ..Settings::default() };
    let code = loader.load(&opened, &settings, true, &Runtime::default()).unwrap().code;
    Guest { name: opened.source.name, shape: Arc::new(opened.shape), code, path: opened.source.path, lone: None }
}

/// Spin with stores in memory.
pub(crate) fn spin() -> Spin {
    let (blob, spool) = (Arc::new(MemoryContainers::default()), Spool::new(std::env::temp_dir(), 64 << 20));
    let kv: Arc<dyn Stores> = Arc::new(MemoryStores::default());
    Spin { wasi: Wasi { lent: Some(Lent::stores(kv, blob, spool)), ..Wasi::default() } }
}

/// A host that grants the stores `default` and `other`, and what else is given.
pub(crate) fn granting(more: Grants) -> Host {
    let mut grants = Grants { kv: vec!["default".to_owned(), "other".to_owned()], ..Grants::default() };
    grants.merge(more);
    Host { grants: Arc::new(grants), ..Host::default() }
}

pub(crate) fn http(spin: &Spin, guest: &Guest, host: &Host) -> Result<Arc<dyn HttpHandler>> {
    let entries = spin.load(guest, host)?;
    Ok(entries
        .into_iter()
        .find_map(|entry| if let Entry::Http(handler) = entry { Some(handler) } else { None })
        .unwrap())
}

pub(crate) fn events(spin: &Spin, guest: &Guest, host: &Host) -> Arc<dyn Events> {
    let entries = spin.load(guest, host).unwrap();
    entries.into_iter().find_map(|entry| if let Entry::Events(events) = entry { Some(events) } else { None }).unwrap()
}

pub(crate) fn body(text: impl Into<bytes::Bytes>) -> Body {
    Full::new(text.into()).map_err(|never| match never {}).boxed_unsync()
}

pub(crate) async fn text(response: Response<Body>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

/// What the kit answers where these lines are asked of one of its functions.
pub(crate) async fn ask(handler: &Arc<dyn HttpHandler>, path: &str, lines: &[&str]) -> String {
    let request = Request::post(path).header("host", "localhost").body(body(lines.join("\n"))).unwrap();
    match handler.handle(request, Exchange::default()).await {
        Ok(response) => text(response).await,
        Err(error) => format!("{:?}: {error}", error.kind()),
    }
}

/// A host that keeps what guests print.
pub(crate) fn capturing(mut host: Host) -> (Host, Arc<Mutex<Vec<u8>>>) {
    let printed = Arc::<Mutex<Vec<u8>>>::default();
    host.stdio.stdout = Output::Capture(Arc::clone(&printed));
    host.stdio.stderr = Output::Capture(Arc::clone(&printed));
    (host, printed)
}

/// The flags that would have granted what was refused.
pub(crate) fn refused(host: &Host) -> Vec<String> {
    host.audit.asks().iter().map(holm_grants::Ask::flag).collect()
}
