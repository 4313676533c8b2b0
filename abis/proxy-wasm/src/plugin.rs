//! What all machines of one filter have together.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use holm_abi::{Guest, Host, Result};
use holm_services::connections::Connections;
use holm_services::http_client::HttpClient;
use tokio::sync::Semaphore;
use wasmtime::InstancePre;

use crate::exports::Wants;
use crate::link;
use crate::metrics::Metrics;
use crate::shared::{Shared, Space};
use crate::state::State;
use crate::version::Version;
use crate::{ForeignFunction, ProxyWasm};

/// Bytes of messages that may wait to be sent over gRPC.
const MOST_OUTGOING: usize = 16 << 20;

/// What all machines of one filter have together.
pub(crate) struct Plugin {
    pub(crate) guest: Guest,
    pub(crate) host: Host,
    pub(crate) version: Version,
    pub(crate) wants: Wants,
    pub(crate) pre: InstancePre<State>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) space: Arc<Space>,
    pub(crate) metrics: Metrics,
    pub(crate) foreign: Vec<(String, ForeignFunction)>,
    pub(crate) client: Option<HttpClient>,
    /// Tells this filter's connections from those of others.
    pub(crate) identity: u64,
    pub(crate) connections: Arc<Connections>,
    /// Room for bytes of messages that wait to be sent over gRPC.
    pub(crate) outgoing: Arc<Semaphore>,
    /// The filter was dropped.
    over: AtomicBool,
}

impl Plugin {
    pub(crate) fn new(abi: &ProxyWasm, guest: &Guest, host: &Host) -> Result<Self> {
        // A guest that was said to be of this ABI speaks the newest version.
        let version = Version::of(&guest.shape).map_or(Version::V0_2_1, |(_, version)| version);
        let most = host.connections.unwrap_or(Connections::USUAL);
        Ok(Self {
            pre: link::link(guest)?,
            guest: guest.clone(),
            host: host.clone(),
            version,
            wants: Wants::of(&guest.shape),
            shared: Arc::clone(&abi.shared),
            space: abi.shared.space(&host.filter.vm_id),
            metrics: Metrics::default(),
            foreign: abi.foreign.clone(),
            client: abi.http_client.clone(),
            identity: new_number(),
            connections: Arc::new(Connections::new(most)),
            outgoing: Arc::new(Semaphore::new(MOST_OUTGOING)),
            over: AtomicBool::new(false),
        })
    }

    /// What the filter is called in messages.
    pub(crate) fn name(&self) -> &str {
        let name = &self.host.filter.name;
        if name.is_empty() { &self.guest.name } else { name }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Relaxed)
    }

    pub(crate) fn end(&self) {
        self.over.store(true, Relaxed);
    }
}

/// A number that no other filter's connections, and no other exchange, has.
pub(crate) fn new_number() -> u64 {
    // Those that WASI's guests give their connections count from 0.
    static LAST: AtomicU64 = AtomicU64::new(1 << 63);
    LAST.fetch_add(1, Relaxed)
}
