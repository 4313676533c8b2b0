//! Which guest answers which trigger.

use super::super::component::LONGEST_NAME;
use super::{Leading, What};
use crate::dependencies::Dependency;
use crate::guest::Guest;
use crate::triggers::Wagi;
use crate::values::Reader;
use std::collections::BTreeMap;

/// One way in which a component answers requests, and the guest that does.
struct Variant {
    wagi: Option<Wagi>,
    middleware: Vec<Dependency>,
    guest: String,
}

/// Gives every trigger that leads to a component to a guest: the component's own, or another like it where what stands
/// before the component differs from trigger to trigger. `others` are guests already, and get their names.
pub(super) fn all(
    reader: &mut Reader<'_, '_, '_>,
    leading: Vec<Leading>,
    others: Vec<Guest>,
    mut guests: BTreeMap<String, Guest>,
) -> Vec<Guest> {
    let mut counts = BTreeMap::<String, usize>::new();
    leading.iter().for_each(|leading| *counts.entry(leading.component.clone()).or_default() += 1);
    let mut variants = BTreeMap::<String, Vec<Variant>>::new();
    // The component itself, as its siblings call it, has nothing before it where a trigger wants it so.
    let (plain, special): (Vec<_>, Vec<_>) = leading.into_iter().partition(|leading| leading.middleware.is_empty());
    for Leading { component, what, middleware } in plain.into_iter().chain(special) {
        match what {
            What::Event(trigger) => guests.entry(component).and_modify(|guest| guest.triggers.push(trigger)),
            What::Request { route, wagi } => {
                let alone = counts.get(&component) == Some(&1);
                let taken = variants.entry(component.clone()).or_default();
                let guest = variant(taken, &component, (wagi, middleware), alone, &mut guests);
                guests.entry(guest).and_modify(|guest| guest.routes.extend(route))
            }
        };
    }
    for mut other in others {
        let name = other.name.take().filter(|name| !guests.contains_key(name));
        let name = name.unwrap_or_else(|| free("response", &guests));
        other.name = Some(name.clone());
        guests.insert(name, other);
    }
    check_number(reader, &guests);
    guests.into_values().collect()
}

/// The name of the guest that answers in this way.
fn variant(
    taken: &mut Vec<Variant>,
    component: &str,
    (wagi, middleware): (Option<Wagi>, Vec<Dependency>),
    alone: bool,
    guests: &mut BTreeMap<String, Guest>,
) -> String {
    let same = taken.iter().find(|variant| variant.wagi == wagi && variant.middleware == middleware);
    if let Some(same) = same {
        return same.guest.clone();
    }
    let own = taken.iter().all(|variant| variant.guest != component) && (alone || middleware.is_empty());
    let name = if own { component.to_owned() } else { free(component, guests) };
    if let Some(mut guest) = guests.get(component).cloned() {
        if !own {
            (guest.routes, guest.triggers) = (Vec::new(), Vec::new());
        }
        (guest.wagi, guest.middleware) = (wagi.clone(), middleware.clone());
        guest.name = Some(name.clone());
        guests.insert(name.clone(), guest);
    }
    taken.push(Variant { wagi, middleware, guest: name.clone() });
    name
}

/// A name that begins like this one and is nobody's.
fn free(name: &str, guests: &BTreeMap<String, Guest>) -> String {
    // Room for a hyphen and a number; names are ASCII.
    let name: String = name.chars().take(LONGEST_NAME - 6).collect();
    let name = name.trim_end_matches('-');
    let numbered = (2..).map(|number| format!("{name}-n{number}"));
    let first = (!guests.contains_key(name)).then(|| name.to_owned());
    first.or_else(|| numbered.take(guests.len() + 1).find(|name| !guests.contains_key(name))).unwrap_or_default()
}

fn check_number(reader: &mut Reader<'_, '_, '_>, guests: &BTreeMap<String, Guest>) {
    let most = super::MOST_COMPONENTS * 2;
    if guests.len() > most {
        let why = format!("components, static responses and components with different `middleware` are at most {most}");
        reader.report.add(0..0, why);
    }
}
