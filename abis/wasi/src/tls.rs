//! `wasi:tls`: encryption over streams the guest already has. The sockets behind them are what takes a grant.

use holm_engine::shape::Shape;
use wasmtime::component::Linker;
use wasmtime_wasi_tls::{p2, p3};

use crate::state::State;

const P2: &str = "wasi:tls/types@0.2.0-draft";
const P3: [&str; 2] = ["wasi:tls/client@0.3.0-draft", "wasi:tls/types@0.3.0-draft"];

/// Whether an import of this name is one that [`link`] provides.
pub(crate) fn provides(name: &str) -> bool {
    name == P2 || P3.contains(&name)
}

/// Links TLS if the guest imports it.
pub(crate) fn link(linker: &mut Linker<State>, shape: &Shape) -> wasmtime::Result<()> {
    let imports = |names: &[&str]| shape.imports.iter().any(|import| names.contains(&import.name.as_str()));
    if imports(&[P2]) {
        p2::add_to_linker(linker, p2::LinkOptions::default().tls(true))?;
    }
    if imports(&P3) && linker.engine().get_concurrency_support() {
        p3::add_to_linker(linker)?;
    }
    Ok(())
}
