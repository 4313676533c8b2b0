//! Components that are one core module in a wrapping: what compilers make of a program in one language.
//!
//! Their tools cannot lower an import that needs the program's memory before the program is instantiated, so they put
//! two small modules beside it: the *shim*, whose functions jump through a table, and the *fixup*, which fills that
//! table afterwards. The engine instantiates all three, and the table costs every call a jump. A host that provides the
//! imports as core functions needs neither, so here the wiring is followed through the shim and back to what each
//! import of the module really is.
//!
//! A program built for WASI 0.1 has a third module beside it, the *adapter*, which turns the functions it imports into those of
//! 0.2. A host that has those of 0.1 itself needs no adapter either.
//!
//! Nothing is taken from names, but for those of WASI 0.1's functions. Whatever is not exactly of that form is no lone core, and
//! stays a component.
//!
//! Format: the component model's `design/mvp/Binary.md`; the shape of the glue is that of the tool `wit-component`.

mod adapter;
mod glue;
mod inner;
mod resolve;
mod space;
#[cfg(test)]
mod tests;

use std::ops::Range;

use super::bad::BadBytes;
use super::walk::{Code, Walk};
use space::Space;

/// A component that is no more than one core module and the glue around it, seen without the glue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoneCore {
    /// Where the module is in the file: a range of byte offsets.
    pub module: Range<usize>,
    /// The module's imports, in their order.
    pub imports: Vec<CoreImport>,
    /// The functions of the component's exported interfaces.
    pub exports: Vec<CoreExport>,
    /// The name under which the module exports the memory that values cross through, if any do.
    pub memory: Option<String>,
    /// The name of the function that allocates in it for the host.
    pub realloc: Option<String>,
}

/// An import of the module, and what it is in the component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoreImport {
    /// The module part of its name, as in the core module.
    pub module: String,
    /// The rest of its name.
    pub name: String,
    /// What the component connects it to.
    pub target: Target,
}

/// What an import of the core module is connected to, by the names of the component's own imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A function of an interface, lowered.
    Func {
        /// `wasi:io/poll@0.2.6`
        interface: String,
        /// `[method]pollable.ready`
        name: String,
    },
    /// Dropping a handle to a resource of an interface.
    Drop {
        /// `wasi:io/poll@0.2.6`
        interface: String,
        /// `pollable`
        resource: String,
    },
    /// A function of WASI 0.1, under that name, through an adapter that passes it on to the component's own imports.
    Preview1,
}

/// A function that the component exports in an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoreExport {
    /// `wasi:http/incoming-handler@0.2.6`
    pub interface: String,
    /// `handle`
    pub name: String,
    /// What the module calls it.
    pub core: String,
    /// What the module wants called with its results once the host has read them.
    pub post_return: Option<String>,
}

/// The component in `bytes` without its glue, if it is one core module and nothing else.
///
/// # Errors
/// When the bytes are not Wasm.
pub fn lone_core(bytes: &[u8]) -> Result<Option<LoneCore>, BadBytes> {
    let mut space = Space::default();
    for payload in Walk::new(bytes, Code::Skip)? {
        if space.see(payload?).is_none() {
            return Ok(None);
        }
    }
    Ok(resolve::resolve(bytes, &space))
}
