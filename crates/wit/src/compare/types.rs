//! Types: what they are made of, and who has to do with that.

use wit_parser::TypeId;

use super::lists::Became;
use super::text::Names;
use super::usage::Ways;
use super::{Change, Comparing, Effect, Parties};

/// What a change of a type does to who makes values of it, and to who is given them.
#[derive(Clone, Copy)]
struct Ends {
    makes: Effect,
    takes: Effect,
}

impl Ends {
    const fn both(effect: Effect) -> Self {
        Self { makes: effect, takes: effect }
    }

    fn and(self, other: Self) -> Self {
        Self { makes: self.makes.max(other.makes), takes: self.takes.max(other.takes) }
    }
}

impl Comparing<'_> {
    pub(super) fn type_added(&mut self, place: &str, parties: Parties, id: TypeId) {
        let new = self.after().definition(id, Names::Local);
        let effects = parties.effects(Effect::Fine, Effect::Fine);
        self.added(place, item(self.name(1, id)), new, effects, true);
    }

    pub(super) fn type_removed(&mut self, place: &str, parties: Parties, id: TypeId) {
        let old = self.before().definition(id, Names::Local);
        // Functions that used it have changed, which is told there.
        let effects = parties.effects(Effect::Source, Effect::Source);
        self.removed(place, item(self.name(0, id)), old, effects);
    }

    /// Compares a type that both sides have, under one name in one place.
    pub(super) fn ty(&mut self, place: &str, parties: Parties, ids: [TypeId; 2]) {
        let sides = self.sides;
        let [from, now_from] = [0, 1].map(|side| sides[side].full_name(ids[side]));
        let is_used = [0, 1].map(|side| sides[side].origin(ids[side]) != ids[side]);
        let text = [0, 1].map(|side| sides[side].definition(ids[side], Names::Full));
        let same = match is_used {
            // Used from elsewhere: it is told there if it has changed.
            [true, true] => from == now_from,
            [false, false] => text[0] == text[1],
            _ => false,
        };
        if same {
            return;
        }
        let links = self.shapes.id((0, sides[0]), ids[0]) == self.shapes.id((1, sides[1]), ids[1]);
        let (what, ends) = if links {
            ("is defined elsewhere, or in other words, and is made of the same".to_owned(), Ends::both(Effect::Source))
        } else {
            self.became(ids)
        };
        let known = [&from, &now_from].map(|name| name.as_deref().and_then(|name| self.usage.of(name)));
        let mut ways = Ways::default();
        let mut reaches = std::collections::BTreeSet::new();
        for (way, functions) in known.into_iter().flatten() {
            ways.in_params |= way.in_params;
            ways.in_results |= way.in_results;
            reaches.extend(functions.iter().cloned());
        }
        if ways == Ways::default() {
            // Nobody here uses it, and who does elsewhere is not known.
            ways = Ways { in_params: true, in_results: true };
        }
        let along = |way: bool, effect: Effect| if way { effect } else { Effect::Fine };
        let callers = along(ways.in_params, ends.makes).max(along(ways.in_results, ends.takes));
        let implementers = along(ways.in_params, ends.takes).max(along(ways.in_results, ends.makes));
        self.changes.push(Change {
            place: place.to_owned(),
            item: item(self.name(1, ids[1])),
            what,
            old: sides[0].definition(ids[0], Names::Local),
            new: sides[1].definition(ids[1], Names::Local),
            effects: parties.effects(callers, implementers),
            reaches: reaches.into_iter().collect(),
            addition: false,
        });
    }

    /// What became of a type that is made of something else.
    fn became(&self, ids: [TypeId; 2]) -> (String, Ends) {
        let parts = [0, 1].map(|side| self.sides[side].parts(ids[side], Names::Full));
        let [Some(old), Some(new)] = parts else { return ("is another type".to_owned(), Ends::both(Effect::Broken)) };
        if old.what != new.what {
            return (format!("was {} and is {}", a(old.what), a(new.what)), Ends::both(Effect::Broken));
        }
        let became = Became::of(&old.parts, &new.parts, false);
        let part = match new.what {
            "record" => "field",
            "flags" => "flag",
            _ => "case",
        };
        let added = match new.what {
            // Who makes a record gives all its fields.
            "record" => Ends { makes: Effect::Broken, takes: Effect::Rebuild },
            // Any of the flags may be there or not.
            "flags" => Ends::both(Effect::Rebuild),
            // Who is given a variant has to do something about each case.
            _ => Ends { makes: Effect::Rebuild, takes: Effect::Broken },
        };
        let mut ends = Ends::both(Effect::Rebuild);
        if !became.added.is_empty() {
            ends = ends.and(added);
        }
        if !became.removed.is_empty() || !became.retyped.is_empty() {
            ends = ends.and(Ends::both(Effect::Broken));
        }
        let said = became.said(part);
        let what =
            if said.is_empty() { "is made of types that have changed".to_owned() } else { format!("changed: {said}") };
        (what, ends)
    }

    fn name(&self, side: usize, id: TypeId) -> String {
        self.sides[side].def(id).and_then(|def| def.name.clone()).unwrap_or_default()
    }
}

fn a(what: &str) -> String {
    match what {
        "flags" => "flags".to_owned(),
        "enum" => "an enum".to_owned(),
        what => format!("a {what}"),
    }
}

fn item(name: String) -> String {
    format!("type `{name}`")
}
