//! Where a request goes, as grants see it.

use std::net::SocketAddr;
use std::sync::Arc;

use holm_grants::{Ask, Proto, sibling};
use holm_services::connections::Connections;
use holm_services::http_client::AddressPolicy;

use super::hop::Hop;
use crate::shared::Shared;

/// Where a request goes, as grants see it.
pub(super) struct Site<'a> {
    scheme: String,
    host: String,
    port: u16,
    path: String,
    shared: &'a Shared,
}

impl<'a> Site<'a> {
    pub(super) fn of(hop: &Hop, shared: &'a Shared) -> Self {
        let url = &hop.url;
        let host = url.host_str().unwrap_or_default();
        Self {
            scheme: url.scheme().to_owned(),
            host: host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase(),
            port: url.port_or_known_default().unwrap_or_default(),
            path: url.path().to_owned(),
            shared,
        }
    }

    pub(super) fn is_granted(&self) -> bool {
        self.shared.host.grants.allows_http(&self.scheme, &self.host, self.port, &self.path)
    }

    /// Whether it would be another guest of the same app, which plugins have not.
    pub(super) fn is_sibling(&self) -> bool {
        sibling(&self.host).is_some()
    }

    /// Remembers that it was refused; returns the flag that would grant it.
    pub(super) fn refused(&self) -> String {
        self.remember(Ask::http(&self.scheme, &self.host, self.port))
    }

    /// The same for an address that it led to.
    pub(super) fn refused_at(&self, address: SocketAddr) -> String {
        self.remember(Ask::connect(Proto::Tcp, address))
    }

    fn remember(&self, ask: Ask) -> String {
        let flag = ask.flag();
        self.shared.host.audit.denied(ask);
        flag
    }
}

impl AddressPolicy for Site<'_> {
    fn allow(&self, host: &str, address: SocketAddr) -> bool {
        let grants = &self.shared.host.grants;
        grants.allows_http_at(&self.scheme, host, address.port(), &self.path, address.ip())
    }

    fn identity(&self) -> u64 {
        self.shared.identity
    }

    fn connections(&self) -> Option<&Arc<Connections>> {
        Some(&self.shared.connections)
    }
}
