//! Variables and directories of a part.

use wasmtime::StoreContextMut;
use wasmtime::component::{LinkerInstance, Resource};
use wasmtime_wasi::cli::WasiCliCtxView;
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemCtxView};
use wasmtime_wasi::p2::bindings::cli::environment;
use wasmtime_wasi::p2::bindings::filesystem::preopens;

use super::Whose;
use crate::paths;
use crate::state::State;

type Store<'a> = StoreContextMut<'a, State>;

/// Those of WASI 0.2.
pub(super) fn link_p2(instance: &mut LinkerInstance<'_, State>, interface: &str, whose: Whose) -> wasmtime::Result<()> {
    link(instance, interface, "initial-cwd", whose)
}

/// Those of WASI 0.3, which are called as those of 0.2, but for one function.
pub(super) fn link_p3(instance: &mut LinkerInstance<'_, State>, interface: &str, whose: Whose) -> wasmtime::Result<()> {
    link(instance, interface, "get-initial-cwd", whose)
}

fn link(
    instance: &mut LinkerInstance<'_, State>,
    interface: &str,
    initial_cwd: &str,
    whose: Whose,
) -> wasmtime::Result<()> {
    match interface {
        "wasi:cli/environment" => {
            instance.func_wrap("get-environment", move |mut store: Store<'_>, ()| {
                Ok((environment::Host::get_environment(&mut store.data_mut().cli_of(whose))?,))
            })?;
            instance.func_wrap("get-arguments", move |mut store: Store<'_>, ()| {
                Ok((environment::Host::get_arguments(&mut store.data_mut().cli_of(whose))?,))
            })?;
            instance.func_wrap(initial_cwd, move |mut store: Store<'_>, ()| {
                Ok((environment::Host::initial_cwd(&mut store.data_mut().cli_of(whose))?,))
            })
        }
        "wasi:filesystem/preopens" => instance.func_wrap("get-directories", move |mut store: Store<'_>, ()| {
            Ok((store.data_mut().directories_of(whose)?,))
        }),
        _ => Ok(()),
    }
}

type Directories = Vec<(Resource<Descriptor>, String)>;

impl State {
    fn cli_of(&mut self, whose: Whose) -> WasiCliCtxView<'_> {
        let Self { world, parts, services, table, .. } = self;
        let made = match whose {
            Whose::Guest => world.get(&services.host),
            Whose::Part(part) => parts[part].made(),
        };
        WasiCliCtxView { ctx: made.ctx.cli(), table }
    }

    fn directories_of(&mut self, whose: Whose) -> wasmtime::Result<Directories> {
        let Whose::Part(part) = whose else { return paths::component::directories(self) };
        let Self { parts, table, .. } = self;
        let part = &mut parts[part];
        let mut view = WasiFilesystemCtxView { ctx: part.made().ctx.filesystem(), table };
        let mut all = preopens::Host::get_directories(&mut view)?;
        if let Some(decoy) = &mut part.decoy {
            decoy.show(table, &mut all)?;
        }
        Ok(all)
    }
}
