//! Redis servers that guests name: commands over connections that all guests of an app share, and subscriptions.

mod address;
mod answer;
mod bounded;
mod connection;
mod link;
mod subscribe;

use std::sync::Arc;

use tokio::sync::Semaphore;

pub use address::RedisAddress;
pub use answer::{Argument, Reply};
pub use connection::RedisConnection;
pub use subscribe::{Message, Subscription};

pub(crate) use link::{Advice, Failure, Link};

use crate::dial::Permits;
use crate::health::Manners;
use crate::servers::shared::Shared;

/// The most servers that an app is connected to at once, each over one connection that its guests share.
const MAX_SERVERS: usize = 64;
/// The most connections that are some guest's own, because of what it does with them.
const MAX_OWN: usize = 64;

const ADVICE: Advice = Advice {
    reach: "see whether it runs there, or correct the address that the app uses",
    introduce: "correct the user, password or database in the address that the app uses",
};

/// Why a Redis server did not do what a guest asked of it.
///
/// No text holds a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RedisError {
    /// The address is none of a Redis server, or leads to where the guest may not go.
    #[error("the address is none of a Redis server, or may not be dialled")]
    InvalidAddress,
    /// The app has as many connections as it may.
    #[error("there are too many connections")]
    TooManyConnections,
    /// The key holds something of another type, or the answer is something else than was asked for.
    #[error("the value is not of the type that was asked for")]
    Type,
    /// What the server said, or why it said nothing.
    #[error("{0}")]
    Other(String),
}

/// Connections to Redis servers, for all guests of one app. Nothing is connected to before a guest asks for it; a connection
/// that broke is made again by the next command.
pub struct RedisServers {
    manners: Manners,
    shared: Shared<RedisAddress, Link>,
    own: Arc<Semaphore>,
}

impl Default for RedisServers {
    fn default() -> Self {
        Self::new(Manners::default())
    }
}

impl RedisServers {
    /// Servers that are spoken to with these manners.
    pub fn new(manners: Manners) -> Self {
        Self { manners, shared: Shared::new(MAX_SERVERS), own: Arc::new(Semaphore::new(MAX_OWN)) }
    }

    /// A connection to the server at `address`, at an IP address that `permits` allows. Whether the guest may reach a
    /// server of this name is for the caller to know.
    ///
    /// # Errors
    /// The server cannot be reached, does not take us in, or is one too many.
    pub async fn open(&self, address: &RedisAddress, permits: Permits) -> Result<RedisConnection, RedisError> {
        let make = |address: &RedisAddress| address.link(ADVICE, self.manners.clone());
        let link = self.shared.get(address.clone(), make).ok_or(RedisError::TooManyConnections)?;
        let connection = RedisConnection::new(link, address.clone(), permits, self.manners.clone(), &self.own);
        connection.reach().await?;
        Ok(connection)
    }
}

impl std::fmt::Debug for RedisServers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisServers").finish_non_exhaustive()
    }
}
