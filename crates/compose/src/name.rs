//! Names of imports and exports, and which versions fit.
//!
//! Component model, `Explainer.md`, "Import and Export Definitions"; what versions are compatible is what
//! <https://semver.org> says of them: the same major version, below 1.0.0 the same minor one, below 0.1.0 the same patch.

use semver::Version;
use wac_graph::types::are_semver_compatible;

/// A name without its version, and the version.
pub(crate) fn split(name: &str) -> (&str, Option<&str>) {
    match name.split_once('@') {
        Some((interface, version)) => (interface, Some(version)),
        None => (name, None),
    }
}

/// Whether what is exported under one name may satisfy an import of the other, as far as names tell.
pub(crate) fn compatible(import: &str, export: &str) -> bool {
    are_semver_compatible(import, export)
}

/// Whether two names are of one interface, whatever the versions.
pub(crate) fn same_interface(import: &str, export: &str) -> bool {
    split(import).0 == split(export).0
}

/// Whether an import is the one that `said` means: exactly, or up to the version where none was said.
pub(crate) fn means(said: &str, name: &str) -> bool {
    said == name || (split(said).1.is_none() && split(name).0 == said)
}

pub(crate) fn is_wasi(name: &str) -> bool {
    name.starts_with("wasi:")
}

/// The versions that a version is compatible with, in words: `1.x`, `0.2.x`.
pub(crate) fn track(version: &str) -> String {
    match Version::parse(version) {
        Ok(it) if !it.pre.is_empty() || (it.major == 0 && it.minor == 0) => version.to_owned(),
        Ok(it) if it.major == 0 => format!("0.{}.x", it.minor),
        Ok(it) => format!("{}.x", it.major),
        Err(_) => version.to_owned(),
    }
}

/// Why two versions of one interface are not compatible.
pub(crate) fn why_incompatible(import: &str, export: &str) -> String {
    let parse = |name| split(name).1.map(|version| (version, Version::parse(version).ok()));
    match (parse(import), parse(export)) {
        (None, _) | (_, None) => {
            "one has a version and the other has none, so nothing says that they are compatible".to_owned()
        }
        (Some((a, Some(one))), Some((b, Some(other)))) => {
            let rule = if !one.pre.is_empty() || !other.pre.is_empty() {
                "a pre-release is compatible with itself alone"
            } else if one.major != other.major || one.major != 0 {
                "another major version is another interface"
            } else if one.minor != other.minor || one.minor != 0 {
                "below 1.0.0 another minor version is another interface"
            } else {
                "below 0.1.0 another patch version is another interface"
            };
            format!("{a} and {b} are not compatible ({rule})")
        }
        (Some((a, _)), Some((b, _))) => format!("{a} and {b} are not compatible"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_that_is_not_zero_decides() {
        for (import, export) in [("a:b/c@1.2.0", "a:b/c@1.1.9"), ("a:b/c@0.2.0", "a:b/c@0.2.9"), ("a:b/c", "a:b/c")] {
            assert!(compatible(import, export), "{import} {export}");
        }
        for (import, export) in [
            ("a:b/c@2.0.0", "a:b/c@1.0.0"),
            ("a:b/c@0.2.0", "a:b/c@0.3.0"),
            ("a:b/c@0.0.1", "a:b/c@0.0.2"),
            ("a:b/c@1.0.0-rc1", "a:b/c@1.0.0"),
            ("a:b/c", "a:b/c@1.0.0"),
        ] {
            assert!(!compatible(import, export), "{import} {export}");
            assert!(same_interface(import, export));
        }
    }

    #[test]
    fn without_a_version_any_is_meant() {
        assert!(means("a:b/c", "a:b/c@1.0.0"));
        assert!(means("a:b/c@1.0.0", "a:b/c@1.0.0"));
        assert!(!means("a:b/c@1.0.1", "a:b/c@1.0.0"));
        assert!(!means("a:b/c", "a:b/cd@1.0.0"));
    }
}
