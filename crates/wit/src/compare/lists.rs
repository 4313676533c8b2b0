//! What became of a list of parts: fields, cases, flags, parameters.

use super::text::Part;

/// What became of a list.
#[derive(Default)]
pub(super) struct Became {
    pub(super) added: Vec<String>,
    pub(super) removed: Vec<String>,
    pub(super) retyped: Vec<String>,
    /// The same name in the same place was another: the old one and the new one.
    pub(super) renamed: Vec<(String, String)>,
    pub(super) reordered: bool,
}

impl Became {
    /// `renames`: whether a part that has another name in the same place, and the same type, is the same part.
    pub(super) fn of(old: &[Part], new: &[Part], renames: bool) -> Self {
        let mut became = Self::default();
        let has = |parts: &[Part], name: &str| parts.iter().any(|part| part.name == name);
        let same_types = old.len() == new.len() && old.iter().zip(new).all(|(old, new)| old.ty == new.ty);
        if renames && same_types {
            let pairs = old.iter().zip(new).filter(|(old, new)| old.name != new.name);
            let fresh = pairs.clone().all(|(was, is)| !has(old, &is.name) && !has(new, &was.name));
            if fresh {
                became.renamed = pairs.map(|(old, new)| (old.name.clone(), new.name.clone())).collect();
                return became;
            }
        }
        let named = |parts: &[Part], others: &[Part]| {
            parts.iter().filter(|part| !has(others, &part.name)).map(|part| part.name.clone()).collect::<Vec<_>>()
        };
        (became.added, became.removed) = (named(new, old), named(old, new));
        let retyped = new.iter().filter(|new| old.iter().any(|old| old.name == new.name && old.ty != new.ty));
        became.retyped = retyped.map(|part| part.name.clone()).collect();
        let common = |parts: &[Part], others: &[Part]| {
            parts.iter().filter(|part| has(others, &part.name)).map(|part| part.name.clone()).collect::<Vec<_>>()
        };
        became.reordered = common(old, new) != common(new, old);
        became
    }

    /// For people, with what the parts are called: `field`, `case`.
    pub(super) fn said(&self, part: &str) -> String {
        let list = |names: &[String], did: &str| match names {
            [] => None,
            [only] => Some(format!("{part} `{only}` {} {did}", "was")),
            names => {
                let names = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                Some(format!("{part}s {names} were {did}"))
            }
        };
        let retyped = match self.retyped.as_slice() {
            [] => None,
            [only] => Some(format!("{part} `{only}` has another type")),
            names => Some(format!("{part}s {} have other types", names.join(", "))),
        };
        let renamed = self.renamed.iter().map(|(old, new)| format!("{part} `{old}` is called `{new}` now"));
        let rest = [
            list(&self.added, "added"),
            list(&self.removed, "removed"),
            retyped,
            self.reordered.then(|| format!("{part}s have another order")),
        ];
        rest.into_iter().flatten().chain(renamed).collect::<Vec<_>>().join("; ")
    }
}
