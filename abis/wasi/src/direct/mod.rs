//! Components that are one core module, run without their wrapping.
//!
//! The engine makes a component's instance out of three core instances and a table of the functions it lowers, which
//! costs more than a small handler's whole work. A component that is one core module ([`holm_engine::shape::lone_core`])
//! can be had for less: the module alone is instantiated, and what it imports are core functions that read and write its
//! memory by the rules of the canonical ABI. What those functions do is the engine's own, as it is for components.
//!
//! Only for guests whose every import is known here; all others stay components.

mod canon;
mod functions;
pub(crate) mod interfaces;
mod link;
mod preview1;
#[cfg(test)]
mod tests;

use holm_engine::shape::LoneCore;
use wasmtime::component::Resource;
use wasmtime::{InstancePre, Module, ModuleExport, Result, Store, TypedFunc, bail};

use crate::state::State;
use canon::{Core, handle};
use link::{Exports, is};

pub(crate) use link::Direct;

/// Whether every import of the module is known here. Whether it is of the right type shows when it is linked.
pub(crate) fn knows(lone: &LoneCore) -> bool {
    link::have_all(&lone.imports)
}

/// A module that is ready to be instantiated, and the function to call.
#[derive(Clone)]
pub(crate) struct Program {
    pre: InstancePre<State>,
    exports: Exports,
    function: ModuleExport,
}

impl Program {
    /// Links `module`, of which the function that takes two handles and is exported as `core` will be called. `None` if
    /// it does not fit.
    pub(crate) fn link(module: &Module, lone: &LoneCore, core: &str) -> Result<Option<Self>> {
        let exports = Exports::find(module, lone.memory.as_deref(), lone.realloc.as_deref());
        let function = module.get_export_index(core);
        let takes = module.get_export(core).and_then(|ty| ty.func().map(|ty| is(ty, &[Core::I32; 2], &[])));
        let (Some(exports), Some(function), Some(true)) = (exports, function, takes) else { return Ok(None) };
        let pre = link::link(module, &lone.imports)?;
        Ok(pre.map(|pre| Self { pre, exports, function }))
    }

    /// Makes an instance in `store`, which has none yet.
    pub(crate) async fn instantiate(&self, store: &mut Store<State>) -> Result<Running> {
        let instance = self.pre.instantiate_async(&mut *store).await?;
        let link = self.exports.of(&mut *store, instance);
        store.data_mut().direct.connect(link);
        let function = instance.get_module_export(&mut *store, &self.function).and_then(wasmtime::Extern::into_func);
        let Some(function) = function else { bail!("the function to call is gone") };
        Ok(Running(function.typed(&*store)?))
    }

    pub(crate) fn engine(&self) -> &wasmtime::Engine {
        self.pre.module().engine()
    }
}

/// An instance.
#[derive(Clone)]
pub(crate) struct Running(TypedFunc<(u32, u32), ()>);

impl Running {
    /// Calls the function with two resources, which become the guest's.
    pub(crate) async fn call<A, B>(&self, store: &mut Store<State>, a: &Resource<A>, b: &Resource<B>) -> Result<()> {
        self.0.call_async(store, (handle(a), handle(b))).await
    }
}
