//! What a component imports and exports.

use wasmparser::{Chunk, ComponentExternalKind, ComponentTypeRef, Encoding, Parser, Payload};

use crate::error::{BadComponent, because};
use crate::nesting::{BadTypes, MAX_NESTING, check_types};

/// The names on the outside of a component.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct World {
    /// What it imports, in its order.
    pub imports: Vec<Extern>,
    /// What it exports, in its order.
    pub exports: Vec<Extern>,
}

/// An import or export of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extern {
    /// Its name: `acme:model/infer@1.0.0` for an interface, `infer` for what stands alone.
    pub name: String,
    /// What it is.
    pub kind: ExternKind,
}

/// What an import or export is (component model, `Explainer.md`, "Import and Export Definitions").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExternKind {
    /// An instance, which is what an interface is.
    Instance,
    /// A function.
    Function,
    /// A type.
    Type,
    /// A component, a core module, or a value.
    Other,
}

/// The most imports or exports of one component. The largest known have some hundred. What composes them follows the types
/// that one interface uses of another, and recurses.
const MAX_EXTERNS: usize = 1000;

impl World {
    /// Reads what the component in `bytes` imports and exports. Costs a look at each of its sections, nested ones included,
    /// and none at code; it does not validate, but what it has read nests no deeper than tools can bear.
    ///
    /// # Errors
    /// When the bytes are not a component, malformed, or nested too deep.
    pub fn read(bytes: &[u8]) -> Result<World, BadComponent> {
        let mut world = World::default();
        let mut parents = Vec::new();
        let mut parser = Parser::new(0);
        let mut rest = bytes;
        check_header(bytes)?;
        loop {
            let Chunk::Parsed { consumed, payload } = parser.parse(rest, true)? else {
                return Err(BadComponent::Malformed("unexpected end".to_owned()));
            };
            rest = rest.get(consumed..).unwrap_or_default();
            match payload {
                Payload::ModuleSection { parser: inner, .. } | Payload::ComponentSection { parser: inner, .. } => {
                    if parents.len() >= MAX_NESTING {
                        return Err(BadComponent::TooDeep);
                    }
                    parents.push(std::mem::replace(&mut parser, inner));
                }
                Payload::CodeSectionStart { size, .. } => {
                    rest = rest.get(size as usize..).ok_or_else(|| because("unexpected end of a code section"))?;
                    parser.skip_section();
                }
                Payload::ComponentTypeSection(types) => check_types(bytes, types.range(), parents.len())?,
                Payload::End(_) => match parents.pop() {
                    Some(parent) => parser = parent,
                    None => return Ok(world),
                },
                payload if parents.is_empty() => world.see(payload)?,
                _ => {}
            }
        }
    }

    fn see(&mut self, payload: Payload<'_>) -> Result<(), BadComponent> {
        match payload {
            Payload::ComponentImportSection(section) => {
                for import in section {
                    let import = import?;
                    let name = plain(import.name.name, import.name.implements)?;
                    self.imports.push(Extern { name, kind: import.ty.into() });
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    let export = export?;
                    let name = plain(export.name.name, export.name.implements)?;
                    self.exports.push(Extern { name, kind: export.kind.into() });
                }
            }
            _ => {}
        }
        if self.imports.len().max(self.exports.len()) > MAX_EXTERNS {
            return Err(because(&format!("more than {MAX_EXTERNS} imports or exports")));
        }
        Ok(())
    }
}

/// A name that says all there is. One that stands for an interface could pass for something else than it is.
fn plain(name: &str, implements: Option<&str>) -> Result<String, BadComponent> {
    match implements {
        None => Ok(name.to_owned()),
        Some(interface) => Err(BadComponent::Label { name: name.to_owned(), interface: interface.to_owned() }),
    }
}

fn check_header(bytes: &[u8]) -> Result<(), BadComponent> {
    if !bytes.starts_with(b"\0asm") {
        return Err(BadComponent::NotWasm);
    }
    // Version and layer (`Binary.md`, "Component Definitions").
    if Parser::is_core_wasm(bytes) {
        return Err(BadComponent::Module);
    }
    let encoding = if Parser::is_component(bytes) { Encoding::Component } else { Encoding::Module };
    if encoding == Encoding::Module { Err(because("unknown version of the format")) } else { Ok(()) }
}

impl From<BadTypes> for BadComponent {
    fn from(bad: BadTypes) -> Self {
        match bad {
            BadTypes::TooDeep => BadComponent::TooDeep,
            BadTypes::Malformed(why) => BadComponent::Malformed(why),
        }
    }
}

impl From<ComponentTypeRef> for ExternKind {
    fn from(ty: ComponentTypeRef) -> Self {
        match ty {
            ComponentTypeRef::Instance(_) => ExternKind::Instance,
            ComponentTypeRef::Func(_) => ExternKind::Function,
            ComponentTypeRef::Type(_) => ExternKind::Type,
            ComponentTypeRef::Module(_) | ComponentTypeRef::Component(_) | ComponentTypeRef::Value(_) => {
                ExternKind::Other
            }
        }
    }
}

impl From<ComponentExternalKind> for ExternKind {
    fn from(kind: ComponentExternalKind) -> Self {
        match kind {
            ComponentExternalKind::Instance => ExternKind::Instance,
            ComponentExternalKind::Func => ExternKind::Function,
            ComponentExternalKind::Type => ExternKind::Type,
            ComponentExternalKind::Module | ComponentExternalKind::Component | ComponentExternalKind::Value => {
                ExternKind::Other
            }
        }
    }
}
