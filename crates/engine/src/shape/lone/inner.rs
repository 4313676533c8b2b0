//! The component inside a component through which its tools give an exported interface its types: it takes functions
//! in and gives them out again.

use wasmparser::{ComponentExternalKind, ComponentTypeRef, Payload};

/// A component that exports functions it imports and does nothing.
#[derive(Default)]
pub(super) struct Inner<'a> {
    /// The name of the import that each function is.
    functions: Vec<&'a str>,
    /// Export, and import.
    exports: Vec<(&'a str, &'a str)>,
}

impl<'a> Inner<'a> {
    /// The import that is exported under this name.
    pub(super) fn import_behind(&self, export: &str) -> Option<&'a str> {
        self.exports.iter().find(|(name, _)| *name == export).map(|(_, import)| *import)
    }

    /// The names of exported functions.
    pub(super) fn exports(&self) -> impl Iterator<Item = &'a str> {
        self.exports.iter().map(|(name, _)| *name)
    }

    pub(super) fn see(&mut self, payload: Payload<'a>) -> Option<()> {
        match payload {
            Payload::ComponentImportSection(section) => {
                for import in section {
                    let import = import.ok()?;
                    match import.ty {
                        ComponentTypeRef::Func(_) => self.functions.push(import.name.name),
                        ComponentTypeRef::Type(_) => {}
                        _ => return None,
                    }
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    let export = export.ok()?;
                    match export.kind {
                        ComponentExternalKind::Func => {
                            let import = *self.functions.get(export.index as usize)?;
                            self.exports.push((export.name.name, import));
                            self.functions.push(import);
                        }
                        ComponentExternalKind::Type => {}
                        _ => return None,
                    }
                }
            }
            Payload::ComponentTypeSection(_) | Payload::CustomSection(_) => {}
            _ => return None,
        }
        Some(())
    }
}
