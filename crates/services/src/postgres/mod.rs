//! PostgreSQL servers, for guests that name one.
//!
//! Connections are kept for the next guest of the same app that opens the same address. What a guest left behind in one is
//! cleared away first: transactions, settings, temporary tables, locks. Text that a server sends is bounded row by row.

mod address;
mod bounded;
mod calendar;
mod connection;
mod decimal;
mod decode;
mod encode;
mod error;
mod live;
mod tls;
mod value;

use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::sync::OnceCell;

pub use address::Address;
pub use connection::{Connection, RowSet, Rows};
pub use error::{PgError, Refusal, ServerError};
pub use value::{Bound, Date, Interval, Known, PgType, PgValue, Range, Time};

use crate::Report;
use crate::servers::Gate;
use crate::servers::pool::{Lease, Pool};
use crate::tls::client_config;
use crate::told::Told;
use live::Live;

/// The most bytes of values that one answer holds, and one statement is given.
pub const MAX_RESULT: u64 = 64 << 20;
/// The most bytes of certificates that a guest trusts.
const MAX_ROOTS: usize = 256 << 10;
/// How long connecting may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: PgType,
}

/// Connections to PostgreSQL servers, for all guests of one app.
#[derive(Debug, Default)]
pub struct Postgres {
    pool: Arc<Pool<Live>>,
    told: Arc<Told>,
    tls: OnceCell<Arc<ClientConfig>>,
}

impl Postgres {
    /// The same, where `report` is told of what does not work.
    pub fn telling(report: Option<Report>) -> Self {
        Self { told: Arc::new(Told::new(report)), ..Self::default() }
    }

    /// A connection to the first server of `address` that answers, at an address that `gate` allows. With `roots`, PEM
    /// certificates of authorities that are trusted beside the system's.
    ///
    /// Whether the guest may reach the servers that the address names has been asked before.
    ///
    /// # Errors
    /// [`PgError::Connection`] if there is none, or as many are open as may be; [`PgError::Other`] for `roots` that are no
    /// certificates.
    pub async fn open(&self, address: &Address, roots: Option<&str>, gate: &dyn Gate) -> Result<Connection, PgError> {
        let opened = self.opened(address, roots, gate).await;
        opened.inspect_err(|error| self.told.tell(&address.shown(), error))
    }

    async fn opened(&self, address: &Address, roots: Option<&str>, gate: &dyn Gate) -> Result<Connection, PgError> {
        let extra = roots.map(certificates).transpose()?;
        let key = format!("{}\n{}", address.text, roots.unwrap_or_default());
        let fit = |live: &Live| live.is_fit() && gate.allows(&live.host, live.address);
        let lease = self.pool.lease(&key, fit).await;
        let mut lease = lease.ok_or_else(|| PgError::Connection("too many connections are open".to_owned()))?;
        while let Some(live) = &lease.connection {
            if live.answers().await {
                return Ok(self.connection(lease, address));
            }
            self.pool.another(&mut lease, fit);
        }
        let tls = match (address.wants_tls(), extra) {
            (false, _) => None,
            (true, None) => Some(Arc::clone(self.tls.get_or_try_init(|| tls_config(Vec::new())).await?)),
            (true, Some(extra)) => Some(tls_config(extra).await?),
        };
        lease.connection = Some(live::connect(address, tls.as_ref(), gate).await?);
        Ok(self.connection(lease, address))
    }

    fn connection(&self, lease: Lease<Live>, address: &Address) -> Connection {
        Connection::new(lease, Arc::clone(&self.told), address.shown())
    }
}

/// Checks that `roots` are PEM certificates.
///
/// # Errors
/// [`PgError::Other`] if they are not.
pub fn check_roots(roots: &str) -> Result<(), PgError> {
    certificates(roots).map(drop)
}

fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, PgError> {
    let wrong = || PgError::Other("invalid root certificate: it should be one in PEM".to_owned());
    if pem.len() > MAX_ROOTS {
        return Err(PgError::Other(format!("root certificates may have {MAX_ROOTS} bytes")));
    }
    let found = CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<Vec<_>, _>>().map_err(|_| wrong())?;
    if found.is_empty() { Err(wrong()) } else { Ok(found) }
}

async fn tls_config(extra: Vec<CertificateDer<'static>>) -> Result<Arc<ClientConfig>, PgError> {
    let made = tokio::task::spawn_blocking(|| client_config(extra)).await;
    let made = made.map_err(|_| PgError::Other("the host is shutting down".to_owned()))?;
    made.map(Arc::new).map_err(|error| PgError::Other(error.to_string()))
}
