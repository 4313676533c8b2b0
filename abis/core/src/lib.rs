//! Guests that need nothing from a platform: core modules and components that export functions.
//!
//! The calling code serves the other ABIs too, whose guests export functions besides.

mod assemblyscript;
mod component;
mod module;
mod session;
mod values;

use std::sync::Arc;

use holm_abi::missing_imports;
use holm_abi::{Abi, Certainty, Code, Entry, Error, Evidence, Guest, Host, Kind, MissingImport, Provision, Result};
use holm_engine::shape::{ExternType, Form, Import, Shape};
use holm_engine::{Limited, Limiter};

pub use component::{ComponentFunctions, invoke_component};
pub use module::{ModuleFunctions, initialize};
pub use session::{Session, TypedCall};

/// The ABI of guests without a platform.
#[derive(Default)]
pub struct Core;

/// The state of a guest that touches nothing.
pub struct State(Limiter);

impl Limited for State {
    fn limiter(&mut self) -> &mut Limiter {
        &mut self.0
    }
}

/// Makes the state of a fresh instance.
pub type NewState<T> = Arc<dyn Fn() -> Result<T> + Send + Sync>;

impl Abi for Core {
    fn name(&self) -> &'static str {
        "core"
    }

    fn recognise(&self, shape: &Shape) -> Option<Evidence> {
        if assemblyscript::recognise(shape) {
            return Some(Evidence::new(Certainty::Likely, "imports only what AssemblyScript takes for granted"));
        }
        let certainty = if shape.imports.is_empty() { Certainty::Likely } else { Certainty::Fallback };
        let because = match (shape.imports.is_empty(), shape.exports.iter().filter(|e| is_function(&e.ty)).count()) {
            (true, 0) => "imports nothing and exports no function".into(),
            (true, 1) => "imports nothing and exports a function".into(),
            (true, count) => format!("imports nothing and exports {count} functions"),
            (false, _) => "matches no other ABI".into(),
        };
        Some(Evidence::new(certainty, because))
    }

    fn provides(&self, import: &Import) -> Provision {
        if assemblyscript::provides(import) { Provision::Always } else { Provision::Nothing }
    }

    fn load(&self, guest: &Guest, host: &Host) -> Result<Vec<Entry>> {
        let limits = host.limits;
        let state: NewState<State> = Arc::new(move || Ok(State(Limiter::new(&limits))));
        let functions: Entry = match &guest.code {
            Code::Module(module) => {
                let linker = linker(guest, module)?;
                let pre = linker.instantiate_pre(module).map_err(|_| missing(guest))?;
                Entry::Functions(Arc::new(ModuleFunctions::new(guest, host, pre, state)))
            }
            Code::Component(component) => {
                let linker = wasmtime::component::Linker::new(component.engine());
                let pre = linker.instantiate_pre(component).map_err(|_| missing(guest))?;
                Entry::Functions(Arc::new(ComponentFunctions::new(guest, host, pre, state)))
            }
        };
        Ok(vec![functions])
    }
}

fn linker(guest: &Guest, module: &wasmtime::Module) -> Result<wasmtime::Linker<State>> {
    let mut linker = wasmtime::Linker::new(module.engine());
    if guest.shape.imports.iter().any(assemblyscript::provides) {
        assemblyscript::link(&mut linker)
            .map_err(|error| Error::new(Kind::Internal, format!("the host's functions do not link: {error:#}")))?;
    }
    Ok(linker)
}

fn is_function(ty: &ExternType) -> bool {
    matches!(ty, ExternType::Func(_) | ExternType::ComponentFunc | ExternType::Instance(_))
}

/// A guest of this ABI has no host to import from, so all of its imports are missing.
fn missing(guest: &Guest) -> Error {
    let imports = guest.shape.imports.iter();
    let imports = imports.filter(|import| import.ty != ExternType::Type && !assemblyscript::provides(import));
    let missing: Vec<_> = imports
        .map(|import| {
            let (from, item) = match (guest.shape.form, &import.ty) {
                (Form::Module, _) => (&import.module, import.name.as_str()),
                (Form::Component, ExternType::ComponentFunc) => (&import.name, "the function"),
                (Form::Component, _) => (&import.name, "the whole interface"),
            };
            MissingImport { from: from.clone(), item: item.to_owned(), why: None }
        })
        .collect();
    match missing.is_empty() {
        true => Error::new(Kind::Internal, format!("{} does not link, although it imports nothing", guest.name)),
        false => missing_imports(&guest.name, &missing),
    }
}
