//! Proposals that show in the sections of a module.

use wasmparser::{
    AbstractHeapType, CompositeInnerType, ConstExpr, DataKind, Element, ElementItems, ElementKind, ExternalKind,
    FuncType, FunctionBody, GlobalType, HeapType, MemoryType, OperatorsReader, OperatorsReaderAllocations, Payload,
    RecGroup, RefType, StorageType, TableInit, TableType, TypeRef, ValType,
};

use super::operators::Scanner;
use super::{Feature, Seen};
use crate::shape::bad::BadBytes;

/// What one module uses.
#[derive(Default)]
pub(super) struct ModuleFeatures {
    scanner: Scanner,
    allocations: OperatorsReaderAllocations,
    memories: u32,
    tables: u32,
    tags: u32,
    /// For each global, imported ones first, whether it is mutable.
    globals: Vec<bool>,
}

impl ModuleFeatures {
    /// What was found in the whole module.
    pub(super) fn finish(self) -> Seen {
        let mut seen = self.scanner.seen;
        seen.add_if(self.memories > 1, Feature::MultiMemory);
        seen.add_if(self.tables > 1, Feature::ReferenceTypes);
        // Tags belong to both versions of exception handling; the instructions say to which.
        seen.add_if(self.tags > 0 && !seen.has(Feature::LegacyExceptions), Feature::Exceptions);
        seen
    }

