//! From an address to a connection, if the guest may have one.

use std::sync::Arc;

use holm_services::connections::Open;
use holm_services::postgres::{Address, PgError};
use holm_services::servers::Servers;
use holm_wasi::State;
use wasmtime::component::Resource;

use super::Opened;
use crate::reach::{self, Each};

/// What grants call it.
const SCHEMES: &[&str] = &["postgres", "postgresql"];

/// All that connecting takes, which goes on without the guest's state.
pub(super) struct Opening {
    address: Address,
    gate: Each,
    counted: Open,
    servers: Arc<Servers>,
}

/// Asks for whatever the guest needs to open `address`.
pub(super) fn ask(state: &State, address: &str) -> Result<Opening, PgError> {
    let address = Address::parse(address)?;
    let granted = address.servers().iter().map(|(host, port)| reach::ask(state, SCHEMES, host, *port));
    let gate = Each(granted.collect::<Result<_, _>>().map_err(PgError::Connection)?);
    let refused = || PgError::Connection("the host lends no connections to servers".to_owned());
    let servers = Arc::clone(&state.lent().ok_or_else(refused)?.servers);
    let counted = reach::count(state).map_err(PgError::Connection)?;
    Ok(Opening { address, gate, counted, servers })
}

impl Opening {
    pub(super) async fn connect(self, roots: Option<&str>) -> Result<Opened, PgError> {
        let connection = self.servers.postgres.open(&self.address, roots, &self.gate).await?;
        Ok(Opened { connection: Arc::new(connection), _counted: self.counted })
    }
}

/// Keeps a connection for the guest.
pub(super) fn keep(state: &mut State, opened: Opened) -> Result<Resource<Opened>, PgError> {
    state.table().push(opened).map_err(|_| PgError::Connection("too many connections".to_owned()))
}
