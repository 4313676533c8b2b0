//! An instance that is kept, for hosts that call small functions very often.

use holm_abi::{Error, Guest, Host, Kind, Result};
use holm_engine::{Limited as _, blocking_store, explain};
use wasmtime::{Instance, Linker, Store, TypedFunc, WasmParams, WasmResults};

use crate::State;

/// One instance of a core module, called again and again on the thread that owns it.
///
/// The guest keeps its memory between calls. Limits on time count from [`Session::new`]; a trap leaves the
/// instance in whatever state it was in, so a caller who gets an error should drop the session.
pub struct Session {
    guest: Guest,
    host: Host,
    store: Store<State>,
    instance: Instance,
}

/// A function of a [`Session`], looked up and type-checked once.
pub struct TypedCall<Params, Results>(TypedFunc<Params, Results>);

impl Session {
    /// Instantiates a guest that imports nothing.
    ///
    /// # Errors
    /// [`Kind::MissingImports`] when it does import something, or its start function failed.
    pub fn new(guest: &Guest, host: &Host) -> Result<Self> {
        let module = guest.code.module()?;
        let pre = Linker::new(module.engine()).instantiate_pre(module).map_err(|_| crate::missing(guest, &[]))?;
        let mut store = blocking_store(module.engine(), State::new(&host.limits), &host.limits)?;
        let instance = pre.instantiate(&mut store);
        let instance = instance.map_err(|error| explain(&mut store, error, guest.trap_context(host)))?;
        Ok(Self { guest: guest.clone(), host: host.clone(), store, instance })
    }

    /// Looks a function up.
    ///
    /// # Errors
    /// [`Kind::Usage`] when there is none of this name and type.
    pub fn function<P: WasmParams, R: WasmResults>(&mut self, name: &str) -> Result<TypedCall<P, R>> {
        let function = self.instance.get_typed_func(&mut self.store, name);
        function.map(TypedCall).map_err(|error| Error::new(Kind::Usage, format!("{}: {error}", self.guest.name)))
    }

    /// Calls a function.
    ///
    /// # Errors
    /// The guest trapped or reached a limit.
    #[inline]
    pub fn call<P: WasmParams, R: WasmResults>(&mut self, function: &TypedCall<P, R>, params: P) -> Result<R> {
        match function.0.call(&mut self.store, params) {
            Ok(results) => Ok(results),
            Err(error) => Err(self.failed(error)),
        }
    }

    #[cold]
    fn failed(&mut self, error: wasmtime::Error) -> Error {
        explain(&mut self.store, error, self.guest.trap_context(&self.host))
    }

    /// Bytes of memory that the guest has now.
    pub fn memory(&mut self) -> u64 {
        self.store.data_mut().limiter().memory()
    }
}
