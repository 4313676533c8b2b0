//! Resources that two parts would have from different places.

use std::collections::HashSet;

use wac_graph::types::{
    DefinedType, DefinedTypeId, FuncTypeId, InterfaceId, ItemKind, ResourceId, Type, Types, ValueType,
};

use super::{Loaded, imports_of};
use crate::choose::{Choices, Source};
use crate::error::SplitResource;
use crate::{Plan, World};

/// Where a resource's interface comes from: a part, itself included, or the host.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Host,
    Part(usize),
}

/// The first resource that crosses between two parts which have its interface from different places.
pub(super) fn split(plan: &Plan, worlds: &[World], choices: &Choices, loaded: &Loaded) -> Option<SplitResource> {
    for part in 0..worlds.len() {
        for (import, source) in imports_of(worlds, choices, part) {
            let Source::Part { part: to, export, .. } = source else { continue };
            let here = resources(loaded, part, import, true);
            let there = resources(loaded, *to, export, false);
            for (name, interface) in here {
                let Some((_, other)) = there.iter().find(|(other, _)| *other == name) else { continue };
                let (one, two) = (origin(worlds, choices, part, &interface), origin(worlds, choices, *to, other));
                if one != two {
                    return Some(SplitResource {
                        through: (plan.name(part).to_owned(), import.to_owned()),
                        interface,
                        resource: name,
                        sides: [(part, one), (*to, two)]
                            .map(|(part, origin)| (plan.name(part).to_owned(), said(plan, origin))),
                    });
                }
            }
        }
    }
    None
}

/// The first resource that a part has from another one and would pass to the host, whose own it is not.
pub(super) fn passed_to_host(
    plan: &Plan,
    worlds: &[World],
    choices: &Choices,
    loaded: &Loaded,
) -> Option<SplitResource> {
    for part in 0..worlds.len() {
        let left = imports_of(worlds, choices, part).filter(|(_, source)| **source == Source::Host);
        for (import, _) in left {
            for (resource, interface) in resources(loaded, part, import, true) {
                let from @ Origin::Part(_) = origin(worlds, choices, part, &interface) else { continue };
                return Some(SplitResource {
                    through: (plan.name(part).to_owned(), import.to_owned()),
                    interface,
                    resource,
                    sides: [(plan.name(part).to_owned(), said(plan, from)), ("host".to_owned(), "host".to_owned())],
                });
            }
        }
    }
    None
}

/// The resources that an interface or function has from interfaces, with those.
fn resources(loaded: &Loaded, part: usize, name: &str, import: bool) -> Vec<(String, String)> {
    let types = loaded.graph.types();
    let id = match loaded.item(part, name, import) {
        Some(ItemKind::Instance(id)) => id,
        Some(ItemKind::Func(id)) => return of_function(types, id),
        _ => return Vec::new(),
    };
    let interface = &types[id];
    let is_resource = |name: &str| matches!(interface.exports.get(name), Some(ItemKind::Type(Type::Resource(_))));
    let from = |id: InterfaceId| types[id].id.clone();
    (interface.uses.iter())
        .filter(|(name, _)| is_resource(name))
        .filter_map(|(name, used)| Some((used.name.clone().unwrap_or_else(|| name.clone()), from(used.interface)?)))
        .collect()
}

fn of_function(types: &Types, id: FuncTypeId) -> Vec<(String, String)> {
    let function = &types[id];
    let mut found = HashSet::new();
    let mut seen = HashSet::new();
    for ty in function.params.values().chain(&function.result) {
        collect(types, *ty, &mut seen, &mut found);
    }
    let owned = found.into_iter().filter_map(|id| {
        let owner = types[id].alias.and_then(|alias| alias.owner)?;
        Some((types[types.resolve_resource(id)].name.clone(), types[owner].id.clone()?))
    });
    owned.collect()
}

/// The resources in a type. The validator bounds how deep types nest.
fn collect(types: &Types, ty: ValueType, seen: &mut HashSet<DefinedTypeId>, found: &mut HashSet<ResourceId>) {
    let id = match ty {
        ValueType::Primitive(_) => return,
        ValueType::Own(id) | ValueType::Borrow(id) => {
            found.insert(id);
            return;
        }
        ValueType::Defined(id) => id,
    };
    if !seen.insert(id) {
        return;
    }
    let inner: Vec<ValueType> = match &types[id] {
        DefinedType::Tuple(types) => types.clone(),
        DefinedType::List(ty)
        | DefinedType::FixedSizeList(ty, _)
        | DefinedType::Option(ty)
        | DefinedType::Alias(ty) => {
            vec![*ty]
        }
        DefinedType::Map(key, value) => vec![*key, *value],
        DefinedType::Result { ok, err } => ok.iter().chain(err).copied().collect(),
        DefinedType::Variant(variant) => variant.cases.values().flatten().copied().collect(),
        DefinedType::Record(record) => record.fields.values().copied().collect(),
        DefinedType::Flags(_) | DefinedType::Enum(_) => Vec::new(),
        DefinedType::Stream(ty) | DefinedType::Future(ty) => ty.iter().copied().collect(),
    };
    for ty in inner {
        collect(types, ty, seen, found);
    }
}

fn origin(worlds: &[World], choices: &Choices, part: usize, interface: &str) -> Origin {
    let imported = imports_of(worlds, choices, part).find(|(import, _)| *import == interface);
    match imported {
        Some((_, Source::Part { part, .. })) => Origin::Part(*part),
        Some((_, Source::Host)) => Origin::Host,
        // It exports the interface itself.
        None => Origin::Part(part),
    }
}

fn said(plan: &Plan, origin: Origin) -> String {
    match origin {
        Origin::Host => "host".to_owned(),
        Origin::Part(part) => plan.name(part).to_owned(),
    }
}
