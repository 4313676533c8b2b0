//! Which servers a guest may have the host reach.

use std::net::SocketAddr;
use std::sync::Arc;

use holm_grants::{Ask, Grants};
use holm_services::servers::Gate;

use super::state::Shared;

/// What a guest was granted, for a server that speaks one of these protocols.
pub(super) struct Granted {
    grants: Arc<Grants>,
    /// As grants call it; the first is what a refusal is told with.
    schemes: &'static [&'static str],
    port: u16,
}

/// Asks whether the guest may reach any of these servers, and remembers what it may not.
///
/// # Errors
/// A sentence for the guest.
pub(super) fn ask<'a>(
    shared: &Shared,
    schemes: &'static [&'static str],
    servers: impl Iterator<Item = (&'a str, u16)>,
) -> Result<Vec<Granted>, String> {
    let grants = &shared.host.grants;
    let mut all = Vec::new();
    for (host, port) in servers {
        if !schemes.iter().any(|scheme| grants.allows_outbound(scheme, host, port)) {
            let scheme = schemes.first().copied().unwrap_or_default();
            shared.host.audit.denied(Ask::outbound(scheme, host, port));
            return Err(format!("address {scheme}://{host}:{port} is not permitted"));
        }
        all.push(Granted { grants: Arc::clone(grants), schemes, port });
    }
    Ok(all)
}

impl Gate for Granted {
    fn allows(&self, host: &str, address: SocketAddr) -> bool {
        let at = |scheme: &&str| self.grants.allows_outbound_at(scheme, host, address.port(), address.ip());
        address.port() == self.port && self.schemes.iter().any(at)
    }
}

/// Any of several servers, each as its own grant has it.
pub(super) struct Each(pub(super) Vec<Granted>);

impl Gate for Each {
    fn allows(&self, host: &str, address: SocketAddr) -> bool {
        self.0.iter().any(|granted| granted.allows(host, address))
    }
}
