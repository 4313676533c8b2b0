//! Grants as a host's code writes them.

use std::path::PathBuf;

use holm_grants::{DirGrant, Grants, ParseError};

/// One capability for a plugin. It has what it was granted, and nothing else.
///
/// Texts are those of the command line and of `holm.toml`.
#[derive(Clone, Debug)]
pub struct Grant(Result<Grants, String>);

impl Grant {
    /// The directory `host`, which the plugin calls `guest`.
    pub fn dir(host: impl Into<PathBuf>, guest: impl Into<String>) -> Self {
        let dir = DirGrant { host: host.into(), guest: guest.into(), read_only: false };
        Self(Ok(Grants { dirs: vec![dir], ..Grants::default() }))
    }

    /// Of a directory, to read only.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        if let Ok(grants) = &mut self.0 {
            grants.dirs.iter_mut().for_each(|dir| dir.read_only = true);
        }
        self
    }

    /// An environment variable.
    pub fn env(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self(Ok(Grants { env: [(name.into(), value.into())].into(), ..Grants::default() }))
    }

    /// A configuration value: `wasi:config`, or Extism's.
    pub fn config(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self(Ok(Grants { config: [(name.into(), value.into())].into(), ..Grants::default() }))
    }

    /// Sites to send HTTP requests to: `https://api.example.com`, `https://*.example.com/v1`.
    pub fn http(pattern: &str) -> Self {
        Self::parsed(pattern, |http| Grants { http: vec![http], ..Grants::default() })
    }

    /// Hosts to connect to by TCP and UDP: `api.example.com:443`, `10.0.0.0/8:5432`.
    pub fn net(pattern: &str) -> Self {
        Self::parsed(pattern, |net| Grants { net: vec![net], ..Grants::default() })
    }

    fn parsed<T: std::str::FromStr<Err = ParseError>>(text: &str, grants: impl FnOnce(T) -> Grants) -> Self {
        Self(text.parse().map(grants).map_err(|error| error.to_string()))
    }

    /// What is granted.
    ///
    /// # Errors
    /// Why its text is no grant.
    pub(crate) fn into_grants(self) -> Result<Grants, String> {
        self.0
    }
}

impl From<Grants> for Grant {
    fn from(grants: Grants) -> Self {
        Self(Ok(grants))
    }
}
