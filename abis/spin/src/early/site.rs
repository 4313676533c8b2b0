//! Where a request goes, as grants see it.

use std::net::SocketAddr;
use std::sync::Arc;

use holm_grants::{Ask, Proto, sibling};
use holm_services::connections::Connections;
use holm_services::http_client::AddressPolicy;
use url::Url;

use super::state::Shared;

/// Where a request goes, as grants see it.
pub(super) struct Site<'a> {
    scheme: String,
    host: String,
    port: u16,
    path: String,
    shared: &'a Shared,
}

impl<'a> Site<'a> {
    pub(super) fn of(url: &Url, shared: &'a Shared) -> Self {
        let host = url.host_str().unwrap_or_default();
        Self {
            scheme: url.scheme().to_owned(),
            host: host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase(),
            port: url.port_or_known_default().unwrap_or_default(),
            path: url.path().to_owned(),
            shared,
        }
    }

    /// Whether a request may go there, as far as can be said before its name has been resolved. What is refused is
    /// remembered.
    pub(super) fn is_granted(&self) -> bool {
        let host = &self.shared.host;
        let granted = host.grants.allows_http(&self.scheme, &self.host, self.port, &self.path);
        if !granted {
            host.audit.denied(Ask::http(&self.scheme, &self.host, self.port));
        }
        granted
    }

    /// Remembers that these addresses were refused, to which its name led.
    pub(super) fn refused_at(&self, addresses: &[SocketAddr]) {
        for address in addresses {
            self.shared.host.audit.denied(Ask::connect(Proto::Tcp, *address));
        }
    }

    /// The guest of the same app that it is, if it is one.
    pub(super) fn sibling(&self) -> Option<&str> {
        sibling(&self.host)
    }

    /// Whether guests of the same app answer there.
    pub(super) fn is_where_siblings_answer(&self) -> bool {
        (self.scheme.as_str(), self.port) == ("http", 80)
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
