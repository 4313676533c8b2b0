//! What hosts lend to guests, one file per backend.
//!
//! Nothing here knows an engine or an ABI: the crates under `abis/` translate between a guest's
//! imports and these types. Nothing here checks grants either: whoever calls has already decided
//! that the guest may open this store or name this host. The one exception is the address a host
//! name resolves to, which only the HTTP client sees; it asks an [`http_client::AddressPolicy`].

#![forbid(unsafe_code)]

#[cfg(feature = "stores")]
mod alarm;
#[cfg(any(feature = "http", feature = "remote", feature = "sql"))]
mod answering;
#[cfg(feature = "stores")]
pub mod blob;
pub mod connections;
#[cfg(feature = "remote")]
pub mod dial;
#[cfg(feature = "remote")]
mod health;
#[cfg(feature = "http")]
pub mod http_client;
#[cfg(feature = "stores")]
pub mod kv;
#[cfg(feature = "stores")]
pub mod lent;
#[cfg(all(feature = "http", feature = "stores"))]
pub mod llm;
#[cfg(feature = "remote")]
pub mod mqtt;
#[cfg(feature = "sql")]
pub mod mysql;
#[cfg(feature = "remote")]
mod nats;
#[cfg(feature = "sql")]
pub mod postgres;
#[cfg(feature = "remote")]
pub mod redis;
#[cfg(feature = "stores")]
pub mod servers;
#[cfg(feature = "stores")]
pub mod sql;
#[cfg(feature = "stores")]
mod sqlite;
#[cfg(feature = "stores")]
mod storage;
#[cfg(feature = "stores")]
pub mod streamed;
#[cfg(feature = "stores")]
mod tally;
#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "stores")]
mod told;
#[cfg(feature = "stores")]
pub mod variables;

#[cfg(feature = "stores")]
pub use alarm::Report;
#[cfg(feature = "remote")]
pub use health::Manners;
#[cfg(feature = "stores")]
pub use storage::StorageError;
