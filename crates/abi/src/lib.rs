//! What it is to speak a guest ABI: recognise its guests, and turn one into something a host can call.
//!
//! The rest of the program sees entries, never an ABI.

mod datum;
mod detect;
mod entry;
mod event;
mod filter;
mod host;
mod http;
mod incoming;
mod json;
mod outbound;
mod pipe;
mod provided;
mod provision;
mod signature;
mod text;

use std::sync::Arc;

pub use datum::Datum;
pub use detect::{Certainty, Detected, Evidence, detect};
pub use entry::{Command, Entry, Function, Functions, Instance, Invocation, Run, no_function};
pub use event::{Event, Events};
pub use filter::{FilterSettings, Filtered, HttpFilter};
use holm_engine::TrapContext;
use holm_engine::shape::{Import, LoneCore, Shape};
pub use holm_engine::{Code, Error, Kind, Result};
pub use host::{Host, Input, Output, Part, Reuse, Sink, Stdio};
pub use http::{Body, BodyError, Exchange, HttpHandler, Observe};
pub use incoming::Incoming;
pub use json::{from_json, to_json};
pub use outbound::{CallError, Outbound, Sent};
pub use pipe::{Pipe, PipeReader, pipe};
pub use provided::{Answer, Answers, AnswersLater, Caller, HostFunction, Provided};
pub use provision::{MissingImport, Provision, missing_imports};
pub use signature::{Signature, parse_type};
pub use text::{parse_arg, print};
pub use wasm_wave::value::{Type, Value};
pub use wasm_wave::wasm::{WasmType, WasmTypeKind, WasmValue};

/// A guest that is compiled, but not yet linked.
#[derive(Clone)]
pub struct Guest {
    /// What the user called it.
    pub name: String,
    /// What its bytes say.
    pub shape: Arc<Shape>,
    /// Its code.
    pub code: Code,
    /// The file it came from, for what lies beside it: type declarations, say.
    pub path: Option<std::path::PathBuf>,
    /// How a component's only core module is connected, where `code` is that module alone.
    pub lone: Option<Arc<LoneCore>>,
}

impl Guest {
    /// What is known of this guest if it fails under `host`.
    pub fn trap_context<'a>(&'a self, host: &'a Host) -> TrapContext<'a> {
        TrapContext { name: &self.name, shape: &self.shape, limits: &host.limits, coredump: host.coredump.as_deref() }
    }
}

/// Speaks one guest ABI: recognises its guests and turns one into something a host can call.
pub trait Abi: Send + Sync {
    /// The name for `--abi`: lower case, short.
    fn name(&self) -> &'static str;

    /// How sure we are, and which imports or exports say so. `None`: not ours.
    fn recognise(&self, shape: &Shape) -> Option<Evidence>;

    /// What would satisfy this import.
    fn provides(&self, import: &Import) -> Provision;

    /// Whether a component that is one core module, connected like this, can be had by its module alone. That is quicker
    /// to instantiate, and handing it HTTP requests is all it can do.
    fn takes_lone(&self, lone: &LoneCore, host: &Host) -> bool {
        let _ = (lone, host);
        false
    }

    /// Links `guest` against what `host` grants it. A guest may have more than one entry.
    ///
    /// # Errors
    /// [`Kind::MissingImports`] with every missing import at once.
    fn load(&self, guest: &Guest, host: &Host) -> Result<Vec<Entry>>;
}
