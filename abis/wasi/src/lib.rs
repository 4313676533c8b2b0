//! WASI: 0.1 and the preview before it for core modules, 0.2 and 0.3 for components.

mod arriving;
#[cfg(feature = "stores")]
mod blobstore;
mod clocks;
mod component;
mod config;
mod context;
#[cfg(feature = "http")]
mod direct;
mod extension;
#[cfg(feature = "http")]
mod handler;
#[cfg(feature = "http")]
mod http;
mod interfaces;
#[cfg(feature = "http")]
mod kept;
#[cfg(feature = "stores")]
mod keyvalue;
mod linked;
mod missing;
mod module;
mod module_world;
mod names;
mod network;
#[cfg(feature = "http")]
mod outgoing;
mod parts;
mod paths;
mod services;
#[cfg(feature = "http")]
mod snapshots;
mod sockets;
mod state;
mod stdio;
mod switch;
mod threads;
#[cfg(feature = "tls")]
mod tls;
mod typed;
mod version;

use holm_abi::{Abi, Certainty, Entry, Evidence, Guest, Host, Provision, Result};
#[cfg(feature = "http")]
use holm_engine::shape::LoneCore;
use holm_engine::shape::{ExternType, Form, Import, Shape};
#[cfg(feature = "http")]
use holm_services::http_client::{ClientConfig, HttpClient};
#[cfg(feature = "stores")]
use holm_services::lent::Lent;

pub use extension::Extension;
#[cfg(feature = "http")]
pub use http::Requests;
pub use linked::{Export, Linked};
pub use module_world::{InWorld, ModuleWorld, exited, link_world};
pub use stdio::capture;
pub use typed::{State, Typed, TypedInstance, World, host};
/// The engine, for what its binding generator makes.
pub use wasmtime as engine;

/// The modules that WASI for core modules is imported from.
const MODULES: [&str; 2] = ["wasi_snapshot_preview1", "wasi_unstable"];

/// The WASI ABIs, and what the host has to lend under grants. Cheap to make.
#[derive(Clone)]
pub struct Wasi {
    /// Where `wasi:keyvalue` buckets and the containers of `wasi:blobstore` are kept. With `None` there are none, granted
    /// or not.
    #[cfg(feature = "stores")]
    pub lent: Option<Lent>,
    /// Sends `wasi:http` requests; clones share connections. With `None` they fail with
    /// `configuration-error`.
    #[cfg(feature = "http")]
    pub http_client: Option<HttpClient>,
}

impl Default for Wasi {
    /// No stores, and a client that trusts the system's certificate authorities.
    fn default() -> Self {
        Self {
            #[cfg(feature = "stores")]
            lent: None,
            // Only certificate files of one's own could be unreadable.
            #[cfg(feature = "http")]
            http_client: HttpClient::new(ClientConfig::default()).ok(),
        }
    }
}

impl Wasi {
    /// Without stores, and with this client.
    #[cfg(feature = "http")]
    pub fn sending_with(http_client: Option<HttpClient>) -> Self {
        Self {
            #[cfg(feature = "stores")]
            lent: None,
            http_client,
        }
    }

    /// As [`Abi::load`], with interfaces beyond WASI for a component.
    ///
    /// # Errors
    /// As [`Abi::load`].
    pub fn load_with(&self, guest: &Guest, host: &Host, extension: Option<&dyn Extension>) -> Result<Vec<Entry>> {
        #[cfg(feature = "http")]
        if let Some(lone) = &guest.lone {
            return handler::load_lone(self, guest, lone, host);
        }
        match guest.shape.form {
            Form::Module => module::load(guest, host),
            Form::Component => component::load(self, guest, host, extension),
        }
    }

    /// The same as [`Wasi::default`].
    pub fn new() -> Self {
        Self::default()
    }
}

