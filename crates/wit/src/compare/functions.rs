//! Functions: parameters, results, and whether they link.

use wit_parser::Function;

use super::lists::Became;
use super::text::{Names, called, is_async};
use super::{Change, Comparing, Effect, Parties};

/// Characters of a signature that has room beside another on one line.
const SHORT: usize = 44;

impl Comparing<'_> {
    pub(super) fn function_added(&mut self, place: &str, parties: Parties, function: &Function) {
        let new = self.after().signature(function, Names::Local, true);
        let effects = parties.effects(Effect::Fine, Effect::Broken);
        self.added(place, called(&function.name), new, effects, parties.may_grow);
    }

    pub(super) fn function_removed(&mut self, place: &str, parties: Parties, function: &Function) {
        let old = self.before().signature(function, Names::Local, true);
        // What implements one function more than is asked for still links.
        self.removed(place, called(&function.name), old, parties.effects(Effect::Broken, Effect::Source));
    }

    pub(super) fn function(&mut self, place: &str, parties: Parties, [old, new]: [&Function; 2]) {
        let (before, after) = (self.before(), self.after());
        let links = self.shapes.function((0, before), old) == self.shapes.function((1, after), new);
        let params = [before.params(old, Names::Full), after.params(new, Names::Full)];
        let results = [before.result(old, Names::Full), after.result(new, Names::Full)];
        let waits = [is_async(old), is_async(new)];
        if params[0] == params[1] && results[0] == results[1] && waits[0] == waits[1] {
            // Where it does not link, one of its types has changed, which is told there.
            return;
        }
        let became = Became::of(&params[0], &params[1], true);
        let only_names = results[0] == results[1] && waits[0] == waits[1] && !became.renamed.is_empty();
        let mut what = Vec::from([became.said("parameter")]);
        what.retain(|said| !said.is_empty());
        if results[0] != results[1] {
            what.push(match (results[0].is_empty(), results[1].is_empty()) {
                (true, _) => "it has a result".to_owned(),
                (_, true) => "it has no result".to_owned(),
                _ => "its result has another type".to_owned(),
            });
        }
        if waits[0] != waits[1] {
            what.push(if waits[1] { "it is async" } else { "it is not async any more" }.to_owned());
        }
        let effect = match (links, only_names) {
            (true, _) => Effect::Source,
            (false, true) => Effect::Rebuild,
            (false, false) => Effect::Broken,
        };
        if links {
            what.push("types have other names and are made of the same".to_owned());
        }
        let shown = |on_one_line| {
            [before.signature(old, Names::Local, on_one_line), after.signature(new, Names::Local, on_one_line)]
        };
        let fits = shown(true).iter().flatten().all(|line| line.len() <= SHORT);
        let [old_lines, new_lines] = shown(fits);
        self.changes.push(Change {
            place: place.to_owned(),
            item: called(&new.name),
            what: format!("changed: {}", what.join("; ")),
            old: old_lines,
            new: new_lines,
            effects: parties.effects(effect, effect),
            reaches: Vec::new(),
            addition: false,
        });
    }
}
