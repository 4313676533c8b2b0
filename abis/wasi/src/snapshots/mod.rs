//! Guests built against snapshots of WASI 0.2 from before its release ([`Version`]).
//!
//! An interface of a snapshot stands under a name of its own, with the engine's resources and functions behind it. Where a
//! function was another one then, `direct/interfaces` says how it is done with those of today.

mod filesystem;

use holm_engine::shape::Shape;
use wasmtime::component::Linker;

use crate::direct::interfaces::functions;
use crate::state::State;
use crate::version::Version;

/// Links the interfaces of snapshots that a component of this shape imports.
pub(crate) fn link(linker: &mut Linker<State>, shape: &Shape) -> wasmtime::Result<()> {
    for import in &shape.imports {
        let Some((interface, version)) = import.name.split_once('@') else { continue };
        let Some(version) = Version::of(version).filter(|version| *version < Version::Released) else { continue };
        match interface {
            "wasi:filesystem/preopens" => filesystem::link_preopens(&mut linker.instance(&import.name)?)?,
            "wasi:filesystem/types" => filesystem::link_types(&mut linker.instance(&import.name)?, version)?,
            interface if functions(version).have(interface) => {
                functions(version).link_component(interface, &mut linker.instance(&import.name)?)?;
            }
            _ => {}
        }
    }
    Ok(())
}
