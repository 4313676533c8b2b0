//! Imports and exports, grouped and typed for people.

use holm_abi::{Abi, Provision};
use holm_engine::shape::{Export, ExternType, Form, Import, Shape};

use super::types::Types;

/// One thing that is imported or exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) name: String,
    /// `function`, `memory`, `interface`, …; `None` where the guest's types could not be read.
    pub(super) kind: Option<&'static str>,
    /// A signature, or what else is known of its type.
    pub(super) ty: Option<String>,
    /// What is in it, if it is an interface.
    pub(super) items: Vec<Item>,
}

/// Imports from one interface that are satisfied in the same way.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// The interface, or the core module imported from; `None` for what a component imports on its own.
    pub(super) interface: Option<String>,
    pub(super) items: Vec<Item>,
    pub(super) satisfied_by: Provision,
}

/// What the guest imports, in the order of the file.
pub(super) fn imports(shape: &Shape, abi: &dyn Abi, types: &Types) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    // What components import as types only names types of other imports, so nobody has to provide it.
    for import in shape.imports.iter().filter(|import| import.ty != ExternType::Type) {
        let (interface, items) = import_items(shape.form, import, types);
        let satisfied_by = abi.provides(import);
        // The members of an interface come one after the other, as all linkers write them: looking only at the
        // last groups keeps a hostile guest from making this take for ever.
        let known = groups.iter_mut().rev().take(NEAR);
        let mut same = known.filter(|group| group.interface == interface && group.satisfied_by == satisfied_by);
        match same.next() {
            Some(group) => group.items.extend(items),
            None => groups.push(Group { interface, items, satisfied_by }),
        }
    }
    groups
}

/// How many groups back the interface of an import is looked for.
const NEAR: usize = 64;

fn import_items(form: Form, import: &Import, types: &Types) -> (Option<String>, Vec<Item>) {
    match (form, &import.ty) {
        (Form::Module, ty) => (Some(import.module.clone()), vec![core_item(&import.name, ty)]),
        (Form::Component, ExternType::Instance(names)) => {
            (Some(import.name.clone()), members(&import.name, names, types))
        }
        (Form::Component, ty) => {
            (None, vec![Item { ty: owned(types.import(&import.name)), ..plain(&import.name, ty) }])
        }
    }
}

/// What the guest exports, in the order of the file.
pub(super) fn exports(shape: &Shape, types: &Types) -> Vec<Item> {
    shape.exports.iter().map(|export| export_item(shape.form, export, types)).collect()
}

fn export_item(form: Form, export: &Export, types: &Types) -> Item {
    match (form, &export.ty) {
        (Form::Module, ty) => core_item(&export.name, ty),
        (Form::Component, ExternType::Instance(names)) => {
            Item { items: members(&export.name, names, types), ..plain(&export.name, &export.ty) }
        }
        (Form::Component, ty) => Item { ty: owned(types.export(&export.name)), ..plain(&export.name, ty) },
    }
}

fn members(interface: &str, names: &[String], types: &Types) -> Vec<Item> {
    let member = |name: &String| {
        let ty = types.member(interface, name);
        let kind = match ty {
            Some("resource") => Some("resource"),
            Some(_) => Some("function"),
            None => None,
        };
        let ty = owned(ty.filter(|ty| *ty != "resource"));
        Item { name: name.clone(), kind, ty, items: Vec::new() }
    };
    names.iter().map(member).collect()
}

fn core_item(name: &str, ty: &ExternType) -> Item {
    let details = match ty {
        ExternType::Func(signature) => Some(signature.to_string()),
        ExternType::Memory { shared: true, memory64: true } => Some("shared, 64-bit".to_owned()),
        ExternType::Memory { shared: true, .. } => Some("shared".to_owned()),
        ExternType::Memory { memory64: true, .. } => Some("64-bit".to_owned()),
        _ => None,
    };
    Item { ty: details, ..plain(name, ty) }
}

fn plain(name: &str, ty: &ExternType) -> Item {
    let kind = match ty {
        ExternType::Func(_) | ExternType::ComponentFunc => "function",
        ExternType::Table => "table",
        ExternType::Memory { .. } => "memory",
        ExternType::Global => "global",
        ExternType::Tag => "tag",
        ExternType::Instance(_) => "interface",
        ExternType::Component => "component",
        ExternType::CoreModule => "core module",
        ExternType::Type => "type",
        ExternType::Value => "value",
    };
    Item { name: name.to_owned(), kind: Some(kind), ty: None, items: Vec::new() }
}

fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}
