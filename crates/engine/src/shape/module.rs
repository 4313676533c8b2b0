//! The interface of a core module.

use wasmparser::{CompositeInnerType, ExternalKind, FuncType, MemoryType, Payload, RecGroup, TypeRef};

use super::ExternType;
use super::bad::BadBytes;
use super::collect::Found;

/// The index spaces of a module that its exports refer to.
pub(super) struct ModuleSpace {
    /// Nested modules are only looked at for what they need.
    outermost: bool,
    /// `None` for types that are not functions.
    types: Vec<Option<FuncType>>,
    /// The type of each function, imported ones first.
    functions: Vec<u32>,
    memories: Vec<MemoryType>,
}

impl ModuleSpace {
    pub(super) fn new(outermost: bool) -> ModuleSpace {
        ModuleSpace { outermost, types: Vec::new(), functions: Vec::new(), memories: Vec::new() }
    }

    pub(super) fn see(&mut self, payload: Payload<'_>, found: &mut Found) -> Result<(), BadBytes> {
        match payload {
            Payload::TypeSection(types) => {
                for group in types {
                    self.see_types(group?, found);
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports_with_offsets() {
                    let (offset, import) = import?;
                    self.see_import(import, offset, found)?;
                }
            }
            Payload::FunctionSection(functions) if self.outermost => {
                for ty in functions {
                    self.functions.push(ty?);
                }
            }
            Payload::TableSection(tables) => {
                for table in tables {
                    found.needs.see_table(&table?.ty);
                }
            }
            Payload::MemorySection(memories) => {
                for memory in memories {
                    self.see_memory(memory?, found);
                }
            }
            Payload::TagSection(tags) => found.needs.tags |= tags.count() > 0,
            Payload::ExportSection(exports) if self.outermost => {
                for export in exports.into_iter_with_offsets() {
                    let (offset, export) = export?;
                    let ty = self.export_type(&export, offset, found)?;
                    let function = matches!(export.kind, ExternalKind::Func).then_some(export.index);
                    found.export(export.name, ty, function)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn see_types(&mut self, group: RecGroup, found: &mut Found) {
        found.needs.see_types(&group);
        if self.outermost {
            self.types.extend(group.into_types().map(|ty| match ty.composite_type.inner {
                CompositeInnerType::Func(ty) => Some(ty),
                _ => None,
            }));
        }
    }

    fn see_memory(&mut self, memory: MemoryType, found: &mut Found) {
        found.needs.see_memory(&memory);
        found.needs.multi_memory |= !self.memories.is_empty();
        self.memories.push(memory);
    }

    fn see_import(&mut self, import: wasmparser::Import<'_>, offset: usize, found: &mut Found) -> Result<(), BadBytes> {
        match import.ty {
            TypeRef::Func(ty) | TypeRef::FuncExact(ty) if self.outermost => self.functions.push(ty),
            TypeRef::Table(table) => found.needs.see_table(&table),
            TypeRef::Memory(memory) => self.see_memory(memory, found),
            TypeRef::Tag(_) => found.needs.tags = true,
            _ => {}
        }
        if !self.outermost {
            return Ok(());
        }
        let ty = match import.ty {
            TypeRef::Func(ty) | TypeRef::FuncExact(ty) => found.func(self.func_type(ty, offset)?)?,
            TypeRef::Table(_) => ExternType::Table,
            TypeRef::Memory(memory) => memory_type(&memory),
            TypeRef::Global(_) => ExternType::Global,
            TypeRef::Tag(_) => ExternType::Tag,
        };
        found.import(import.module, import.name, ty)
    }

    fn export_type(
        &self,
        export: &wasmparser::Export<'_>,
        offset: usize,
        found: &mut Found,
    ) -> Result<ExternType, BadBytes> {
        let missing = |what| BadBytes::malformed(format!("export `{}` is an unknown {what}", export.name), offset);
        Ok(match export.kind {
            ExternalKind::Func | ExternalKind::FuncExact => {
                let ty = self.functions.get(export.index as usize).ok_or_else(|| missing("function"))?;
                found.func(self.func_type(*ty, offset)?)?
            }
            ExternalKind::Memory => {
                memory_type(self.memories.get(export.index as usize).ok_or_else(|| missing("memory"))?)
            }
            ExternalKind::Table => ExternType::Table,
            ExternalKind::Global => ExternType::Global,
            ExternalKind::Tag => ExternType::Tag,
        })
    }

    fn func_type(&self, index: u32, offset: usize) -> Result<&FuncType, BadBytes> {
        let unknown = || BadBytes::malformed(format!("type {index} is not a function type"), offset);
        self.types.get(index as usize).and_then(Option::as_ref).ok_or_else(unknown)
    }
}

fn memory_type(memory: &MemoryType) -> ExternType {
    ExternType::Memory { shared: memory.shared, memory64: memory.memory64 }
}
