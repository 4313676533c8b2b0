//! Core modules of Spin's early SDKs, run as they are.
//!
//! From Spin 0.4 on until components took over, guests were core modules whose bindings wit-bindgen 0.2 had made: the SDKs for
//! Rust up to 1.3, for Go (TinyGo) up to 2.2, and those for JavaScript, Python and .NET that were built on them. They
//! import Spin's interfaces as core functions ([`facts`]), and WASI 0.1. Values cross in the layout of today's canonical
//! ABI, with two differences that matter here: the guest's allocator is called `canonical_abi_realloc`, and what the guest
//! returns is at an address of its choice, which nobody gives back.
//!
//! Spin makes components of such modules, with an adapter in between. Here they are linked directly, which costs less at
//! every start.
//!
//! Modules of the SDKs before 0.4 have the same names with another layout, and nothing in them says so: neither Spin nor
//! Holm can run them.
//!
//! Sources: spinframework/spin, `wit/ephemeral` (0.4 to 1.5), the bindings for C in `sdk/go` (0.4 to 2.2),
//! `crates/componentize`.

mod args;
mod command;
mod commands;
mod config;
mod events;
mod facts;
mod handle;
mod handler;
mod http;
mod key_value;
mod link;
mod llm;
mod mysql;
mod out;
mod postgres;
mod program;
mod rdbms;
mod redis;
mod servers;
mod sqlite;
mod state;

use std::sync::Arc;

use holm_abi::{Certainty, Entry, Error, Evidence, Guest, Host, Kind, Provision, Result};
use holm_engine::shape::{ExternType, Import, Shape, ValType};
use holm_wasi::Wasi;

use program::Program;

/// Takes an HTTP request: method, URI, headers, parameters and body, as ten numbers.
const HANDLE_HTTP: &str = "handle-http-request";
/// Takes a message of a Redis channel: where it is and how long.
const HANDLE_REDIS: &str = "handle-redis-message";
/// What a guest's allocator is called: by wit-bindgen 0.2, and by those after it.
const REALLOC: [&str; 2] = ["canonical_abi_realloc", "cabi_realloc"];
/// What runs a program.
const START: &str = "_start";
const MEMORY: &str = "memory";

/// Whether a core module is one of these, and because of what.
pub(crate) fn recognise(shape: &Shape) -> Option<Evidence> {
    let certain = |because: String| Some(Evidence::new(Certainty::Certain, because));
    for (name, params) in [(HANDLE_HTTP, 10), (HANDLE_REDIS, 2)] {
        if exports(shape, name, params) {
            return certain(format!("exports `{name}`"));
        }
    }
    // Some of the modules have names that others may have given as well, so that all imports of one have to be known.
    let import = shape.imports.iter().find(|import| facts::of(import).is_some())?;
    let known = |other: &Import| other.module != import.module || facts::of(other).is_some();
    if !shape.imports.iter().all(known) {
        return None;
    }
    certain(format!("imports `{}` from `{}`", import.name, import.module))
}

/// Whether it exports a function that takes so many i32 and returns one.
fn exports(shape: &Shape, name: &str, params: usize) -> bool {
    shape.export(name).is_some_and(|export| match &export.ty {
        ExternType::Func(ty) => {
            ty.params.len() == params && ty.params.iter().all(|ty| *ty == ValType::I32) && ty.results == [ValType::I32]
        }
        _ => false,
    })
}

/// What would satisfy this import of a core module, if it is one of Spin's.
pub(crate) fn provision(import: &Import) -> Option<Provision> {
    facts::of(import).map(|function| match function.grant {
        Some(flag) => Provision::Grant(flag),
        None => Provision::Always,
    })
}

/// Links a core module.
///
/// # Errors
/// [`Kind::MissingImports`], and [`Kind::Invalid`] for one that could not be handed anything.
pub(crate) fn load(wasi: &Wasi, guest: &Guest, host: &Host) -> Result<Vec<Entry>> {
    let http = exports(&guest.shape, HANDLE_HTTP, 10);
    let redis = exports(&guest.shape, HANDLE_REDIS, 2);
    let program = Arc::new(Program::link(wasi, guest, host)?);
    if (http || redis) && !program.takes_values() {
        let name = if http { HANDLE_HTTP } else { HANDLE_REDIS };
        let why = format!(
            "{} exports `{name}` and not what is needed to hand it anything: its memory, as `{MEMORY}`, and a function that \
             allocates there, as `{}`",
            guest.name, REALLOC[0]
        );
        return Err(Error::new(Kind::Invalid, why));
    }
    let mut entries = Vec::new();
    if http {
        entries.push(Entry::Http(Arc::new(handler::Handler::new(&program))));
    }
    if redis {
        entries.push(Entry::Events(Arc::new(events::Messages::new(&program))));
    }
    // TinyGo exports it from guests that take requests, too, where it is not for anybody to call.
    if entries.is_empty() && guest.shape.export(START).is_some() {
        entries.push(Entry::Command(Arc::new(command::Main::new(&program))));
    }
    Ok(entries)
}
