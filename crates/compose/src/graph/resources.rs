//! Resources that two parts would have from different places.

use wac_graph::types::{InterfaceId, ItemKind, Type};

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

/// The resources that an interface has from other interfaces, with those.
fn resources(loaded: &Loaded, part: usize, name: &str, import: bool) -> Vec<(String, String)> {
    let Some(ItemKind::Instance(id)) = loaded.item(part, name, import) else { return Vec::new() };
    let types = loaded.graph.types();
    let interface = &types[id];
    let is_resource = |name: &str| matches!(interface.exports.get(name), Some(ItemKind::Type(Type::Resource(_))));
    let from = |id: InterfaceId| types[id].id.clone();
    (interface.uses.iter())
        .filter(|(name, _)| is_resource(name))
        .filter_map(|(name, used)| Some((used.name.clone().unwrap_or_else(|| name.clone()), from(used.interface)?)))
        .collect()
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
