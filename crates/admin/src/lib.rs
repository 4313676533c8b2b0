//! What is deployed on a server, and the API that changes it.
//!
//! - [`store`] keeps deployed apps on disk, so that a process killed at any step leaves the old
//!   version of an app or the new one.
//! - [`api`] answers the admin API over HTTP: a deploy is checked by the running server (the
//!   [`api::Backend`]), written down, then activated.
//! - [`client`] calls that API.
//! - [`wire`] is the JSON they exchange.
//!
//! Nothing here knows an engine or an ABI: a manifest is text, a guest is bytes under a digest.
#![forbid(unsafe_code)]

pub mod api;
pub mod client;
mod digest;
mod name;
pub mod store;
pub mod wire;

pub use digest::{BadDigest, Digest, DigestBuilder};
pub use name::{AppName, BadName};
