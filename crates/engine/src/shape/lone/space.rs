//! The index spaces of a component, as far as a lone core has any.

use std::ops::Range;

use wasmparser::{
    CanonicalFunction, CanonicalOption, ComponentAlias, ComponentExport, ComponentExternalKind, ComponentImport,
    ComponentInstance, ComponentTypeRef, Encoding, ExternalKind, Instance, Payload,
};

use super::inner::Inner;

/// What a component defines, by index. Names borrow from the file.
#[derive(Default)]
pub(super) struct Space<'a> {
    /// Modules and components that the walk is inside of.
    depth: usize,
    /// The component inside this one that is being read.
    inside: Option<Inner<'a>>,
    /// Where each core module is in the file.
    pub(super) modules: Vec<Range<usize>>,
    pub(super) core_instances: Vec<Instance<'a>>,
    pub(super) core_functions: Vec<CoreFunction<'a>>,
    pub(super) core_memories: Vec<Of<'a>>,
    pub(super) core_tables: Vec<Of<'a>>,
    pub(super) types: Vec<Type<'a>>,
    pub(super) functions: Vec<Function<'a>>,
    pub(super) instances: Vec<ComponentInstanceOf<'a>>,
    pub(super) components: Vec<Inner<'a>>,
    /// Exported instances: name, and index.
    pub(super) exports: Vec<(&'a str, u32)>,
}

/// An export of an instance.
#[derive(Clone, Copy)]
pub(super) struct Of<'a> {
    pub(super) instance: u32,
    pub(super) name: &'a str,
}

pub(super) enum CoreFunction<'a> {
    Export(Of<'a>),
    Lower { function: u32, options: Options },
    Drop { resource: u32 },
}

#[derive(Clone, Copy)]
pub(super) enum Type<'a> {
    /// An export of an instance.
    Export(Of<'a>),
    Other,
}

#[derive(Clone, Copy)]
pub(super) enum Function<'a> {
    /// An export of an instance.
    Export(Of<'a>),
    Lift {
        core: u32,
        options: Options,
    },
}

pub(super) enum ComponentInstanceOf<'a> {
    /// An import of this name.
    Import(&'a str),
    Made(ComponentInstance<'a>),
    /// An instance that is there already, exported.
    Same(u32),
}

/// How values cross. Indices of core memories and functions.
#[derive(Clone, Copy, Default)]
pub(super) struct Options {
    pub(super) memory: Option<u32>,
    pub(super) realloc: Option<u32>,
    pub(super) post_return: Option<u32>,
}

impl<'a> Space<'a> {
    /// Takes note of the next payload. `None` when it shows that this is no lone core.
    pub(super) fn see(&mut self, payload: Payload<'a>) -> Option<()> {
        match &payload {
            Payload::Version { encoding, .. } => {
                self.depth += 1;
                if self.depth == 1 && *encoding == Encoding::Module || self.depth > 2 {
                    return None;
                }
                if self.depth == 2 && *encoding == Encoding::Component {
                    self.inside = Some(Inner::default());
                }
                return Some(());
            }
            Payload::End(_) => {
                self.depth -= 1;
                self.components.extend(self.inside.take());
                return Some(());
            }
            _ => {}
        }
        match &mut self.inside {
            Some(inner) => inner.see(payload),
            // Modules are looked at when it is known what they are for.
            None if self.depth > 1 => Some(()),
            None => self.define(payload),
        }
    }

    fn define(&mut self, payload: Payload<'a>) -> Option<()> {
        match payload {
            Payload::ModuleSection { unchecked_range, .. } => self.modules.push(unchecked_range),
            Payload::InstanceSection(section) => {
                for instance in section {
                    self.core_instances.push(instance.ok()?);
                }
            }
            Payload::ComponentInstanceSection(section) => {
                for instance in section {
                    self.instances.push(ComponentInstanceOf::Made(instance.ok()?));
                }
            }
            Payload::ComponentTypeSection(section) => {
                // The count is only claimed; a type has at least one byte.
                let types = usize::try_from(section.count()).ok().filter(|types| *types <= section.range().len())?;
                self.types.extend(std::iter::repeat_n(Type::Other, types));
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section {
                    self.alias(alias.ok()?)?;
                }
            }
            Payload::ComponentCanonicalSection(section) => {
                for function in section {
                    self.canonical(function.ok()?)?;
                }
            }
            Payload::ComponentImportSection(section) => {
                for import in section {
                    self.import(&import.ok()?)?;
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    self.export(&export.ok()?)?;
                }
            }
            // `Inner` takes it from here.
            Payload::ComponentSection { .. } | Payload::CustomSection(_) => {}
            _ => return None,
        }
        Some(())
    }

    fn alias(&mut self, alias: ComponentAlias<'a>) -> Option<()> {
        match alias {
            ComponentAlias::InstanceExport { kind, instance_index, name } => {
                let of = Of { instance: instance_index, name };
                match kind {
                    ComponentExternalKind::Type => self.types.push(Type::Export(of)),
                    ComponentExternalKind::Func => self.functions.push(Function::Export(of)),
                    _ => return None,
                }
            }
            ComponentAlias::CoreInstanceExport { kind, instance_index, name } => {
                let of = Of { instance: instance_index, name };
                match kind {
                    ExternalKind::Func => self.core_functions.push(CoreFunction::Export(of)),
                    ExternalKind::Memory => self.core_memories.push(of),
                    ExternalKind::Table => self.core_tables.push(of),
                    _ => return None,
                }
            }
            ComponentAlias::Outer { .. } => return None,
        }
        Some(())
    }

    fn canonical(&mut self, function: CanonicalFunction) -> Option<()> {
        match function {
            CanonicalFunction::Lower { func_index, options } => {
                let options = Options::read(&options)?;
                self.core_functions.push(CoreFunction::Lower { function: func_index, options });
            }
            CanonicalFunction::Lift { core_func_index, options, .. } => {
                let options = Options::read(&options)?;
                self.functions.push(Function::Lift { core: core_func_index, options });
            }
            CanonicalFunction::ResourceDrop { resource } => self.core_functions.push(CoreFunction::Drop { resource }),
            _ => return None,
        }
        Some(())
    }

    fn import(&mut self, import: &ComponentImport<'a>) -> Option<()> {
        match import.ty {
            ComponentTypeRef::Instance(_) => self.instances.push(ComponentInstanceOf::Import(import.name.name)),
            _ => return None,
        }
        Some(())
    }

    fn export(&mut self, export: &ComponentExport<'a>) -> Option<()> {
        match export.kind {
            ComponentExternalKind::Instance => {
                self.exports.push((export.name.name, export.index));
                self.instances.push(ComponentInstanceOf::Same(export.index));
            }
            ComponentExternalKind::Type => {
                let same = *self.types.get(export.index as usize)?;
                self.types.push(same);
            }
            _ => return None,
        }
        Some(())
    }
}

impl Options {
    /// `None` for options that core functions of a host do not follow.
    fn read(options: &[CanonicalOption]) -> Option<Self> {
        let mut read = Self::default();
        for option in options {
            match *option {
                CanonicalOption::UTF8 => {}
                CanonicalOption::Memory(memory) => read.memory = Some(memory),
                CanonicalOption::Realloc(function) => read.realloc = Some(function),
                CanonicalOption::PostReturn(function) => read.post_return = Some(function),
                _ => return None,
            }
        }
        Some(read)
    }
}
