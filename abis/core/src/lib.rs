//! Guests that need nothing from a platform: core modules and components that export functions.
//!
//! The calling code serves the other ABIs too, whose guests export functions besides.

mod assemblyscript;
mod component;
mod lent;
mod module;
mod session;
mod values;

use std::sync::Arc;

use holm_abi::missing_imports;
use holm_abi::{
    Abi, Caller, Certainty, Code, Entry, Error, Evidence, Guest, Host, Kind, MissingImport, Provided, Provision, Result,
};
use holm_engine::shape::{ExternType, Form, Import, Shape};
use holm_engine::{Limited, Limiter};
use holm_grants::Limits;

pub use component::{ComponentFunctions, invoke_component};
pub use lent::{Lent, from_scalar, is_provided, link_component, link_module, scalar, to_scalar};
pub use module::{ModuleFunctions, initialize, signature};
pub use session::{Session, TypedCall};

/// The ABI of guests without a platform.
#[derive(Default)]
pub struct Core;

/// The state of a guest that touches nothing.
pub struct State {
    limiter: Limiter,
    caller: Caller,
}

impl State {
    fn new(limits: &Limits) -> Self {
        Self { limiter: Limiter::new(limits), caller: Caller::default() }
    }
}

impl Lent for State {
    fn caller(&mut self) -> &mut Caller {
        &mut self.caller
    }
}

impl Limited for State {
    fn limiter(&mut self) -> &mut Limiter {
        &mut self.limiter
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
        let state: NewState<State> = Arc::new(move || Ok(State::new(&limits)));
        let functions: Entry = match &guest.code {
            Code::Module(module) => {
                let mut linker = linker(guest, module)?;
                link_module(&mut linker, module, &guest.name, &host.provided)?;
                let pre = linker.instantiate_pre(module).map_err(|_| missing(guest, &host.provided))?;
                Entry::Functions(Arc::new(ModuleFunctions::new(guest, host, pre, state)))
            }
            Code::Component(component) => {
                let mut linker = wasmtime::component::Linker::new(component.engine());
                link_component(&mut linker, component, &guest.name, &host.provided)?;
                let pre = linker.instantiate_pre(component).map_err(|_| missing(guest, &host.provided))?;
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

/// All that a guest of this ABI imports is missing, but for what its host itself provides.
fn missing(guest: &Guest, provided: &[Provided]) -> Error {
    let imports = guest.shape.imports.iter();
    let imports = imports.filter(|import| {
        import.ty != ExternType::Type && !assemblyscript::provides(import) && !is_provided(provided, import)
    });
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
