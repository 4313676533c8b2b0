//! Where a Redis server is, as guests and manifests name it.

use std::fmt;
use std::str::FromStr;

use holm_manifest::{Backend, Remote};

use super::RedisError;
use super::link::{Advice, Link};
use crate::health::Manners;

/// The longest address that is read, in bytes.
const MAX_ADDRESS: usize = 4 << 10;

/// `redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]`, or `rediss://…` with TLS. Its display form has no password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisAddress {
    pub(super) server: Remote,
    pub(super) database: u32,
}

impl RedisAddress {
    /// `redis` or `rediss`.
    pub fn scheme(&self) -> &'static str {
        if self.server.tls { "rediss" } else { "redis" }
    }

    /// A name or an address; IPv6 in brackets.
    pub fn host(&self) -> &str {
        &self.server.host
    }

    /// The TCP port.
    pub fn port(&self) -> u16 {
        self.server.port
    }

    pub(super) fn link(&self, advice: Advice, manners: Manners) -> Link {
        Link::new(self.server.clone(), self.database, advice, manners)
    }
}

impl FromStr for RedisAddress {
    type Err = RedisError;

    fn from_str(text: &str) -> Result<Self, RedisError> {
        // Nothing follows `#` and `?` that we know; elsewhere a certificate can be left unchecked there.
        let plain = text.split_once(['?', '#']).map_or(text, |(address, _)| address);
        match plain.parse() {
            Ok(Backend::Redis { server, database }) if text.len() <= MAX_ADDRESS => Ok(Self { server, database }),
            _ => Err(RedisError::InvalidAddress),
        }
    }
}

impl fmt::Display for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}/{}", self.scheme(), self.server, self.database)
    }
}
