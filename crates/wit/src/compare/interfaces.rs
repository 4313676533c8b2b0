//! Interfaces: what is in them.

use wit_parser::InterfaceId;

use super::{Comparing, Effect, Parties};

impl Comparing<'_> {
    /// Compares an interface that both sides have.
    pub(super) fn interface(&mut self, place: &str, parties: Parties, ids: [InterfaceId; 2]) {
        let [old, new] =
            [(self.before(), ids[0]), (self.after(), ids[1])].map(|(side, id)| side.resolve.interfaces.get(id));
        let (Some(old), Some(new)) = (old, new) else { return };
        for (name, id) in &new.types {
            match old.types.get(name) {
                Some(was) => self.ty(place, parties, [*was, *id]),
                None => self.type_added(place, parties, *id),
            }
        }
        for (name, function) in &new.functions {
            match old.functions.get(name) {
                Some(was) => self.function(place, parties, [was, function]),
                None => self.function_added(place, parties, function),
            }
        }
        for (name, id) in &old.types {
            if !new.types.contains_key(name) {
                self.type_removed(place, parties, *id);
            }
        }
        for (name, function) in &old.functions {
            if !new.functions.contains_key(name) {
                self.function_removed(place, parties, function);
            }
        }
    }

    /// Compares the packages: their interfaces, then their worlds.
    pub(super) fn package(&mut self) {
        let (old, new) = (self.before(), self.after());
        let [Some(was), Some(is)] = [old, new].map(|side| side.resolve.packages.get(side.main)) else { return };
        for (name, id) in &is.interfaces {
            let place = format!("interface {name}");
            let parties = Parties::of_interface(!self.is_exported(name));
            match was.interfaces.get(name) {
                Some(was) => self.interface(&place, parties, [*was, *id]),
                None => self.added(
                    &place,
                    "the interface".to_owned(),
                    Vec::new(),
                    parties.effects(Effect::Fine, Effect::Fine),
                    true,
                ),
            }
        }
        for name in was.interfaces.keys().filter(|name| !is.interfaces.contains_key(*name)) {
            let effects = Parties::of_interface(true).effects(Effect::Broken, Effect::Source);
            self.removed(&format!("interface {name}"), "the interface".to_owned(), Vec::new(), effects);
        }
        for (name, id) in &is.worlds {
            match was.worlds.get(name) {
                Some(was) => self.world(name, [*was, *id]),
                None => {
                    let effects = Parties::IMPORT.effects(Effect::Fine, Effect::Fine);
                    self.added(&format!("world {name}"), "the world".to_owned(), Vec::new(), effects, true);
                }
            }
        }
        for name in was.worlds.keys().filter(|name| !is.worlds.contains_key(*name)) {
            // A component is linked by its interfaces; worlds are only for those who build.
            let effects = Parties::IMPORT.effects(Effect::Source, Effect::Source);
            self.removed(&format!("world {name}"), "the world".to_owned(), Vec::new(), effects);
        }
    }

    /// Whether a world of either package exports this interface of it: components were made that implement it.
    fn is_exported(&self, name: &str) -> bool {
        self.sides.iter().any(|side| {
            let worlds = side.resolve.worlds.iter().filter(|(_, world)| world.package == Some(side.main));
            let mut keys = worlds.flat_map(|(_, world)| world.exports.keys());
            keys.any(|key| match key {
                wit_parser::WorldKey::Interface(id) => {
                    let interface = side.resolve.interfaces.get(*id);
                    interface.is_some_and(|it| it.package == Some(side.main) && it.name.as_deref() == Some(name))
                }
                wit_parser::WorldKey::Name(_) => false,
            })
        })
    }
}
