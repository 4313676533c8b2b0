//! The keys a manifest may hold, and what someone meant who wrote another.

use crate::report::Report;
use toml::de::DeTable;

/// Keys outside of any table, in the order of the documentation.
pub(crate) const APP: Keys = Keys {
    table: "",
    known: &["holm", "name", "guest", "args", "abi", "deterministic", "features", "grants", "limits"],
};
/// Keys of `[grants]`.
pub(crate) const GRANTS: Keys =
    Keys { table: "grants", known: &["dir", "env", "net", "listen", "http", "kv", "config"] };
/// Keys of `[limits]`.
pub(crate) const LIMITS: Keys =
    Keys { table: "limits", known: &["memory", "cpu", "wall", "fuel", "stack", "max-output", "table-elements"] };

/// A longer key is no misspelling of ours, and comparing it would cost time.
const LONGEST_MISSPELLING: usize = 32;

/// The keys of one table.
pub(crate) struct Keys {
    table: &'static str,
    known: &'static [&'static str],
}

impl Keys {
    /// Reports every key of `table` that is not known.
    pub(crate) fn check(&self, table: &DeTable<'_>, report: &mut Report<'_>) {
        let unknown = table.keys().filter(|key| !self.known.contains(&key.get_ref().as_ref()));
        for key in unknown {
            let (span, key) = (key.span(), key.get_ref());
            let shown: String = key.chars().take(LONGEST_MISSPELLING).flat_map(char::escape_debug).collect();
            report.add(span, format!("unknown key `{shown}`{}; {}", self.place(), self.advice(key)));
        }
    }

    fn place(&self) -> String {
        match self.table {
            "" => String::new(),
            table => format!(" in [{table}]"),
        }
    }

    fn advice(&self, key: &str) -> String {
        if let Some(home) = [GRANTS, LIMITS, APP].iter().find(|keys| keys.known.contains(&key)) {
            return match home.table {
                "" => "it belongs above the first table".to_owned(),
                table => format!("it belongs in [{table}]"),
            };
        }
        match self.nearest(key) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => format!("the keys are {}", self.known.join(", ")),
        }
    }

    fn nearest(&self, key: &str) -> Option<&'static str> {
        if key.len() > LONGEST_MISSPELLING {
            return None;
        }
        let distance = |known: &str| strsim::damerau_levenshtein(key, known);
        let nearest = self.known.iter().copied().min_by_key(|known| distance(known))?;
        (distance(nearest) <= nearest.len().div_ceil(3)).then_some(nearest)
    }
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
}
