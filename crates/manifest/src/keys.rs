//! The keys a manifest may hold, and what someone meant who wrote another.

use crate::values::Reader;

/// Keys outside of any table, in the order of the documentation.
pub(crate) static APP: Keys = Keys {
    table: "",
    known: &[
        "holm",
        "name",
        "guest",
        "upstream",
        "preserve-host",
        "args",
        "abi",
        "deterministic",
        "features",
        "routes",
        "reuse",
        "filters",
        "build",
        "imports",
        "components",
        "grants",
        "limits",
        "services",
    ],
    family: &MANIFEST,
};
/// Keys of `[guest.NAME]`.
pub(crate) static GUEST: Keys = Keys {
    table: "guest.NAME",
    known: &[
        "file",
        "upstream",
        "preserve-host",
        "args",
        "abi",
        "deterministic",
        "features",
        "routes",
        "reuse",
        "filters",
        "build",
        "imports",
        "components",
        "grants",
        "limits",
    ],
    family: &MANIFEST,
};
/// Keys of `[build]`.
pub(crate) static BUILD: Keys =
    Keys { table: "build", known: &["language", "folder", "wit", "world", "source", "command"], family: &MANIFEST };
/// Keys of `[[filters]]`.
pub(crate) static FILTER: Keys = Keys {
    table: "filters",
    known: &[
        "file",
        "name",
        "abi",
        "features",
        "config",
        "config-file",
        "vm-config",
        "root-id",
        "vm-id",
        "fail",
        "grants",
        "limits",
    ],
    family: &FILTERS,
};
/// Keys of `[filters.limits]`.
pub(crate) static FILTER_LIMITS: Keys = Keys {
    table: "filters.limits",
    known: &["memory", "cpu", "wall", "fuel", "stack", "table-elements", "handles", "connections"],
    family: &FILTERS,
};
/// Keys of `[filters.grants]`.
pub(crate) static FILTER_GRANTS: Keys = Keys { table: "filters.grants", known: GRANTS.known, family: &FILTERS };
/// Keys of `[components.NAME]`.
pub(crate) static COMPONENT: Keys =
    Keys { table: "components.NAME", known: &["file", "build", "imports", "grants"], family: &COMPONENTS };
/// Keys of `[components.NAME.build]`.
pub(crate) static COMPONENT_BUILD: Keys =
    Keys { table: "components.NAME.build", known: BUILD.known, family: &COMPONENTS };
/// Keys of `[components.NAME.grants]`.
pub(crate) static COMPONENT_GRANTS: Keys =
    Keys { table: "components.NAME.grants", known: GRANTS.known, family: &COMPONENTS };
/// Keys of `[grants]`.
pub(crate) static GRANTS: Keys = Keys {
    table: "grants",
    known: &["dir", "env", "net", "listen", "http", "kv", "blob", "sql", "models", "outbound", "config"],
    family: &MANIFEST,
};
/// Keys of `[limits]`.
pub(crate) static LIMITS: Keys = Keys {
    table: "limits",
    known: &[
        "memory",
        "cpu",
        "wall",
        "fuel",
        "stack",
        "max-output",
        "table-elements",
        "handles",
        "concurrency",
        "queue",
        "first-byte",
        "request-body",
        "connections",
        "log",
        "store",
    ],
    family: &MANIFEST,
};
/// Keys of `reuse`.
pub(crate) static REUSE: Keys = Keys { table: "reuse", known: &["requests", "concurrent", "idle"], family: &MANIFEST };
/// Keys of `[services]`.
pub(crate) static SERVICES: Keys = Keys { table: "services", known: &["kv", "blob"], family: &MANIFEST };

/// The more particular first: `args` below `[limits]` was meant for above the first table, not for a guest by name.
static MANIFEST: [&Keys; 8] = [&GRANTS, &LIMITS, &REUSE, &BUILD, &APP, &GUEST, &SERVICES, &FILTER];
/// What a filter has beside the rest of a manifest is its own.
static FILTERS: [&Keys; 6] = [&FILTER_GRANTS, &FILTER_LIMITS, &FILTER, &LIMITS, &APP, &GUEST];
/// What a component has beside the rest of a manifest is its own.
static COMPONENTS: [&Keys; 7] = [&COMPONENT_GRANTS, &COMPONENT_BUILD, &COMPONENT, &LIMITS, &REUSE, &APP, &GUEST];

/// What other programs, or other tables of ours, call what we have another word for.
const SYNONYMS: &[(&str, &str)] = &[
    ("response-body", "max-output"),
    ("timeout", "wall"),
    ("max-concurrency", "concurrency"),
    ("route", "routes"),
    ("guest", "file"),
    ("path", "file"),
    ("bind", "listen"),
    ("backend", "upstream"),
    ("configuration", "config"),
    ("plugins", "filters"),
    ("middlewares", "filters"),
    ("proxy", "proxy-protocol"),
    ("config", "variables"),
    ("variables", "config"),
    ("env", "environment"),
    ("allowed_models", "ai_models"),
    ("allowed_hosts", "allowed_outbound_hosts"),
    ("outbound", "allowed_outbound_hosts"),
    ("sqlite", "sqlite_databases"),
    ("sha256", "digest"),
    ("schedule", "cron_expression"),
    ("status", "status_code"),
];

