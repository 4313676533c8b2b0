//! WASI: 0.1 and the preview before it for core modules, 0.2 and 0.3 for components.

mod clocks;
mod component;
mod context;
mod missing;
mod module;
mod names;
mod network;
mod state;
mod stdio;

use holm_abi::{Abi, Certainty, Entry, Evidence, Guest, Host, Provision, Result};
use holm_engine::shape::{Form, Import, Shape};

pub use stdio::capture;

/// The modules that WASI for core modules is imported from.
const MODULES: [&str; 2] = ["wasi_snapshot_preview1", "wasi_unstable"];

/// The WASI ABIs.
#[derive(Default)]
pub struct Wasi;

impl Abi for Wasi {
    fn name(&self) -> &'static str {
        "wasi"
    }

    fn recognise(&self, shape: &Shape) -> Option<Evidence> {
        match shape.form {
            Form::Module => recognise_module(shape),
            Form::Component => recognise_component(shape),
        }
    }

    fn provides(&self, import: &Import) -> Provision {
        match import.module.as_str() {
            "" => provides_interface(&import.name),
            module if MODULES.contains(&module) => Provision::Always,
            _ => Provision::Nothing,
        }
    }

    fn load(&self, guest: &Guest, host: &Host) -> Result<Vec<Entry>> {
        match guest.shape.form {
            Form::Module => module::load(guest, host),
            Form::Component => component::load(guest, host),
        }
    }
}

fn recognise_module(shape: &Shape) -> Option<Evidence> {
    let found = shape.imports.iter().find(|import| MODULES.contains(&import.module.as_str()));
    if let Some(import) = found {
        let version = if import.module == MODULES[1] { "WASI preview 0" } else { "WASI 0.1" };
        // Guests of other ABIs import WASI as well, so it says little of who else may be wanted.
        let because = format!("imports `{}` from `{}` ({version})", import.name, import.module);
        return Some(Evidence::new(Certainty::Likely, because));
    }
    shape.export("_start").map(|_| Evidence::new(Certainty::Likely, "exports `_start`, as WASI commands do"))
}

fn recognise_component(shape: &Shape) -> Option<Evidence> {
    if let Some(run) = shape.exports.iter().find(|export| export.name.starts_with("wasi:cli/run@")) {
        return Some(Evidence::new(Certainty::Certain, format!("exports `{}`", run.name)));
    }
    let import = shape.imports.iter().find(|import| import.name.starts_with("wasi:"))?;
    Some(Evidence::new(Certainty::Likely, format!("imports `{}`", import.name)))
}

fn provides_interface(name: &str) -> Provision {
    let (interface, version) = name.split_once('@').unwrap_or((name, ""));
    if !version.starts_with("0.2.") && !version.starts_with("0.3.") {
        return Provision::Nothing;
    }
    match interface.split_once('/') {
        Some(("wasi:filesystem", _)) => Provision::Grant("--dir HOST[::GUEST][:ro]"),
        Some(("wasi:sockets", _)) => Provision::Grant("--net PATTERN, or --listen ADDRESS to be called"),
        Some(("wasi:cli" | "wasi:clocks" | "wasi:io" | "wasi:random", _)) => Provision::Always,
        _ => Provision::Nothing,
    }
}
