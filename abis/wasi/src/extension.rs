//! What another ABI offers to components beyond WASI.

use std::sync::Arc;

use holm_abi::{Entry, Result};
use holm_engine::shape::Shape;
use holm_grants::{Ask, Audit, Grants};
use wasmtime::component::{Linker, ResourceTable};

use crate::linked::Linked;
use crate::state::State;

/// Interfaces beyond WASI, which an ABI links for guests of its own.
pub trait Extension: Send + Sync {
    /// Links those of the interfaces that a component of this shape imports. What is linked here goes in front of WASI's.
    ///
    /// # Errors
    /// The engine's.
    fn link(&self, linker: &mut Linker<State>, shape: &Shape) -> wasmtime::Result<()>;

    /// The ways into a component that this ABI knows, beside those of WASI.
    ///
    /// # Errors
    /// An export has not the type that it should have.
    fn entries(&self, _linked: &Linked) -> Result<Vec<Entry>> {
        Ok(Vec::new())
    }
}

/// For what is linked by extensions.
impl State {
    /// What the guest may touch.
    pub fn grants(&self) -> &Grants {
        &self.services.host.grants
    }

    /// Remembers what it was refused.
    pub fn audit(&self) -> &Audit {
        &self.services.host.audit
    }

    /// Remembers that this was refused.
    pub fn refuse(&self, ask: Ask) {
        self.services.host.audit.denied(ask);
    }

    /// What the host keeps for the guest, by handle; as much as its limit of handles allows.
    pub fn table(&mut self) -> &mut ResourceTable {
        &mut self.table
    }

    /// Which addresses a server may be dialled at for the guest, to which its name led. `scheme` is what is spoken there.
    pub fn may_dial(
        &self,
        scheme: &str,
        host: &str,
        port: u16,
    ) -> impl Fn(std::net::IpAddr) -> bool + Send + Sync + use<> {
        let (services, scheme, host) = (Arc::clone(&self.services), scheme.to_owned(), host.to_owned());
        move |ip| services.host.grants.allows_outbound_at(&scheme, &host, port, ip)
    }

    /// The stores and services that it is lent. `None`: none at all.
    #[cfg(feature = "stores")]
    pub fn lent(&self) -> Option<&holm_services::lent::Lent> {
        self.services.lent.as_ref()
    }

    /// Connections that all instances of the guest have open together.
    pub fn connections(&self) -> &std::sync::Arc<holm_services::connections::Connections> {
        &self.services.connections
    }

    /// What sends its requests, and whose connections are its own. `None`: nothing does.
    #[cfg(feature = "http")]
    pub fn http_client(&self) -> Option<(&holm_services::http_client::HttpClient, u64)> {
        Some((self.services.http_client.as_ref()?, self.services.identity))
    }

    /// Sends requests as the guest's own of `wasi:http` are sent: under its grants, to other guests of the same app, or over
    /// the network.
    #[cfg(feature = "http")]
    pub fn requests(&self) -> crate::http::Requests {
        self.outbound.requests()
    }
}
