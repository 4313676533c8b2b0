//! Bytes in, limited and ready-to-instantiate code out.
//!
//! Nothing outside this crate and `abis/` names the WebAssembly engine, and nobody else reads Wasm bytes.

mod account;
mod artifact;
mod cache;
mod clock;
mod code;
mod config;
mod embedded;
mod engines;
mod error;
mod kept;
mod limits;
mod load;
#[cfg(feature = "compilers")]
mod lock;
#[cfg(feature = "compilers")]
mod make;
mod patience;
#[cfg(feature = "pool")]
mod pool;
pub mod shape;
mod source;
mod store;
mod trap;
mod turn;
mod usage;

pub use account::{Account, Full, Share};
pub use artifact::{Artifact, Key, Meta};
pub use cache::{Cache, CacheEntry, Pruned};
pub use clock::{Deadline, Exhausted, thread_cpu};
pub use code::Code;
#[cfg(feature = "compilers")]
pub use code::compile;
pub use config::{DEFAULT_STACK, Runtime, Settings, Tier};
pub use embedded::{EMBEDDED_ALIGNMENT, Embedded};
pub use engines::Engines;
pub use error::{Error, Frame, Kind, Result};
pub use kept::MadeFrom;
pub use limits::{DEFAULT_HANDLES, Limiter};
pub use load::{Loaded, Loader, OnCompile, OnWarning, Opened, Origin};
#[cfg(feature = "compilers")]
pub use make::{Elsewhere, Urgency};
pub use patience::until;
#[cfg(feature = "pool")]
pub use pool::Pool;
pub use source::{Source, SourceKind};
pub use store::{
    Limited, Metering, blocking_store, kept_store, limited_store, meter, metered_store, uncounted_store, within_wall,
};
pub use trap::{TrapContext, explain};
pub use usage::{Metered, Usage};