impl Abi for Wasi {
    fn name(&self) -> &'static str {
        "wasi"
    }

    fn recognise(&self, shape: &Shape) -> Option<Evidence> {
        match shape.form {
            Form::Module => recognise_module(shape),
            Form::Component => recognise_component(shape),
        }
    }

    fn provides(&self, import: &Import) -> Provision {
        match import.module.as_str() {
            "" => provides_interface(&import.name),
            module if MODULES.contains(&module) => Provision::Always,
            threads::MODULE if import.name == threads::SPAWN => Provision::Always,
            // What a program's threads share.
            _ if matches!(import.ty, ExternType::Memory { shared: true, .. }) => Provision::Always,
            _ => Provision::Nothing,
        }
    }

    #[cfg(feature = "http")]
    fn takes_lone(&self, lone: &LoneCore, host: &Host) -> bool {
        handler::takes_lone(lone, host)
    }

    fn load(&self, guest: &Guest, host: &Host) -> Result<Vec<Entry>> {
        self.load_with(guest, host, None)
    }
}

fn recognise_module(shape: &Shape) -> Option<Evidence> {
    let found = shape.imports.iter().find(|import| MODULES.contains(&import.module.as_str()));
    if let Some(import) = found {
        let version = if import.module == MODULES[1] { "WASI preview 0" } else { "WASI 0.1" };
        // Guests of other ABIs import WASI as well, so it says little of who else may be wanted.
        let because = format!("imports `{}` from `{}` ({version})", import.name, import.module);
        return Some(Evidence::new(Certainty::Likely, because));
    }
    if shape.import(threads::MODULE, threads::SPAWN).is_some() {
        return Some(Evidence::new(Certainty::Likely, "imports `thread-spawn` from `wasi` (wasi-threads)"));
    }
    shape.export("_start").map(|_| Evidence::new(Certainty::Likely, "exports `_start`, as WASI commands do"))
}

fn recognise_component(shape: &Shape) -> Option<Evidence> {
    if let Some(run) = shape.exports.iter().find(|export| export.name.starts_with("wasi:cli/run@")) {
        return Some(Evidence::new(Certainty::Certain, format!("exports `{}`", run.name)));
    }
    #[cfg(feature = "http")]
    if let Some(handler) = shape.exports.iter().find(|export| handler::is_handler(&export.name)) {
        return Some(Evidence::new(Certainty::Certain, format!("exports `{}`", handler.name)));
    }
    let import = shape.imports.iter().find(|import| import.name.starts_with("wasi:"))?;
    Some(Evidence::new(Certainty::Likely, format!("imports `{}`", import.name)))
}

fn provides_interface(name: &str) -> Provision {
    if let Some(flag) = grant_for(name) {
        return Provision::Grant(flag);
    }
    #[cfg(feature = "http")]
    if http::provides(name) {
        return Provision::Always;
    }
    let (interface, version) = name.split_once('@').unwrap_or((name, ""));
    if !version::is_known(version) {
        return Provision::Nothing;
    }
    match interface.split_once('/') {
        Some(("wasi:filesystem", _)) => Provision::Grant("--dir HOST[::GUEST][:ro]"),
        Some(("wasi:sockets", _)) => Provision::Grant("--net PATTERN, or --listen ADDRESS to be called"),
        Some(("wasi:cli" | "wasi:clocks" | "wasi:io" | "wasi:random", _)) => Provision::Always,
        _ => Provision::Nothing,
    }
}

/// The flag that makes an interface beyond the basics useful, if we have it.
fn grant_for(name: &str) -> Option<&'static str> {
    #[cfg(feature = "http")]
    if http::sends(name) {
        return Some("--http PATTERN");
    }
    #[cfg(feature = "stores")]
    if keyvalue::provides(name) {
        return Some("--kv=NAME");
    }
    #[cfg(feature = "stores")]
    if blobstore::provides(name) {
        return Some("--blob=NAME");
    }
    #[cfg(feature = "tls")]
    if tls::provides(name) {
        return Some("--net PATTERN");
    }
    config::provides(name).then_some("--config KEY=VALUE")
}
