//! Guests on OCI registries, and a store of those that were pulled. No engine inside: whoever pulls gets a file.
//!
//! What is pushed has the CNCF's layout for WebAssembly, so that `wkg`, `wash` and `oras` read it; what is pulled may have
//! that, one of those before it, or be a plain image with a `.wasm` in it.
//!
//! A registry is a stranger. Nothing that it says is believed: not sizes, not digests, not where it leads. What that comes
//! to in numbers is in [`limits`].
//!
//! The protocol is OCI's distribution specification 1.1 on the workspace's own HTTP client. The crate `oci-client` would do
//! more of it, and cannot be held to this: it reads manifests and tokens of any size, follows redirects anywhere, and sends
//! credentials to whatever token server it is told.

#![forbid(unsafe_code)]

mod access;
mod client;
mod config;
mod credentials;
mod digest;
mod download;
mod error;
mod image;
pub mod limits;
mod manifest;
mod progress;
mod pull;
mod push;
mod reference;
mod sign;
mod store;
mod unpack;

pub use access::Access;
pub use credentials::{Credential, Files};
pub use digest::{BadDigest, Digest};
pub use error::{Failure, RegistryError, Result};
pub use progress::{OnProgress, Progress};
pub use pull::{Pull, Pulled};
pub use push::{OnPushed, Push, Pushed};
pub use reference::{Reference, SCHEME};
pub use sign::{PrivateKey, PublicKey};
pub use store::{Entry, Store};
