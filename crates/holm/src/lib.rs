//! Run plugins: any WebAssembly, sandboxed, with nothing granted by default.
//!
//! ```no_run
//! use std::time::Duration;
//! use holm::{Call, Grant, Limits, Runtime};
//!
//! # fn main() -> holm::Result<()> {
//! let runtime = Runtime::new()?;
//! let plugin = runtime.plugin("greet.wasm")
//!     .grant(Grant::dir("./data", "/data").read_only())
//!     .limits(Limits::new().memory(16 << 20).wall(Duration::from_millis(50)))
//!     .provide("log", "write", |call: &Call, text: String| println!("{}: {text}", call.plugin()))
//!     .load()?;
//! let reply: String = plugin.call("greet", "Ada")?;
//! # Ok(())
//! # }
//! ```
//!
//! What a guest was built for is recognised: components, plain core modules, wasm-bindgen's, Extism's. A plugin has what it
//! was granted and nothing else; a call ends at its limits, functions of the host that it waits for included; one that
//! fails leaves nothing behind for the next.
//!
//! Calls may be made from threads ([`Plugin::call`]) and from asynchronous code of any executor ([`Plugin::call_async`]).
//! A call whose future is dropped is cancelled. Guests' output goes to `tracing`, target `holm::guest`.

mod asks;
mod breaker;
mod builder;
mod cancel;
pub mod component;
mod convert;
mod grant;
mod host;
mod instances;
mod invoke;
mod load;
mod output;
mod plugin;
mod report;
mod runtime;
mod session;
mod signature;
mod watch;

pub use asks::{Asks, Decisions, Verdict};
pub use breaker::Breaker;
pub use builder::PluginBuilder;
pub use cancel::Cancel;
pub use convert::{Args, Arguments, Dynamic, FromGuest, GuestType, Json, Results, Returned, ToGuest};
pub use grant::Grant;
pub use holm_abi::{
    Caller, Datum, Function, HostFunction, Input, Output, Provided, Signature, Sink, Stdio, Type, Value,
};
pub use holm_engine::{Error, Frame, Kind, Result};
pub use holm_grants::{Grants, Limits};
pub use host::{Call, HostFn, HostFnAsync};
pub use instances::Instances;
pub use invoke::{Called, Invoke, Record};
pub use output::Stream;
pub use plugin::Plugin;
pub use report::Report;
pub use runtime::{Runtime, RuntimeBuilder};
pub use session::Session;
pub use signature::Key;
pub use watch::Watch;
