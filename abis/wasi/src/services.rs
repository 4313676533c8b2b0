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
    #[cfg_attr(
        not(any(feature = "http", feature = "stores")),
        expect(unused_variables, reason = "there is nothing to lend")
    )]
    pub(crate) fn new(wasi: &Wasi, host: &Host) -> Self {
        Self {
            host: host.clone(),
            connections: Arc::new(Connections::new(host.connections.unwrap_or(Connections::USUAL))),
            #[cfg(feature = "stores")]
            lent: wasi.lent.clone(),
            #[cfg(feature = "http")]
            http_client: wasi.http_client.clone(),
            #[cfg(feature = "http")]
            identity: new_identity(),
        }
    }
}
