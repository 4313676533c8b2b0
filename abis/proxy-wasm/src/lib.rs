//! Filters for HTTP traffic that were made for Envoy and other proxies: proxy-wasm 0.1.0, 0.2.0 and 0.2.1.
//!
//! Source: the specification (github.com/proxy-wasm/spec, `abi-versions/`). Where it is silent, a filter is to have the same
//! effect here as in Envoy, whose C++ host (proxy-wasm-cpp-host) and context (`source/extensions/common/wasm/context.cc`)
//! say what that is.

mod callout;
mod clock;
mod exports;
mod filter;
mod flow;
mod grpc;
mod head;
mod link;
mod local;
mod log;
mod metrics;
#[doc(hidden)]
pub mod pairs;
mod passing;
mod plugin;
mod pool;
mod properties;
mod session;
mod shared;
mod signals;
mod site;
mod start;
mod state;
mod status;
mod stream;
mod tcp;
mod version;
mod vm;

use std::sync::{Arc, Mutex, PoisonError, Weak};

use holm_abi::{Abi, Certainty, Entry, Evidence, Guest, Host, Provision, Result};
use holm_engine::shape::{Import, Shape};
use holm_services::http_client::{ClientConfig, HttpClient};

pub use metrics::{Metric, MetricKind};
pub use tcp::TcpFilter;

use filter::Filter;
use plugin::Plugin;
use shared::Shared;
use version::Version;

/// A function that guests can call by name (`proxy_call_foreign_function`): bytes in, bytes out. `None` is a bad argument.
pub type ForeignFunction = Arc<dyn Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync>;

/// The ABI of filters.
///
/// Filters that one of these or a clone of it loads share data and queues, by the `vm_id` that their hosts give them: filters
/// that must not are to be loaded by different ones.
#[derive(Clone, Default)]
pub struct ProxyWasm {
    /// Sends guests' calls; `None` refuses them.
    pub http_client: Option<HttpClient>,
    shared: Arc<Shared>,
    foreign: Vec<(String, ForeignFunction)>,
    loaded: Arc<Mutex<Vec<Weak<Plugin>>>>,
}

impl ProxyWasm {
    /// With a client that trusts the system's certificate authorities.
    pub fn new() -> Self {
        // Only certificate files of one's own could be unreadable.
        Self { http_client: HttpClient::new(ClientConfig::default()).ok(), ..Self::default() }
    }

    /// The same, sharing all else with this one.
    #[must_use]
    pub fn with_client(self, http_client: Option<HttpClient>) -> Self {
        Self { http_client, ..self }
    }

    /// Lends guests that are loaded from now on a function, under this name. It must not block.
    #[must_use]
    pub fn provide(mut self, name: impl Into<String>, function: ForeignFunction) -> Self {
        self.foreign.push((name.into(), function));
        self
    }

    /// What the filters that are loaded count: each filter's name, and its metrics.
    pub fn metrics(&self) -> Vec<(String, Vec<Metric>)> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.retain(|plugin| plugin.strong_count() > 0);
        let plugins = loaded.iter().filter_map(Weak::upgrade);
        plugins.map(|plugin| (plugin.name().to_owned(), plugin.metrics.all())).collect()
    }

    fn plugin(&self, guest: &Guest, host: &Host) -> Result<Arc<Plugin>> {
        let plugin = Arc::new(Plugin::new(self, guest, host)?);
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.retain(|plugin| plugin.strong_count() > 0);
        loaded.push(Arc::downgrade(&plugin));
        Ok(plugin)
    }
}

impl Abi for ProxyWasm {
    fn name(&self) -> &'static str {
        "proxy-wasm"
    }

    fn recognise(&self, shape: &Shape) -> Option<Evidence> {
        let (mark, _) = Version::of(shape)?;
        Some(Evidence::new(Certainty::Certain, format!("exports `{mark}`")))
    }

    fn provides(&self, import: &Import) -> Provision {
        link::provides(import)
    }

    fn load(&self, guest: &Guest, host: &Host) -> Result<Vec<Entry>> {
        let plugin = self.plugin(guest, host)?;
        Ok(vec![Entry::HttpFilter(Arc::new(Filter::new(&plugin)))])
    }
}
