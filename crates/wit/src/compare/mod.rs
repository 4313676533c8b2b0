//! Two versions of an interface: what changed, and whom it breaks.
//!
//! Whoever was built for the old version meets the new one in one of two ways. What *links* is decided by structure, strictly
//! (`shape`): a function with other parameters, or with a type that has one more case, is another function; only an interface may
//! have more functions than was asked for. What has to be *written* anew is another question: a case more in a result is one that
//! callers must handle, and nothing to whoever returns it. An [`Effect`] answers both.

mod functions;
mod interfaces;
mod lists;
mod shape;
#[cfg(test)]
mod tests;
mod text;
mod types;
mod usage;
mod version;
mod worlds;

use semver::Version;
use serde::Serialize;

pub use version::Level;

use crate::Wit;
use shape::Shapes;
use text::Side;
use usage::Usage;

/// Who was built for the old version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Those who import an interface: they call it.
    Importers,
    /// Those who export it: they implement it.
    Exporters,
    /// Components that were made for a world.
    Components,
    /// Those who run components of a world, or compose them.
    Hosts,
}

/// What a change does to somebody who was built for the old version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Nothing.
    Fine,
    /// Goes on to link; the source has to be changed once it is built for the new version.
    Source,
    /// No longer links; the source may stay as it is and has to be built again.
    Rebuild,
    /// No longer links, and the source has to be changed.
    Broken,
}

/// One thing that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Where: `interface infer`, `world app`.
    pub place: String,
    /// What: ``function `predict` ``.
    pub item: String,
    /// What became of it, as one sentence without its subject.
    pub what: String,
    /// As it was, line by line; nothing for what is new.
    pub old: Vec<String>,
    /// As it is; nothing for what is gone.
    pub new: Vec<String>,
    /// What it does to whom.
    pub effects: Vec<(Role, Effect)>,
    /// The functions that a changed type reaches.
    pub reaches: Vec<String>,
    /// Whether there is only more than before, so that who asks for the old version is content with the new one.
    pub addition: bool,
}

/// What became of a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The old package's name, with its version.
    pub old: String,
    /// The new package's.
    pub new: String,
    /// By place, in the order of the new package.
    pub changes: Vec<Change>,
    /// How much that is.
    pub level: Level,
    /// The least version that the new package should have; `None` where the old one has none, or promised nothing.
    pub least: Option<String>,
    /// Whether the new package's version is at least that; `None` where there is nothing to say about it.
    pub enough: Option<bool>,
}

impl Comparison {
    /// The worst that happens to each role, without those to which nothing does.
    pub fn worst(&self) -> Vec<(Role, Effect)> {
        let mut worst = std::collections::BTreeMap::new();
        for (role, effect) in self.changes.iter().flat_map(|change| &change.effects) {
            let known = worst.entry(*role).or_insert(*effect);
            *known = (*known).max(*effect);
        }
        worst.into_iter().filter(|(_, effect)| *effect > Effect::Fine).collect()
    }
}

/// Compares the packages. Where both are what a component's own interface is decoded to, it is the component that changed, and
/// those concerned are its hosts: whoever runs it, or composes it with others.
pub fn compare(old: &Wit, new: &Wit) -> Comparison {
    let sides = [old, new].map(|wit| Side { resolve: &wit.resolve, main: wit.main });
    let (mut shapes, mut usage) = (Shapes::default(), Usage::default());
    for (number, side) in sides.iter().enumerate() {
        shapes.note((number, *side));
        usage.note(*side);
    }
    let mut comparing = Comparing { sides, shapes, usage, changes: Vec::new() };
    comparing.package();
    let mut changes = comparing.changes;
    let mut places = std::collections::HashMap::new();
    for change in &changes {
        let next = places.len();
        places.entry(change.place.clone()).or_insert(next);
    }
    changes.sort_by_cached_key(|change| places.get(&change.place).copied());
    if old.is_of_component() && new.is_of_component() {
        changes.iter_mut().for_each(|change| of_component(&mut change.effects));
    }
    let level = changes.iter().map(level).max().unwrap_or(Level::Nothing);
    let [was, is] = [old, new].map(Wit::version);
    let least = was.as_ref().and_then(|was| version::next(was, level));
    let enough = match (&least, &was, &is) {
        (Some(least), _, Some(is)) => Some(is >= least),
        (None, Some(was), Some(is)) if level > Level::Nothing => Some(is > was),
        _ => None,
    };
    let least = least.map(|version| version.to_string());
    Comparison { old: old.name(), new: new.name(), changes, level, least, enough }
}

/// The component is what changed; and who has more for it than it asks for writes nothing anew.
fn of_component(effects: &mut Vec<(Role, Effect)>) {
    effects.retain(|(role, _)| *role != Role::Components);
    effects.iter_mut().filter(|(_, effect)| *effect == Effect::Source).for_each(|(_, effect)| *effect = Effect::Fine);
}

fn level(change: &Change) -> Level {
    let breaks = change.effects.iter().any(|(_, effect)| *effect > Effect::Fine);
    if breaks && !change.addition { Level::Major } else { Level::Minor }
}

impl Wit {
    /// The package's name, with its version.
    pub fn name(&self) -> String {
        self.resolve.packages.get(self.main).map(|package| package.name.to_string()).unwrap_or_default()
    }

    fn version(&self) -> Option<Version> {
        self.resolve.packages.get(self.main)?.name.version.clone()
    }

    /// The name that a decoder gives to the package of a component's own world.
    fn is_of_component(&self) -> bool {
        self.name() == "root:component"
    }
}

/// The two sides, what is known of them, and what was found.
struct Comparing<'w> {
    sides: [Side<'w>; 2],
    shapes: Shapes,
    usage: Usage,
    changes: Vec<Change>,
}

/// Who calls, and who implements, what is looked at.
#[derive(Clone, Copy)]
struct Parties {
    callers: Role,
    implementers: Role,
    /// Whether what implements it may be asked for more in a compatible version.
    may_grow: bool,
}

impl Parties {
    /// Those of an interface by itself.
    const fn of_interface(may_grow: bool) -> Self {
        Self { callers: Role::Importers, implementers: Role::Exporters, may_grow }
    }

    /// Those of what a world imports.
    const IMPORT: Self = Self { callers: Role::Components, implementers: Role::Hosts, may_grow: true };
    /// Those of what a world exports.
    const EXPORT: Self = Self { callers: Role::Hosts, implementers: Role::Components, may_grow: false };

    fn effects(self, callers: Effect, implementers: Effect) -> Vec<(Role, Effect)> {
        vec![(self.callers, callers), (self.implementers, implementers)]
    }
}

impl<'w> Comparing<'w> {
    fn before(&self) -> Side<'w> {
        self.sides[0]
    }

    fn after(&self) -> Side<'w> {
        self.sides[1]
    }

    /// Something that only the new version has.
    fn added(&mut self, place: &str, item: String, new: Vec<String>, effects: Vec<(Role, Effect)>, addition: bool) {
        let (place, what) = (place.to_owned(), "was added".to_owned());
        self.changes.push(Change { place, item, what, old: Vec::new(), new, effects, reaches: Vec::new(), addition });
    }

    /// Something that only the old version has.
    fn removed(&mut self, place: &str, item: String, old: Vec<String>, effects: Vec<(Role, Effect)>) {
        let (place, what) = (place.to_owned(), "was removed".to_owned());
        let reaches = Vec::new();
        self.changes.push(Change { place, item, what, old, new: Vec::new(), effects, reaches, addition: false });
    }
}
