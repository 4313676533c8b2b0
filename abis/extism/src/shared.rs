//! What all instances of a plugin have in common.

use std::sync::Arc;

use holm_abi::{Guest, Host};
#[cfg(feature = "http")]
use holm_services::connections::Connections;
#[cfg(feature = "http")]
use holm_services::http_client::{HttpClient, new_identity};

use crate::{Bounds, Extism};

/// What all instances of a plugin have in common.
pub(crate) struct Shared {
    pub(crate) guest: Guest,
    pub(crate) host: Arc<Host>,
    pub(crate) bounds: Bounds,
    #[cfg(feature = "http")]
    pub(crate) http_client: Option<HttpClient>,
    #[cfg(feature = "http")]
    pub(crate) connections: Arc<Connections>,
    /// Tells this plugin's connections from those of others.
    #[cfg(feature = "http")]
    pub(crate) identity: u64,
}

impl Shared {
    pub(crate) fn new(abi: &Extism, guest: &Guest, host: &Host) -> Self {
        Self {
            guest: guest.clone(),
            host: Arc::new(host.clone()),
            bounds: abi.bounds,
            #[cfg(feature = "http")]
            http_client: abi.http_client.clone(),
            #[cfg(feature = "http")]
            connections: Arc::new(Connections::new(host.connections.unwrap_or(Connections::USUAL))),
            #[cfg(feature = "http")]
            identity: new_identity(),
        }
    }
}
