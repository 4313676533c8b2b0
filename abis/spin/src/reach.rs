//! Which database servers a guest may have the host reach.

use std::net::SocketAddr;
use std::sync::Arc;

use holm_grants::{Ask, Grants};
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
    let grants = state.grants();
    if !schemes.iter().any(|scheme| grants.allows_outbound(scheme, host, port)) {
        let scheme = schemes.first().copied().unwrap_or_default();
        state.refuse(Ask::outbound(scheme, host, port));
        return Err(format!("address {scheme}://{host}:{port} is not permitted"));
    }
    Ok(Granted { grants: Arc::new(grants.clone()), schemes, port })
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
