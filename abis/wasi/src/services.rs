//! What the host lends to one loaded guest.

use std::sync::Arc;

use holm_abi::Host;
use holm_services::connections::Connections;
#[cfg(feature = "http")]
use holm_services::http_client::{HttpClient, new_identity};
#[cfg(feature = "stores")]
use holm_services::lent::Lent;

use crate::Wasi;

/// What the host lends to one loaded guest; all instances of it share this.
pub(crate) struct Services {
    pub(crate) host: Host,
    /// What a part is called; the guest's own name is its [`holm_abi::Guest`]'s.
    pub(crate) name: String,
    /// What it lends to each of the components that the guest is composed of.
    pub(crate) parts: Vec<Arc<Services>>,
    /// To elsewhere, of all kinds and all instances.
    pub(crate) connections: Arc<Connections>,
    #[cfg(feature = "stores")]
    pub(crate) lent: Option<Lent>,
    #[cfg(feature = "http")]
    pub(crate) http_client: Option<HttpClient>,
    /// Tells this guest's connections from those of others.
    #[cfg(feature = "http")]
    pub(crate) identity: u64,
}

impl Services {
    pub(crate) fn new(wasi: &Wasi, host: &Host) -> Self {
        let connections = Arc::new(Connections::new(host.connections.unwrap_or(Connections::USUAL)));
        let parts = host.parts.iter().map(|part| {
            let host = Host {
                grants: Arc::clone(&part.grants),
                audit: part.audit.clone(),
                parts: Arc::default(),
                ..host.clone()
            };
            Arc::new(Self { name: part.name.clone(), ..Self::with(wasi, &host, &connections) })
        });
        let parts = parts.collect();
        Self { parts, ..Self::with(wasi, host, &connections) }
    }

    /// Connections count together for the whole guest; each part's are its own all the same.
    #[cfg_attr(
        not(any(feature = "http", feature = "stores")),
        expect(unused_variables, reason = "there is nothing to lend")
    )]
    fn with(wasi: &Wasi, host: &Host, connections: &Arc<Connections>) -> Self {
        Self {
            host: host.clone(),
            name: String::new(),
            parts: Vec::new(),
            connections: Arc::clone(connections),
            #[cfg(feature = "stores")]
            lent: wasi.lent.clone(),
            #[cfg(feature = "http")]
            http_client: wasi.http_client.clone(),
            #[cfg(feature = "http")]
            identity: new_identity(),
        }
    }
}
