//! Which database servers a guest may have the host reach.

use std::net::SocketAddr;
use std::sync::Arc;

use holm_grants::{Ask, Audit, Grants};
use holm_services::connections::Open;
use holm_services::servers::Gate;
use holm_wasi::State;

/// What a guest was granted, for servers that speak one of these protocols.
pub(crate) struct Granted {
    grants: Arc<Grants>,
    /// As grants call it; the first is what a refusal is told with.
    schemes: &'static [&'static str],
    port: u16,
}

/// Asks whether the guest may reach a server at all, and remembers it if not.
///
/// # Errors
/// A sentence for the guest.
pub(crate) fn ask(state: &State, schemes: &'static [&'static str], host: &str, port: u16) -> Result<Granted, String> {
    let granted = under(state.grants(), state.audit(), schemes, host, port);
    granted.map(|()| Granted { grants: Arc::new(state.grants().clone()), schemes, port })
}

/// The same for a guest of these grants.
///
/// # Errors
/// As [`ask`].
pub(crate) fn ask_for(
    grants: &Arc<Grants>,
    audit: &Audit,
    schemes: &'static [&'static str],
    host: &str,
    port: u16,
) -> Result<Granted, String> {
    under(grants, audit, schemes, host, port).map(|()| Granted { grants: Arc::clone(grants), schemes, port })
}

fn under(grants: &Grants, audit: &Audit, schemes: &[&str], host: &str, port: u16) -> Result<(), String> {
    if schemes.iter().any(|scheme| grants.allows_outbound(scheme, host, port)) {
        return Ok(());
    }
    let scheme = schemes.first().copied().unwrap_or_default();
    audit.denied(Ask::outbound(scheme, host, port));
    Err(format!("address {scheme}://{host}:{port} is not permitted"))
}

impl Gate for Granted {
    fn allows(&self, host: &str, address: SocketAddr) -> bool {
        let at = |scheme: &&str| self.grants.allows_outbound_at(scheme, host, address.port(), address.ip());
        address.port() == self.port && self.schemes.iter().any(at)
    }
}

/// Each of several servers, as its own grant has it.
pub(crate) struct Each(pub(crate) Vec<Granted>);

impl Gate for Each {
    fn allows(&self, host: &str, address: SocketAddr) -> bool {
        self.0.iter().any(|granted| granted.allows(host, address))
    }
}

/// Counts a connection among those that the guest may have open.
///
/// # Errors
/// A sentence for the guest.
pub(crate) fn count(state: &State) -> Result<Open, String> {
    state.connections().open().ok_or_else(|| "too many connections".to_owned())
}
