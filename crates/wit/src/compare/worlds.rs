//! Worlds: what they import and export.

use std::collections::BTreeMap;

use wit_parser::{InterfaceId, WorldId, WorldItem, WorldKey};

use super::text::{Names, Side, called};
use super::{Change, Comparing, Effect, Parties, version};

/// What a world imports or exports, by a name that compatible versions share.
type Items<'w> = BTreeMap<(String, String), (&'w WorldKey, &'w WorldItem)>;

impl Comparing<'_> {
    pub(super) fn world(&mut self, name: &str, ids: [WorldId; 2]) {
        let sides = self.sides;
        let [Some(old), Some(new)] = [0, 1].map(|side| sides[side].resolve.worlds.get(ids[side])) else { return };
        let ways = [
            ("imports", Parties::IMPORT, [&old.imports, &new.imports]),
            ("exports", Parties::EXPORT, [&old.exports, &new.exports]),
        ];
        for (way, parties, maps) in ways {
            let [was, is] = [0, 1].map(|side| items(sides[side], maps[side].iter()));
            for (key, item) in &is {
                match was.get(key) {
                    Some(before) => self.item(&format!("world {name}"), way, parties, [*before, *item]),
                    None => self.item_added(&format!("world {name}"), way, parties, *item),
                }
            }
            for (key, item) in &was {
                if !is.contains_key(key) {
                    self.item_removed(&format!("world {name}"), way, parties, *item);
                }
            }
        }
    }

    fn item_added(&mut self, place: &str, way: &str, parties: Parties, (key, item): (&WorldKey, &WorldItem)) {
        match item {
            WorldItem::Type { id, .. } => self.type_added(place, parties, *id),
            _ => {
                let name = self.called(1, way, key, item);
                let new = self.shown(1, item);
                self.added(place, name, new, parties.effects(Effect::Fine, Effect::Broken), parties.may_grow);
            }
        }
    }

    fn item_removed(&mut self, place: &str, way: &str, parties: Parties, (key, item): (&WorldKey, &WorldItem)) {
        match item {
            WorldItem::Type { id, .. } => self.type_removed(place, parties, *id),
            _ => {
                let name = self.called(0, way, key, item);
                let old = self.shown(0, item);
                self.removed(place, name, old, parties.effects(Effect::Broken, Effect::Source));
            }
        }
    }

    fn item(&mut self, place: &str, way: &str, parties: Parties, items: [(&WorldKey, &WorldItem); 2]) {
        match (items[0].1, items[1].1) {
            (WorldItem::Type { id: old, .. }, WorldItem::Type { id: new, .. }) => self.ty(place, parties, [*old, *new]),
            (WorldItem::Function(old), WorldItem::Function(new)) => self.function(place, parties, [old, new]),
            (WorldItem::Interface { id: old, .. }, WorldItem::Interface { id: new, .. }) => {
                let ids = [*old, *new];
                // Those of the package itself are told by themselves.
                if [0, 1].iter().any(|side| !self.is_own(*side, ids[*side])) {
                    self.another_version(place, way, items);
                    let name = self.called(1, way, items[1].0, items[1].1);
                    self.interface(&format!("{place}, {name}"), parties, ids);
                }
            }
            _ => {
                self.item_removed(place, way, parties, items[0]);
                self.item_added(place, way, parties, items[1]);
            }
        }
    }

    /// Says that an interface of others is taken in another version, which links as long as what is in it does.
    fn another_version(&mut self, place: &str, way: &str, items: [(&WorldKey, &WorldItem); 2]) {
        let keys = [0, 1].map(|side| self.sides[side].resolve.name_world_key(items[side].0));
        if keys[0] == keys[1] {
            return;
        }
        let [old, new] = keys.map(|key| vec![key]);
        self.changes.push(Change {
            place: place.to_owned(),
            item: self.called(1, way, items[1].0, items[1].1),
            what: "is taken in another version".to_owned(),
            old,
            new,
            effects: Vec::new(),
            reaches: Vec::new(),
            addition: true,
        });
    }

    /// Whether it has a name and is one of the package that is compared.
    fn is_own(&self, side: usize, id: InterfaceId) -> bool {
        let side = self.sides[side];
        let interface = side.resolve.interfaces.get(id);
        interface.is_some_and(|interface| interface.name.is_some() && interface.package == Some(side.main))
    }

    fn called(&self, side: usize, way: &str, key: &WorldKey, item: &WorldItem) -> String {
        let way = way.trim_end_matches('s');
        match item {
            WorldItem::Function(function) => format!("{way} of {}", called(&function.name)),
            _ => format!("{way} `{}`", self.sides[side].resolve.name_world_key(key)),
        }
    }

    fn shown(&self, side: usize, item: &WorldItem) -> Vec<String> {
        match item {
            WorldItem::Function(function) => self.sides[side].signature(function, Names::Local, true),
            _ => Vec::new(),
        }
    }
}

fn items<'w>(side: Side<'w>, of: impl Iterator<Item = (&'w WorldKey, &'w WorldItem)>) -> Items<'w> {
    of.map(|(key, item)| (name(side, key), (key, item))).collect()
}

/// An interface's name, and what its compatible versions share. Those of the package itself have only their name.
fn name(side: Side<'_>, key: &WorldKey) -> (String, String) {
    let WorldKey::Interface(id) = key else { return (side.resolve.name_world_key(key), String::new()) };
    let package = side.resolve.interfaces.get(*id).and_then(|interface| interface.package);
    let version =
        package.filter(|package| *package != side.main).and_then(|package| side.resolve.packages.get(package));
    let version = version.and_then(|package| package.name.version.as_ref()).map(version::track);
    (side.interface(*id).unwrap_or_default(), version.unwrap_or_default())
}
