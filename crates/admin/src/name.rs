//! Names of apps.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest name, in bytes: what fits a label of a host name (RFC 1035, section 2.3.4).
const MAX_LEN: usize = 63;

/// The name of an app: `[a-z0-9][a-z0-9-]{0,62}`.
///
/// Only names that were checked become paths, so this type is what the store takes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AppName(Box<str>);

/// A text that cannot name an app.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} cannot name an app: names are 1 to {MAX_LEN} of a-z, 0-9 and -, and do not start with -")]
pub struct BadName(String);

impl AppName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AppName {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let good = (1..=MAX_LEN).contains(&text.len()) && text.bytes().all(known) && !text.starts_with('-');
        // A hostile name is quoted, but not at any length.
        if good { Ok(Self(text.into())) } else { Err(BadName(text.chars().take(MAX_LEN + 1).collect())) }
    }
}

impl TryFrom<String> for AppName {
    type Error = BadName;

    fn try_from(text: String) -> Result<Self, BadName> {
        text.parse()
    }
}

impl From<AppName> for String {
    fn from(name: AppName) -> Self {
        name.0.into()
    }
}

impl fmt::Display for AppName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AppName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_name_labels_are_names() {
        for good in ["a", "0", "my-app-2", "a-", &"x".repeat(63)] {
            assert_eq!(good.parse::<AppName>().unwrap().as_str(), good);
        }
    }

    #[test]
    fn whatever_could_leave_a_directory_or_name_two_files_is_no_name() {
        let long = "x".repeat(64);
        let bad = ["", ".", "..", "a/b", "/a", "a\\b", "A", "-a", "a_b", "a.b", "a\0", "a b", "ä", "a\n", "%2e", &long];
        for bad in bad {
            assert!(bad.parse::<AppName>().is_err(), "{bad:?}");
        }
    }
}
