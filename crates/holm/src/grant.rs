//! Grants as a host's code writes them.

use std::path::PathBuf;

use holm_grants::{DirGrant, Grants, NetGrant, ParseError, parse_env};

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

    /// Addresses to listen on: `127.0.0.1:8080`.
    pub fn listen(pattern: &str) -> Self {
        let listen = NetGrant::parse_listen(pattern).map_err(|error| error.to_string());
        Self(listen.map(|listen| Grants { listen: vec![listen], ..Grants::default() }))
    }

    /// A line of a manifest: `dir=./data::/data:ro`, `env=MODE=prod`, `net=…`, `listen=…`, `http=…`, `config=KEY=VALUE`.
    /// `env=NAME` alone grants the value that the variable has here.
    pub fn line(text: &str) -> Self {
        let wrong = |why: &str| Self(Err(format!("`{}` is no grant: {why}", text.escape_debug())));
        let (key, value) = text.split_once('=').map_or((text, ""), |(key, value)| (key.trim(), value.trim_start()));
        match key {
            "dir" => Self::parsed(value, |dir| Grants { dirs: vec![dir], ..Grants::default() }),
            "env" => match parse_env(value) {
                Ok((name, Some(value))) => Self::env(name, value),
                Ok((name, None)) => match std::env::var(&name) {
                    Ok(value) => Self::env(name, value),
                    Err(_) => wrong("the variable is not set here; give it a value: env=NAME=VALUE"),
                },
                Err(error) => Self(Err(error.to_string())),
            },
            "net" => Self::net(value),
            "listen" => Self::listen(value),
            "http" => Self::http(value),
            "config" => match value.split_once('=') {
                Some((name, value)) if !name.is_empty() => Self::config(name, value),
                _ => wrong("it takes a name and a value: config=NAME=VALUE"),
            },
            _ => wrong("it begins with one of dir=, env=, net=, listen=, http=, config="),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_manifest_is_a_grant() {
        let granted = |text| Grant::line(text).into_grants().unwrap();
        assert_eq!(granted("dir=./data::/data:ro"), Grant::dir("./data", "/data").read_only().into_grants().unwrap());
        assert_eq!(granted("env = MODE=a=b"), Grant::env("MODE", "a=b").into_grants().unwrap());
        assert_eq!(granted("config=KEY="), Grant::config("KEY", "").into_grants().unwrap());
        assert_eq!(granted("http=https://a.example.com").http.len(), 1);
        assert_eq!((granted("net=a.example.com:443").net.len(), granted("listen=127.0.0.1:1").listen.len()), (1, 1));
    }

    #[test]
    fn a_line_that_is_none_says_why() {
        for (text, why) in [
            ("", "begins with one of dir="),
            ("kv=default", "begins with one of dir="),
            ("dir=", "the directory on the host is missing"),
            ("env=HOLM_IS_NOT_SET", "not set here"),
            ("env==x", "the name is missing"),
            ("config=KEY", "a name and a value"),
            ("http=not a site", "not a site"),
        ] {
            let error = Grant::line(text).into_grants().unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
