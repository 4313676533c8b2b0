//! MySQL servers, and MariaDB's, for guests that name one.
//!
//! Connections are kept for the next guest of the same app that opens the same address; the server clears away what a guest
//! left behind in one.

mod address;
mod connection;
mod live;
mod value;

use std::sync::Arc;
use std::time::Duration;

use rustls::RootCertStore;
use tokio::sync::OnceCell;

pub use address::Address;
pub use connection::{Connection, RowSet, Rows};
pub use value::{Column, MyType, MyValue};

use crate::Report;
use crate::servers::Gate;
use crate::servers::dial::DialError;
use crate::servers::pool::{Lease, Pool};
use crate::told::Told;
use live::Live;

/// The most bytes of values that one answer holds, and one statement is given.
pub const MAX_RESULT: u64 = 64 << 20;
/// How long connecting may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why something did not work. What it says is for the guest, and holds no password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MyError {
    /// There is no connection, or there is none any more.
    #[error("{0}")]
    Connection(String),
    /// The server refused a statement.
    #[error("{0}")]
    Query(String),
    /// A value of the answer has no counterpart.
    #[error("{0}")]
    Value(String),
    /// Anything else, such as an answer that is too large.
    #[error("{0}")]
    Other(String),
}

impl From<DialError> for MyError {
    fn from(error: DialError) -> Self {
        Self::Connection(error.to_string())
    }
}

impl MyError {
    /// What became of a statement.
    fn of(error: &mysql_async::Error) -> Self {
        use mysql_async::{DriverError, Error};
        match error {
            Error::Server(told) => Self::Query(told.to_string()),
            Error::Io(_) | Error::Driver(DriverError::ConnectionClosed) => {
                Self::Connection("the connection to the server broke; open another".to_owned())
            }
            Error::Driver(DriverError::PacketTooLarge) => too_large(),
            Error::Driver(error) => Self::Query(error.to_string()),
            other => Self::Other(other.to_string()),
        }
    }

    /// Why connecting failed.
    fn connecting(error: &mysql_async::Error) -> Self {
        match error {
            mysql_async::Error::Server(told) => Self::Connection(told.to_string()),
            other => Self::Connection(other.to_string()),
        }
    }
}

fn too_large() -> MyError {
    MyError::Other(format!("query result exceeds limit of {MAX_RESULT} bytes; ask for fewer rows or columns at a time"))
}

/// Connections to MySQL servers, for all guests of one app.
#[derive(Debug, Default)]
pub struct Mysql {
    pool: Arc<Pool<Live>>,
    told: Arc<Told>,
    roots: OnceCell<Vec<Vec<u8>>>,
}

impl Mysql {
    /// The same, where `report` is told of what does not work.
    pub fn telling(report: Option<Report>) -> Self {
        Self { told: Arc::new(Told::new(report)), ..Self::default() }
    }

    /// A connection to the server, at an address that `gate` allows.
    ///
    /// Whether the guest may reach the server that the address names has been asked before.
    ///
    /// # Errors
    /// [`MyError::Connection`] if there is none, or as many are open as may be.
    pub async fn open(&self, address: &Address, gate: &dyn Gate) -> Result<Connection, MyError> {
        let opened = self.opened(address, gate).await;
        opened.inspect_err(|error| self.told.tell(&address.shown(), error))
    }

    async fn opened(&self, address: &Address, gate: &dyn Gate) -> Result<Connection, MyError> {
        let fit = |live: &Live| live.is_fit() && live.reaches(gate);
        let lease = self.pool.lease(&address.text, fit).await;
        let mut lease = lease.ok_or_else(|| MyError::Connection("too many connections are open".to_owned()))?;
        while let Some(live) = &mut lease.connection {
            if live.answers().await {
                return Ok(self.connection(lease, address));
            }
            self.pool.another(&mut lease, fit);
        }
        let roots = match address.tls {
            true => self.roots.get_or_try_init(trusted).await?.clone(),
            false => Vec::new(),
        };
        lease.connection = Some(live::connect(address, roots, gate).await?);
        Ok(self.connection(lease, address))
    }

    fn connection(&self, lease: Lease<Live>, address: &Address) -> Connection {
        Connection::new(lease, Arc::clone(&self.told), address.shown())
    }
}

/// The system's certificate authorities; none where it has none, and then the driver's own are used.
async fn trusted() -> Result<Vec<Vec<u8>>, MyError> {
    let read = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs).await;
    let found = read.map_err(|_| MyError::Other("the host is shutting down".to_owned()))?.certs;
    // The driver refuses all for one that cannot be read.
    let good = found.into_iter().filter(|root| RootCertStore::empty().add(root.clone()).is_ok());
    Ok(good.map(|root| root.as_ref().to_vec()).collect())
}