/// A longer key is no misspelling of ours, and comparing it would cost time.
const LONGEST_MISSPELLING: usize = 32;

/// The keys of one table.
pub(crate) struct Keys {
    /// The table's heading.
    pub(crate) table: &'static str,
    pub(crate) known: &'static [&'static str],
    /// Every table of the same kind of file, where a key may have been meant to stand.
    pub(crate) family: &'static [&'static Keys],
}

impl Keys {
    /// Reports every key of the reader's table that is not known.
    pub(crate) fn check(&self, reader: &mut Reader<'_, '_, '_>) {
        self.check_only(reader, self.known);
    }

    /// As [`check`](Keys::check), where only some of them are `known`.
    pub(crate) fn check_only(&self, reader: &mut Reader<'_, '_, '_>, known: &[&str]) {
        let unknown = reader.table.keys().filter(|key| !known.contains(&key.get_ref().as_ref()));
        for key in unknown {
            let (span, key) = (key.span(), key.get_ref());
            let shown: String = key.chars().take(LONGEST_MISSPELLING).flat_map(char::escape_debug).collect();
            let (place, advice) = (within(&reader.place), self.advice(key, &reader.place));
            reader.report.add(span, format!("unknown key `{shown}`{place}; {advice}"));
        }
    }

    fn advice(&self, key: &str, place: &str) -> String {
        if let Some(ours) = self.synonym(key) {
            return format!("did you mean `{ours}`?");
        }
        if let Some(home) = self.family.iter().find(|keys| keys.known.contains(&key)) {
            return home.belongs(key, place);
        }
        match self.nearest(key) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => format!("the keys are {}", self.known.join(", ")),
        }
    }

    /// Where `key`, which is one of this table's, belongs when it was found at `place`.
    fn belongs(&self, key: &str, place: &str) -> String {
        if let Some(inner) = self.table.strip_prefix("components.NAME") {
            return format!("it belongs in [{}{inner}]", component(place).unwrap_or("components.NAME"));
        }
        match (self.table, guest(place)) {
            ("filters", _) => format!("it belongs in [[{}]]", filters(place)),
            (table, _) if let Some(inner) = table.strip_prefix("filters") => {
                format!("it belongs in [{}{inner}]", filters(place))
            }
            ("", Some(guest)) if GUEST.known.contains(&key) => format!("it belongs in [{guest}]"),
            ("", _) => "it belongs above the first table".to_owned(),
            (table @ ("grants" | "limits" | "reuse" | "build"), Some(guest)) => {
                format!("it belongs in [{guest}.{table}]")
            }
            (table, _) => format!("it belongs in [{table}]"),
        }
    }

    fn synonym(&self, key: &str) -> Option<&'static str> {
        let ours = SYNONYMS.iter().find(|(other, ours)| *other == key && self.known.contains(ours));
        ours.map(|(_, ours)| *ours)
    }

    fn nearest(&self, key: &str) -> Option<&'static str> {
        nearest(key, self.known.iter().copied())
    }
}

/// The one of `known` that `key` may be a misspelling of.
pub(crate) fn nearest<'k>(key: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    if key.len() > LONGEST_MISSPELLING {
        return None;
    }
    let distance = |known: &str| strsim::damerau_levenshtein(key, known);
    let nearest = known.min_by_key(|known| distance(known))?;
    (distance(nearest) <= nearest.len().div_ceil(3)).then_some(nearest)
}

fn within(place: &str) -> String {
    match place {
        "" => String::new(),
        place if place == filters(place) => format!(" in [[{place}]]"),
        place => format!(" in [{place}]"),
    }
}

/// The heading of the guest that a table belongs to: `guest.web` for `guest.web.limits`.
fn guest(place: &str) -> Option<&str> {
    let name = place.strip_prefix("guest.")?;
    let length = name.find('.').unwrap_or(name.len());
    Some(&place[..place.len() - name.len() + length])
}

/// The heading of the component that a table belongs to: `components.model` for `components.model.grants`.
fn component(place: &str) -> Option<&str> {
    let before = guest(place).map_or(0, |guest| guest.len() + 1);
    let name = place.get(before..)?.strip_prefix("components.")?;
    let length = name.find('.').unwrap_or(name.len());
    Some(&place[..place.len() - name.len() + length])
}

/// The heading of the filters of the guest that a table belongs to.
fn filters(place: &str) -> String {
    guest(place).map_or_else(|| "filters".to_owned(), |guest| format!("{guest}.filters"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_key_is_recognised() {
        assert_eq!(APP.nearest("geust"), Some("guest"));
        assert_eq!(LIMITS.nearest("max_output"), Some("max-output"));
        assert_eq!(GRANTS.nearest("dirs"), Some("dir"));
    }

    #[test]
    fn a_key_like_nothing_else_is_not_guessed_at() {
        assert_eq!(APP.nearest("schedule"), None);
        assert_eq!(APP.nearest(&"x".repeat(100_000)), None);
    }

    #[test]
    fn a_word_of_another_program_is_recognised_where_ours_may_stand() {
        assert_eq!(LIMITS.synonym("response-body"), Some("max-output"));
        assert_eq!(GRANTS.synonym("response-body"), None);
    }
}
