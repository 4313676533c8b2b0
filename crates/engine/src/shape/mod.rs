//! What the bytes say. Nothing else in Holm reads Wasm bytes.
//!
//! [`Shape::parse`] is on the path of every start: it walks the sections, decodes the ones that
//! describe the guest's interface and skips code and data. It does not validate; the engine does.
//! What it does promise is that a shape which parsed has bounded nesting, so that the recursive
//! readers behind it (the engine's validator, the WIT decoder) cannot run out of stack.
//!
//! Formats: WebAssembly Core Specification 3.0, "Binary Format", for modules; the component model's
//! `design/mvp/Binary.md` for components.

mod bad;
mod candidate;
mod collect;
mod component;
mod component_types;
mod digest;
mod features;
mod lone;
mod module;
mod names;
mod needs;
mod producers;
mod signature;
mod sizes;
mod sniff;
mod walk;
#[cfg(feature = "wit")]
mod wit;

#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

pub use bad::{BadBytes, Foreign};
pub use candidate::{CANDIDATE, as_in_guest, for_engine};
pub use digest::{BadDigest, Digest};
pub use features::{Feature, features};
pub use lone::{CoreExport, CoreImport, LoneCore, Target, lone_core};
pub use names::{demangle, function_names};
pub use needs::Needs;
pub use producers::{LanguageGuess, Producer, guess_language, producers};
pub use signature::{Signature, ValType};
pub use sizes::{FunctionSize, SectionSize, Sizes, sizes};
pub use sniff::is_text;
#[cfg(feature = "wit")]
pub use wit::wit;

/// The two binary forms of a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Form {
    /// A core module: imports and exports functions on numbers.
    Module,
    /// A component: imports and exports typed interfaces, and contains core modules.
    Component,
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Form::Module => "module",
            Form::Component => "component",
        })
    }
}

/// What the bytes of a guest say about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// Module or component.
    pub form: Form,
    /// SHA-256 of the whole file.
    pub digest: Digest,
    /// Size of the file in bytes.
    pub size: u64,
    /// Imports of the outermost module or component, in file order.
    pub imports: Vec<Import>,
    /// Exports of the outermost module or component, in file order.
    pub exports: Vec<Export>,
    /// Custom sections of the outermost module or component, in file order.
    pub customs: Vec<CustomSection>,
    /// What the guest asks of the engine.
    pub needs: Needs,
    /// Bytes of all code sections, those of nested modules included.
    pub code_size: u64,
}

impl Shape {
    /// Reads the shape of a binary module or component.
    ///
    /// # Errors
    /// [`BadBytes`] says why `bytes` is not a guest. Text (see [`is_text`]) must be converted by the
    /// caller first.
    pub fn parse(bytes: &[u8]) -> Result<Shape, BadBytes> {
        Shape::parse_as(bytes, Digest::of)
    }

    /// Like [`Shape::parse`], for a caller that already knows the file's digest, as a registry does.
    /// Hashing costs more than everything else together.
    ///
    /// # Errors
    /// As [`Shape::parse`]. The digest is believed, not checked.
    pub fn parse_with_digest(bytes: &[u8], digest: Digest) -> Result<Shape, BadBytes> {
        Shape::parse_as(bytes, |_| digest)
    }

    fn parse_as(bytes: &[u8], digest: impl FnOnce(&[u8]) -> Digest) -> Result<Shape, BadBytes> {
        let found = collect::collect(bytes)?;
        Ok(Shape {
            form: found.form,
            digest: digest(bytes),
            size: bytes.len() as u64,
            imports: found.imports,
            exports: found.exports,
            customs: found.customs,
            needs: found.needs,
            code_size: found.code_size,
        })
    }

    /// The first import called `name` from `module`. For components `module` is `""`.
    #[must_use]
    pub fn import(&self, module: &str, name: &str) -> Option<&Import> {
        self.imports.iter().find(|import| import.module == module && import.name == name)
    }

    /// The export called `name`.
    #[must_use]
    pub fn export(&self, name: &str) -> Option<&Export> {
        self.exports.iter().find(|export| export.name == name)
    }

    /// The name under which the core function with this index is exported, if it is.
    #[must_use]
    pub fn function_named(&self, index: u32) -> Option<&str> {
        self.exports.iter().find(|export| export.function == Some(index)).map(|export| export.name.as_str())
    }

    /// The first custom section called `name`.
    #[must_use]
    pub fn custom(&self, name: &str) -> Option<&CustomSection> {
        self.customs.iter().find(|custom| custom.name == name)
    }
}

/// Something the guest needs from its host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// The module part of a core import (`wasi_snapshot_preview1`). Empty for components.
    pub module: String,
    /// The name of a core import (`fd_write`) or the full name of a component's import
    /// (`wasi:cli/environment@0.2.6`).
    pub name: String,
    /// What kind of thing must be provided.
    pub ty: ExternType,
}

/// Something the guest offers to its host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// The name (`_start`), for a component's interface with package and version
    /// (`wasi:cli/run@0.2.6`).
    pub name: String,
    /// What kind of thing is offered.
    pub ty: ExternType,
    /// The index of an exported core function, as stack traces give it.
    pub function: Option<u32>,
}

/// The kind, and as far as detection needs it the type, of an import or export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExternType {
    /// A core function.
    Func(Signature),
    /// A core table.
    Table,
    /// A core memory.
    Memory {
        /// Threads may share it.
        shared: bool,
        /// It is addressed by 64-bit integers.
        memory64: bool,
    },
    /// A core global.
    Global,
    /// A core exception tag.
    Tag,
    /// An interface of a component: the names of the functions and resources in it, where the file
    /// says so, else empty.
    Instance(Vec<String>),
    /// A function of a component.
    ComponentFunc,
    /// A whole component.
    Component,
    /// A core module, seen from a component.
    CoreModule,
    /// A type of a component, such as a resource.
    Type,
    /// A value of a component.
    Value,
}

/// A custom section: bytes the specification gives no meaning to, under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomSection {
    /// The section's name.
    pub name: String,
    /// Where its contents, without the name, are in the file: a range of byte offsets.
    pub range: Range<usize>,
}

impl CustomSection {
    /// The section's contents, out of the `file` whose shape this is part of. `None` for another file
    /// that is too short.
    #[must_use]
    pub fn contents<'a>(&self, file: &'a [u8]) -> Option<&'a [u8]> {
        file.get(self.range.clone())
    }
}
