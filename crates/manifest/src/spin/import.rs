//! The names of what components import: packages, and interfaces of them.

use super::names::is_component;
use super::source;

/// What a dependency's name says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Name<'n> {
    Plain,
    Package { package: &'n str, interface: Option<&'n str>, version: Option<semver::Version> },
}

impl<'n> Name<'n> {
    pub(super) fn parse(text: &'n str) -> Result<Self, &'static str> {
        if !text.contains([':', '/', '@']) {
            return match is_component(text) {
                true => Ok(Name::Plain),
                false => Err(
                    "it is a package, an interface of one as in acme:db/query@1.0.0, or words with `-` between them",
                ),
            };
        }
        let (name, version) = match text.split_once('@') {
            Some((name, version)) => {
                let version = semver::Version::parse(version);
                (name, Some(version.map_err(|_| "behind the `@` stands a version, as in acme:db@1.0.0")?))
            }
            None => (text, None),
        };
        let (package, interface) = match name.split_once('/') {
            Some((package, interface)) => (package, Some(interface)),
            None => (name, None),
        };
        if !source::is_package(package) {
            return Err("a package has a namespace and a name, as in acme:db");
        }
        if interface.is_some_and(|interface| !is_component(interface)) {
            return Err("an interface is called by words with `-` between them, as in acme:db/query");
        }
        Ok(Name::Package { package, interface, version })
    }
}

/// Whether the same interface may be meant by both.
pub(super) fn overlap(one: &Name<'_>, other: &Name<'_>) -> bool {
    let (Name::Package { package, interface, version }, Name::Package { package: p, interface: i, version: v }) =
        (one, other)
    else {
        return false;
    };
    let versions = version.as_ref().zip(v.as_ref()).is_none_or(|(one, other)| compatible(one) == compatible(other));
    let interfaces = interface.zip(*i).is_none_or(|(one, other)| one == other);
    package == p && versions && interfaces
}

/// The part of a version that all versions which stand in for it have (semver.org, items 4, 8 and 9).
fn compatible(version: &semver::Version) -> semver::Version {
    let mut version = semver::Version { build: semver::BuildMetadata::EMPTY, ..version.clone() };
    if version.pre.is_empty() {
        match (version.major, version.minor) {
            (0, 0) => {}
            (0, _) => version.patch = 0,
            _ => (version.minor, version.patch) = (0, 0),
        }
    }
    version
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overlaps(one: &str, other: &str) -> bool {
        overlap(&Name::parse(one).unwrap(), &Name::parse(other).unwrap())
    }

    #[test]
    fn two_versions_that_cannot_stand_in_for_each_other_are_two_packages() {
        for (one, other) in [
            ("a:b@0.1.0", "a:b@0.2.0"),
            ("a:b@1.0.0", "a:b@2.3.0"),
            ("a:b/c", "a:b/d"),
            ("a:b/c@0.1.0", "a:b@0.2.0"),
            ("a:b@0.1.0-x", "a:b@0.1.0-y"),
            ("a:b", "a:c"),
            ("plain", "a:b"),
        ] {
            assert!(!overlaps(one, other), "{one} {other}");
        }
        for (one, other) in
            [("a:b@0.1.0", "a:b@0.1.1"), ("a:b", "a:b@1.0.0"), ("a:b/c@1.0.0", "a:b@1.9.0"), ("a:b/c", "a:b/c")]
        {
            assert!(overlaps(one, other), "{one} {other}");
        }
    }

    #[test]
    fn names_are_packages_interfaces_and_words() {
        for text in ["", "a:", ":b", "a:b@1", "a:b/", "A:b", "a:b/c/d", "a_b", "a b"] {
            assert!(Name::parse(text).is_err(), "{text}");
        }
    }
}
