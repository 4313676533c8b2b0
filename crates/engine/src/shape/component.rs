//! The interface of a component.

use std::rc::Rc;

use wasmparser::{
    ComponentAlias, ComponentExport, ComponentExternalKind, ComponentImport, ComponentInstance,
    ComponentOuterAliasKind, ComponentTypeRef, Payload, TypeBounds,
};

use super::ExternType;
use super::bad::BadBytes;
use super::collect::Found;
use super::component_types::{Names, TypeItem, read_section};

/// The index spaces of a component, as far as they are needed to say what is in an exported instance.
/// What cannot be followed, such as an alias to the outside, has no names.
#[derive(Default)]
pub(super) struct ComponentSpace<'a> {
    types: Vec<TypeItem<'a>>,
    instances: Vec<Names<'a>>,
    components: Vec<Names<'a>>,
    /// The functions and resources that this component itself exports.
    exports: Vec<&'a str>,
}

impl<'a> ComponentSpace<'a> {
    /// Adds the component whose end was just reached inside this one.
    pub(super) fn define_component(&mut self, inner: ComponentSpace<'a>) {
        self.components.push(inner.exports.into());
    }

    pub(super) fn see(
        &mut self,
        file: &'a [u8],
        payload: Payload<'a>,
        outermost: bool,
        found: &mut Found,
    ) -> Result<(), BadBytes> {
        match payload {
            Payload::ComponentTypeSection(section) => {
                let types = &mut self.types;
                read_section(file, section.range(), &mut found.needs, |ty| types.push(ty))?;
            }
            Payload::ComponentImportSection(imports) => {
                for import in imports {
                    self.see_import(&import?, outermost, found)?;
                }
            }
            Payload::ComponentExportSection(exports) => {
                for export in exports {
                    self.see_export(&export?, outermost, found)?;
                }
            }
            Payload::ComponentInstanceSection(instances) => {
                for instance in instances {
                    let names = self.instance_names(&instance?);
                    self.instances.push(names);
                }
            }
            Payload::ComponentAliasSection(aliases) => {
                for alias in aliases {
                    self.see_alias(&alias?);
                }
            }
            Payload::ComponentCanonicalSection(functions) => {
                for function in functions {
                    found.needs.see_canonical(&function?);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn see_import(&mut self, import: &ComponentImport<'a>, outermost: bool, found: &mut Found) -> Result<(), BadBytes> {
        found.needs.see_component_name(import.name.name);
        if outermost {
            let ty = match import.ty {
                ComponentTypeRef::Instance(ty) => found.instance(&self.type_names(ty))?,
                ty => plain_type(ty.kind()),
            };
            found.import("", import.name.name, ty)?;
        }
        self.define(import.ty);
        Ok(())
    }

    /// An import adds to the index space of its kind.
    fn define(&mut self, ty: ComponentTypeRef) {
        match ty {
            ComponentTypeRef::Instance(ty) => self.instances.push(self.type_names(ty)),
            ComponentTypeRef::Component(ty) => self.components.push(self.type_names(ty)),
            ComponentTypeRef::Type(TypeBounds::Eq(ty)) => self.types.push(self.type_item(ty)),
            ComponentTypeRef::Type(TypeBounds::SubResource) => self.types.push(TypeItem::Resource),
            ComponentTypeRef::Module(_) | ComponentTypeRef::Func(_) | ComponentTypeRef::Value(_) => {}
        }
    }

    fn see_export(&mut self, export: &ComponentExport<'a>, outermost: bool, found: &mut Found) -> Result<(), BadBytes> {
        found.needs.see_component_name(export.name.name);
        if self.is_function_or_resource(export) {
            self.exports.push(export.name.name);
        }
        let instance = match export.ty {
            Some(ComponentTypeRef::Instance(ty)) => self.type_names(ty),
            _ => names_at(&self.instances, export.index),
        };
        if outermost {
            let ty = match export.kind {
                ComponentExternalKind::Instance => found.instance(&instance)?,
                kind => plain_type(kind),
            };
            found.export(export.name.name, ty, None)?;
        }
        // An export is a definition of its own that later sections may refer to.
        match export.kind {
            ComponentExternalKind::Instance => self.instances.push(instance),
            ComponentExternalKind::Component => self.components.push(names_at(&self.components, export.index)),
            ComponentExternalKind::Type => self.types.push(self.type_item(export.index)),
            ComponentExternalKind::Module | ComponentExternalKind::Func | ComponentExternalKind::Value => {}
        }
        Ok(())
    }

    fn see_alias(&mut self, alias: &ComponentAlias<'a>) {
        match alias {
            ComponentAlias::InstanceExport { kind: ComponentExternalKind::Type, instance_index, name } => {
                let is_resource = names_at(&self.instances, *instance_index).contains(name);
                self.types.push(if is_resource { TypeItem::Resource } else { TypeItem::Other });
            }
            ComponentAlias::InstanceExport { kind: ComponentExternalKind::Instance, .. } => {
                self.instances.push(Rc::default());
            }
            ComponentAlias::InstanceExport { kind: ComponentExternalKind::Component, .. }
            | ComponentAlias::Outer { kind: ComponentOuterAliasKind::Component, .. } => {
                self.components.push(Rc::default());
            }
            ComponentAlias::Outer { kind: ComponentOuterAliasKind::Type, .. } => self.types.push(TypeItem::Other),
            _ => {}
        }
    }

    fn instance_names(&self, instance: &ComponentInstance<'a>) -> Names<'a> {
        match instance {
            ComponentInstance::Instantiate { component_index, .. } => names_at(&self.components, *component_index),
            ComponentInstance::FromExports(exports) => {
                let named = exports.iter().filter(|export| self.is_function_or_resource(export));
                named.map(|export| export.name.name).collect()
            }
        }
    }

    fn is_function_or_resource(&self, export: &ComponentExport<'a>) -> bool {
        match export.kind {
            ComponentExternalKind::Func => true,
            ComponentExternalKind::Type => matches!(self.type_item(export.index), TypeItem::Resource),
            _ => false,
        }
    }

    fn type_item(&self, index: u32) -> TypeItem<'a> {
        self.types.get(index as usize).cloned().unwrap_or(TypeItem::Other)
    }

    fn type_names(&self, index: u32) -> Names<'a> {
        self.type_item(index).names()
    }
}

fn names_at<'a>(names: &[Names<'a>], index: u32) -> Names<'a> {
    names.get(index as usize).cloned().unwrap_or_default()
}

fn plain_type(kind: ComponentExternalKind) -> ExternType {
    match kind {
        ComponentExternalKind::Module => ExternType::CoreModule,
        ComponentExternalKind::Func => ExternType::ComponentFunc,
        ComponentExternalKind::Value => ExternType::Value,
        ComponentExternalKind::Type => ExternType::Type,
        ComponentExternalKind::Instance => ExternType::Instance(Vec::new()),
        ComponentExternalKind::Component => ExternType::Component,
    }
}
