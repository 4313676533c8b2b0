//! What a guest may touch, and how much of it. No engine inside.
//!
//! [`Grants`] holds capabilities and [`Limits`] amounts; a default value of either grants nothing
//! and limits nothing beyond the host's own defaults. Every grant has a text form, the same on the
//! command line and in `holm.toml`, and what a guest was refused is an [`Ask`] that knows the text
//! which would have granted it.
//!
//! Network grants are checked twice: the name before it is looked up, and the address that is
//! actually dialled. A name never opens a private address; see [`is_public`].
#![forbid(unsafe_code)]

mod address;
mod ask;
mod audit;
mod blocked;
mod dir;
mod env;
mod error;
mod grants;
mod host;
mod http;
mod limits;
mod net;
mod outbound;
mod ports;
mod quantity;
mod quote;
mod section;
mod sibling;
mod url_path;

pub use address::is_public;
pub use ask::Ask;
pub use audit::Audit;
pub use blocked::Blocked;
pub use dir::DirGrant;
pub use env::parse_env;
pub use error::ParseError;
pub use grants::Grants;
pub use http::HttpGrant;
pub use limits::Limits;
pub use net::{NetGrant, Proto};
pub use outbound::OutboundGrant;
pub use quantity::{format_duration, format_size, parse_duration, parse_size};
pub use sibling::{CHAINED, INTERNAL, chained, is_own_app, sibling};
