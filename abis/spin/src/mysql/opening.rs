//! From an address to a connection, if the guest may have one.

use std::sync::Arc;

use holm_services::connections::Open;
use holm_services::mysql::{Address, MyError};
use holm_services::servers::Servers;
use holm_wasi::State;
use wasmtime::component::Resource;

use super::Opened;
use crate::reach::{self, Granted};

/// What grants call it.
const SCHEMES: &[&str] = &["mysql"];

/// All that connecting takes, which goes on without the guest's state.
pub(super) struct Opening {
    address: Address,
    gate: Granted,
    counted: Open,
    servers: Arc<Servers>,
}

/// Asks for whatever the guest needs to open `address`.
pub(super) fn ask(state: &State, address: &str) -> Result<Opening, MyError> {
    let address = Address::parse(address)?;
    let gate = reach::ask(state, SCHEMES, address.host(), address.port()).map_err(MyError::Connection)?;
    let refused = || MyError::Connection("the host lends no connections to servers".to_owned());
    let servers = Arc::clone(&state.lent().ok_or_else(refused)?.servers);
    let counted = reach::count(state).map_err(MyError::Connection)?;
    Ok(Opening { address, gate, counted, servers })
}

impl Opening {
    pub(super) async fn connect(self) -> Result<Opened, MyError> {
        let connection = self.servers.mysql.open(&self.address, &self.gate).await?;
        Ok(Opened { connection: Arc::new(connection), _counted: self.counted })
    }
}

/// Keeps a connection for the guest.
pub(super) fn keep(state: &mut State, opened: Opened) -> Result<Resource<Opened>, MyError> {
    state.table().push(opened).map_err(|_| MyError::Connection("too many connections".to_owned()))
}
