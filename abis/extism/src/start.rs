//! What a plugin's language wants called before anything else.

use wasmtime::{ExternType, FuncType, Instance, Module, Store, Val};

use crate::state::State;

/// The functions to call first, in turn. Source: extism/extism, `runtime/src/plugin.rs` (`detect_guest_runtime`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Start {
    /// A function without arguments and results.
    plain: Option<&'static str>,
    /// Haskell's, which takes the number of a program's arguments and where they are: none.
    haskell: bool,
}

const HASKELL: &str = "hs_init";
const CONSTRUCTORS: &str = "__wasm_call_ctors";
const REACTOR: &str = "_initialize";

impl Start {
    /// What `module` wants.
    pub(crate) fn of(module: &Module) -> Self {
        let function = |name: &str| match module.get_export(name) {
            Some(ExternType::Func(ty)) => Some(ty),
            _ => None,
        };
        let plain = |name: &'static str| function(name).filter(is_plain).map(|_| name);
        if function(HASKELL).is_some() {
            return Self { plain: plain(REACTOR), haskell: true };
        }
        // Constructors of another type are somebody else's, and then there is no reactor to look for either.
        let name = if function(CONSTRUCTORS).is_some() { CONSTRUCTORS } else { REACTOR };
        Self { plain: plain(name), haskell: false }
    }

    /// Calls them.
    ///
    /// # Errors
    /// The guest trapped.
    pub(crate) async fn run(self, store: &mut Store<State>, instance: Instance) -> wasmtime::Result<()> {
        if let Some(name) = self.plain {
            instance.get_typed_func::<(), ()>(&mut *store, name)?.call_async(&mut *store, ()).await?;
        }
        if self.haskell
            && let Some(init) = instance.get_func(&mut *store, HASKELL)
        {
            let mut results = vec![Val::I32(0); init.ty(&*store).results().len()];
            init.call_async(&mut *store, &[Val::I32(0), Val::I32(0)], &mut results).await?;
        }
        Ok(())
    }
}

fn is_plain(ty: &FuncType) -> bool {
    ty.params().len() == 0 && ty.results().len() == 0
}