    pub(super) fn see(&mut self, payload: Payload<'_>) -> Result<(), BadBytes> {
        match payload {
            Payload::TypeSection(types) => each(types, |group| self.see_types(group)),
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    self.see_import(import?.ty);
                }
                Ok(())
            }
            Payload::TableSection(tables) => each(tables, |table| {
                self.see_table(&table.ty);
                match table.init {
                    TableInit::RefNull => Ok(()),
                    TableInit::Expr(init) => {
                        self.seen().add(Feature::FunctionReferences);
                        self.see_constant(&init)
                    }
                }
            }),
            Payload::MemorySection(memories) => each(memories, |memory| {
                self.see_memory(&memory);
                Ok(())
            }),
            Payload::TagSection(tags) => {
                self.tags += tags.count();
                Ok(())
            }
            Payload::GlobalSection(globals) => each(globals, |global| {
                self.see_global(&global.ty);
                self.see_constant(&global.init_expr)
            }),
            Payload::ExportSection(exports) => each(exports, |export| {
                let is_mutable = self.globals.get(export.index as usize).copied().unwrap_or_default();
                self.seen().add_if(export.kind == ExternalKind::Global && is_mutable, Feature::MutableGlobals);
                Ok(())
            }),
            Payload::ElementSection(elements) => each(elements, |element| self.see_element(element)),
            Payload::DataCountSection { .. } => {
                self.seen().add(Feature::BulkMemory);
                Ok(())
            }
            Payload::DataSection(data) => each(data, |data| match data.kind {
                DataKind::Passive => {
                    self.seen().add(Feature::BulkMemory);
                    Ok(())
                }
                DataKind::Active { offset_expr, .. } => self.see_constant(&offset_expr),
            }),
            Payload::CodeSectionEntry(body) => self.see_body(&body),
            _ => Ok(()),
        }
    }

    fn seen(&mut self) -> &mut Seen {
        &mut self.scanner.seen
    }

    fn see_types(&mut self, group: RecGroup) -> Result<(), BadBytes> {
        self.seen().add_if(group.is_explicit_rec_group(), Feature::Gc);
        for ty in group.types() {
            let is_sub = ty.supertype_idx.is_some() || !ty.is_final;
            self.seen().add_if(is_sub, Feature::Gc);
            let composite = &ty.composite_type;
            self.seen().add_if(composite.shared, Feature::SharedEverythingThreads);
            let has_descriptor = composite.descriptor_idx.is_some() || composite.describes_idx.is_some();
            self.seen().add_if(has_descriptor, Feature::CustomDescriptors);
            match &composite.inner {
                CompositeInnerType::Func(ty) => self.see_func_type(ty),
                CompositeInnerType::Array(ty) => self.see_storage(ty.0.element_type),
                CompositeInnerType::Struct(ty) => {
                    self.seen().add(Feature::Gc);
                    ty.fields.iter().for_each(|field| self.see_storage(field.element_type));
                }
                CompositeInnerType::Cont(_) => self.seen().add(Feature::StackSwitching),
            }
            let is_multi = match &composite.inner {
                CompositeInnerType::Func(ty) => !ty.params().is_empty() || ty.results().len() > 1,
                _ => false,
            };
            self.scanner.multi_value_types.push(is_multi);
        }
        Ok(())
    }

    fn see_func_type(&mut self, ty: &FuncType) {
        self.seen().add_if(ty.results().len() > 1, Feature::MultiValue);
        ty.params().iter().chain(ty.results()).for_each(|ty| self.see_value(*ty));
    }

    fn see_storage(&mut self, ty: StorageType) {
        self.seen().add(Feature::Gc);
        if let StorageType::Val(ty) = ty {
            self.see_value(ty);
        }
    }

    fn see_value(&mut self, ty: ValType) {
        match ty {
            ValType::V128 => self.seen().add(Feature::Simd),
            ValType::Ref(ty) => self.see_reference(ty),
            _ => {}
        }
    }

    fn see_reference(&mut self, ty: RefType) {
        self.seen().add(Feature::ReferenceTypes);
        self.seen().add_if(!ty.is_nullable(), Feature::FunctionReferences);
        match ty.heap_type() {
            HeapType::Concrete(_) => self.seen().add(Feature::FunctionReferences),
            HeapType::Exact(_) => self.seen().add(Feature::CustomDescriptors),
            HeapType::Abstract { shared, ty } => {
                self.seen().add_if(shared, Feature::SharedEverythingThreads);
                match ty {
                    AbstractHeapType::Func | AbstractHeapType::Extern => {}
                    AbstractHeapType::Exn | AbstractHeapType::NoExn => self.seen().add(Feature::Exceptions),
                    AbstractHeapType::Cont | AbstractHeapType::NoCont => self.seen().add(Feature::StackSwitching),
                    _ => self.seen().add(Feature::Gc),
                }
            }
        }
    }

    fn see_import(&mut self, ty: TypeRef) {
        match ty {
            TypeRef::Table(table) => self.see_table(&table),
            TypeRef::Memory(memory) => self.see_memory(&memory),
            TypeRef::Global(global) => {
                self.see_global(&global);
                self.seen().add_if(global.mutable, Feature::MutableGlobals);
            }
            TypeRef::Tag(_) => self.tags += 1,
            TypeRef::FuncExact(_) => self.seen().add(Feature::CustomDescriptors),
            TypeRef::Func(_) => {}
        }
    }

    fn see_table(&mut self, table: &TableType) {
        self.tables = self.tables.saturating_add(1);
        self.seen().add_if(table.table64, Feature::Memory64);
        self.seen().add_if(table.shared, Feature::SharedEverythingThreads);
        // A table of plain function references was there from the beginning.
        if table.element_type != RefType::FUNCREF {
            self.see_reference(table.element_type);
        }
    }

    fn see_memory(&mut self, memory: &MemoryType) {
        self.memories = self.memories.saturating_add(1);
        self.seen().add_if(memory.memory64, Feature::Memory64);
        self.seen().add_if(memory.shared, Feature::Threads);
        self.seen().add_if(memory.page_size_log2.is_some(), Feature::CustomPageSizes);
    }

    fn see_global(&mut self, global: &GlobalType) {
        self.globals.push(global.mutable);
        self.seen().add_if(global.shared, Feature::SharedEverythingThreads);
        self.see_value(global.content_type);
    }

    fn see_element(&mut self, element: Element<'_>) -> Result<(), BadBytes> {
        match element.kind {
            ElementKind::Passive => self.seen().add(Feature::BulkMemory),
            ElementKind::Declared => self.seen().add(Feature::ReferenceTypes),
            ElementKind::Active { offset_expr, .. } => self.see_constant(&offset_expr)?,
        }
        if let ElementItems::Expressions(ty, items) = element.items {
            self.see_reference(ty);
            for item in items {
                self.see_constant(&item?)?;
            }
        }
        Ok(())
    }

    fn see_constant(&mut self, constant: &ConstExpr<'_>) -> Result<(), BadBytes> {
        self.scanner.in_constant = true;
        let result = self.scan(constant.get_operators_reader().get_binary_reader());
        self.scanner.in_constant = false;
        result
    }

    fn see_body(&mut self, body: &FunctionBody<'_>) -> Result<(), BadBytes> {
        let mut locals = body.get_locals_reader()?;
        for _ in 0..locals.get_count() {
            let (_, ty) = locals.read()?;
            self.see_value(ty);
        }
        self.scan(locals.get_binary_reader())
    }

    fn scan(&mut self, code: wasmparser::BinaryReader<'_>) -> Result<(), BadBytes> {
        let mut operators = OperatorsReader::new_with_allocs(code, std::mem::take(&mut self.allocations));
        while !operators.eof() {
            operators.visit_operator(&mut self.scanner)?;
        }
        self.allocations = operators.into_allocations();
        Ok(())
    }
}

fn each<'a, T: wasmparser::FromReader<'a>>(
    section: wasmparser::SectionLimited<'a, T>,
    mut see: impl FnMut(T) -> Result<(), BadBytes>,
) -> Result<(), BadBytes> {
    for item in section {
        see(item?)?;
    }
    Ok(())
}
