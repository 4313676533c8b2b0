//! Which version a changed package should have (semver.org 2.0.0; below 1.0.0 as Cargo and WIT read it: the first number that is
//! not 0 says what is compatible).

use semver::Version;
use serde::Serialize;

/// How much changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Nothing that anybody's code could tell.
    Nothing,
    /// There is more, and who asked for the old version is content with the new one.
    Minor,
    /// Somebody who asked for the old version is not.
    Major,
}

/// The least version for a change of this level; `None` where any later one will do.
pub(super) fn next(old: &Version, level: Level) -> Option<Version> {
    if !old.pre.is_empty() || level == Level::Nothing {
        return None;
    }
    let Version { major, minor, patch, .. } = *old;
    Some(match (level, major, minor) {
        (_, 0, 0) => Version::new(0, 0, patch.saturating_add(1)),
        (Level::Major, 0, _) => Version::new(0, minor.saturating_add(1), 0),
        (_, 0, _) => Version::new(0, minor, patch.saturating_add(1)),
        (Level::Major, ..) => Version::new(major.saturating_add(1), 0, 0),
        _ => Version::new(major, minor.saturating_add(1), 0),
    })
}

/// The part of a version that compatible ones share.
pub(super) fn track(version: &Version) -> String {
    let Version { major, minor, patch, .. } = version;
    match (version.pre.is_empty(), major, minor) {
        (false, ..) => version.to_string(),
        (_, 0, 0) => format!("0.0.{patch}"),
        (_, 0, _) => format!("0.{minor}"),
        _ => major.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_that_is_not_zero_says_what_is_compatible() {
        let next = |old: &str, level| next(&old.parse().unwrap(), level).map(|version| version.to_string());
        let cases = [("1.2.3", "1.3.0", "2.0.0"), ("0.2.3", "0.2.4", "0.3.0"), ("0.0.3", "0.0.4", "0.0.4")];
        for (old, minor, major) in cases {
            assert_eq!(next(old, Level::Minor).as_deref(), Some(minor), "{old}");
            assert_eq!(next(old, Level::Major).as_deref(), Some(major), "{old}");
        }
        assert_eq!(next("1.0.0-rc.1", Level::Major), None);
        assert_eq!(next("1.0.0", Level::Nothing), None);
    }
}
