//! A server elsewhere, as a URL names it.

use http::Uri;
use percent_encoding::percent_decode_str;
use std::fmt;

/// A server, and how to introduce oneself to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// Whether the connection is encrypted.
    pub tls: bool,
    /// A name, an IPv4 address, or an IPv6 address in brackets.
    pub host: String,
    /// The TCP port.
    pub port: u16,
    /// The user's name.
    pub user: Option<String>,
    /// The user's password, or a token that stands for both.
    pub password: Option<Secret>,
}

/// A text that is neither printed nor logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text itself, for whoever has to send it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Secret(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Remote {
    /// Reads a URL whose scheme the caller knows: the server, and the path without its slash where there is one. The
    /// error is the reason alone, and repeats nothing.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(url: &str, default_port: u16, tls: bool) -> Result<(Remote, Option<String>), String> {
        let uri: Uri = url.parse().map_err(|_| "it is not a URL")?;
        let authority = uri.authority().ok_or("it names no host")?;
        if uri.query().is_some() || url.contains('#') {
            return Err("settings after `?` or `#` are not read".into());
        }
        let (user, password) = match authority.as_str().rsplit_once('@') {
            Some((userinfo, _)) => introduction(userinfo)?,
            None => (None, None),
        };
        let port = port(authority)?.unwrap_or(default_port);
        let path = uri.path().trim_start_matches('/');
        let path = (!path.is_empty()).then(|| path.to_owned());
        Ok((Remote { tls, host: host(authority.host())?, port, user, password }, path))
    }
}

fn host(host: &str) -> Result<String, String> {
    match host {
        "" => Err("it names no host".into()),
        host if host.contains('%') => Err("its host has a `%`".into()),
        host => Ok(host.to_ascii_lowercase()),
    }
}

fn port(authority: &http::uri::Authority) -> Result<Option<u16>, String> {
    let after_host = authority.as_str().rsplit('@').next().unwrap_or_default();
    let text = after_host.strip_prefix(authority.host()).unwrap_or_default();
    match (text, authority.port_u16()) {
        ("", _) => Ok(None),
        (_, Some(port)) if port > 0 => Ok(Some(port)),
        _ => Err("a port is a number from 1 to 65535".into()),
    }
}

/// USER:PASSWORD, :PASSWORD, or a token alone.
fn introduction(userinfo: &str) -> Result<(Option<String>, Option<Secret>), String> {
    let (user, password) = userinfo.split_once(':').unwrap_or(("", userinfo));
    let (user, password) = (decoded(user)?, decoded(password)?);
    Ok((Some(user).filter(|user| !user.is_empty()), Some(password).filter(|text| !text.is_empty()).map(Secret)))
}

fn decoded(text: &str) -> Result<String, String> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(Into::into).map_err(|_| "its user name or password is not UTF-8".into())
}

/// `url` with `***` for whatever stands where secrets stand, even if the rest is broken.
pub(super) fn without_secrets(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://***@{rest}"),
        (None, Some((_, rest))) => format!("***@{rest}"),
        _ => url.to_owned(),
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.user, &self.password) {
            (None, None) => {}
            (Some(user), None) => write!(f, "{user}@")?,
            (user, Some(_)) => write!(f, "{}:***@", user.as_deref().unwrap_or_default())?,
        }
        write!(f, "{}:{}", self.host, self.port)
    }
}
