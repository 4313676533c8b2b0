//! Spin: components that import what Spin lends beside WASI, and the core modules of its early SDKs.
#![forbid(unsafe_code)]

mod early;
mod exports;
mod http;
mod interfaces;
mod key_value;
mod llm;
mod mqtt;
mod mysql;
mod otel;
mod postgres;
mod rdbms;
mod reach;
mod redis;
mod rows;
mod sqlite;
mod variables;

use holm_abi::{Abi, Certainty, Entry, Evidence, Guest, Host, Provision, Result};
use holm_engine::shape::{Form, Import, LoneCore, Shape};
use holm_wasi::{Extension, Linked, State, Wasi};
use wasmtime::component::Linker;

/// Spin's ABI: WASI, and what Spin offers beside it. Cheap to make.
pub struct Spin {
    /// WASI, with the stores and services that the guest is lent.
    pub wasi: Wasi,
}

impl Abi for Spin {
    fn name(&self) -> &'static str {
        "spin"
    }

    fn recognise(&self, shape: &Shape) -> Option<Evidence> {
        if shape.form == Form::Module {
            return early::recognise(shape);
        }
        let imports = shape.imports.iter().map(|import| ("imports", import.name.as_str()));
        let exports = shape.exports.iter().map(|export| ("exports", export.name.as_str()));
        let (how, name) = imports.chain(exports).find(|(_, name)| interfaces::is_spin(name))?;
        Some(Evidence::new(Certainty::Certain, format!("{how} `{name}`")))
    }

    fn provides(&self, import: &Import) -> Provision {
        if let Some(provision) = early::provision(import) {
            return provision;
        }
        match interfaces::provision(&import.name) {
            Provision::Nothing => self.wasi.provides(import),
            provision => provision,
        }
    }

    fn takes_lone(&self, lone: &LoneCore, host: &Host) -> bool {
        self.wasi.takes_lone(lone, host)
    }

    fn load(&self, guest: &Guest, host: &Host) -> Result<Vec<Entry>> {
        match guest.shape.form {
            Form::Module => early::load(&self.wasi, guest, host),
            Form::Component => self.wasi.load_with(guest, host, Some(self)),
        }
    }
}

impl Extension for Spin {
    fn link(&self, linker: &mut Linker<State>, shape: &Shape) -> wasmtime::Result<()> {
        interfaces::link(linker, shape)
    }

    fn entries(&self, linked: &Linked) -> Result<Vec<Entry>> {
        exports::entries(linked)
    }
}
