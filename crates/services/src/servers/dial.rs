//! From the name of a server to a connection, at an address that a guest may reach.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use crate::answering::{self, Unanswered};

/// A name with more addresses than this has the rest ignored.
const MAX_ADDRESSES: usize = 16;

/// Says which addresses a guest may reach.
pub trait Gate: Send + Sync {
    /// Whether to dial `address`, to which `host` led.
    fn allows(&self, host: &str, address: SocketAddr) -> bool;
}

/// Why there is no connection. Names nothing that the guest has not named itself.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DialError {
    #[error("the name `{0}` leads nowhere ({1})")]
    Name(String, io::Error),
    #[error("`{0}` leads to {1}, which was not granted")]
    Refused(String, SocketAddr),
    #[error("`{0}` has no address")]
    Nowhere(String),
    #[error("{0}: {1}")]
    Connect(SocketAddr, io::Error),
    #[error("`{0}` did not answer in time")]
    Slow(String),
}

/// The addresses of `host` that may be dialled.
pub(crate) async fn resolve(
    host: &str,
    port: u16,
    gate: &dyn Gate,
    deadline: Instant,
) -> Result<Vec<SocketAddr>, DialError> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let looked = timeout_at(deadline, tokio::net::lookup_host((host, port))).await;
    let found = looked.map_err(|_| DialError::Slow(host.to_owned()))?;
    let found = found.map_err(|error| DialError::Name(host.to_owned(), error))?.take(MAX_ADDRESSES).collect::<Vec<_>>();
    let allowed: Vec<_> = found.iter().copied().filter(|address| gate.allows(host, *address)).collect();
    match (allowed.is_empty(), found.first()) {
        (false, _) => Ok(allowed),
        (true, Some(refused)) => Err(DialError::Refused(host.to_owned(), *refused)),
        (true, None) => Err(DialError::Nowhere(host.to_owned())),
    }
}

/// Connects to the first of these that answers.
pub(crate) async fn connect(
    host: &str,
    addresses: &[SocketAddr],
    deadline: Instant,
) -> Result<(TcpStream, SocketAddr), DialError> {
    let (stream, address) = answering::connect(addresses, deadline).await.map_err(|unanswered| match unanswered {
        Unanswered::Silent(_) => DialError::Slow(host.to_owned()),
        Unanswered::Failed(address, error) => DialError::Connect(address, error),
    })?;
    // Statements are small, and each is waited for.
    let _ = stream.set_nodelay(true);
    Ok((stream, address))
}
