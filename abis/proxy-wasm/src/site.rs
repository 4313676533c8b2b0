//! Where calls to elsewhere go, as grants see it.

use std::net::SocketAddr;
use std::sync::Arc;

use holm_grants::Ask;
use holm_services::connections::Connections;
use holm_services::http_client::{AddressPolicy, Options};
use http::Uri;
use http::uri::{Authority, PathAndQuery, Scheme};

use crate::plugin::Plugin;

/// The place of one call.
#[derive(Clone)]
pub(crate) struct Site {
    plugin: Arc<Plugin>,
    scheme: String,
    pub(crate) host: String,
    port: u16,
    path: String,
    /// The whole of it, with the guest's path.
    pub(crate) uri: Uri,
    /// What to call it instead, as the guest wants it.
    pub(crate) called: Option<Authority>,
}

impl Site {
    /// Where a guest's call goes. In Envoy, `upstream` is the name of a cluster, and what stands behind it is configured.
    /// Here it is the place itself: a URL's beginning, or a host with or without a port, or the name that Istio gives
    /// clusters (`outbound|PORT|SUBSET|HOST`); or any name, and then the call goes where `authority` says. Of those that
    /// can be meant, the first that is granted is. Where a server is granted by its address, `authority` is what it is called.
    ///
    /// # Errors
    /// None is granted; what was asked for goes into the audit.
    pub(crate) fn of(
        plugin: &Arc<Plugin>,
        upstream: &str,
        authority: Option<&str>,
        scheme: Option<&str>,
        path: &str,
    ) -> Option<Self> {
        let by_name = Self::named(plugin, upstream, path);
        if let Some(mut site) = by_name.clone()
            && site.is_granted()
        {
            site.called = authority.and_then(|authority| authority.parse().ok()).filter(|_| site.is_one_server());
            return Some(site);
        }
        if upstream.contains("://") {
            by_name.as_ref().map(Self::deny);
            return None;
        }
        let scheme = if scheme == Some("https") { Scheme::HTTPS } else { Scheme::HTTP };
        let by_authority = authority.and_then(|authority| Self::new(plugin, scheme, authority, path));
        if let Some(site) = &by_authority
            && site.is_granted()
        {
            return by_authority;
        }
        // A name without a dot or a port is rather a cluster's than a host's.
        let meant = by_name.filter(|_| upstream.contains(['.', ':'])).or(by_authority);
        meant.as_ref().map(Self::deny);
        None
    }

    fn named(plugin: &Arc<Plugin>, upstream: &str, path: &str) -> Option<Self> {
        if let Some((scheme, rest)) = upstream.split_once("://") {
            let authority = rest.split(['/', '?', '#']).next()?;
            let scheme = match scheme {
                "http" => Scheme::HTTP,
                "https" => Scheme::HTTPS,
                _ => return None,
            };
            return Self::new(plugin, scheme, authority, path);
        }
        let mut parts = upstream.split('|');
        if let (Some("outbound"), Some(port), Some(_), Some(host)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        {
            return Self::new(plugin, Scheme::HTTP, &format!("{host}:{port}"), path);
        }
        Self::new(plugin, Scheme::HTTP, upstream, path)
    }

    fn new(plugin: &Arc<Plugin>, scheme: Scheme, authority: &str, path: &str) -> Option<Self> {
        let authority: Authority = authority.parse().ok()?;
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return None;
        }
        let port = match authority.port() {
            Some(_) => authority.port_u16()?,
            None if scheme == Scheme::HTTPS => 443,
            None => 80,
        };
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let path: PathAndQuery = path.parse().ok()?;
        let plain = path.path().to_owned();
        let mut parts = http::uri::Parts::default();
        (parts.scheme, parts.authority, parts.path_and_query) = (Some(scheme.clone()), Some(authority), Some(path));
        let uri = Uri::from_parts(parts).ok()?;
        let (plugin, scheme) = (Arc::clone(plugin), scheme.as_str().to_owned());
        Some(Self { plugin, scheme, host, port, path: plain, uri, called: None })
    }

    fn is_granted(&self) -> bool {
        self.plugin.host.grants.allows_http(&self.scheme, &self.host, self.port, &self.path)
    }

    /// Whether it is granted as a server, whatever it is called: under its address. Under a name, what is granted is that
    /// name, and no other that may stand beside it.
    fn is_one_server(&self) -> bool {
        self.host == "localhost" || self.host.parse::<std::net::IpAddr>().is_ok()
    }

    /// How to send requests there.
    pub(crate) fn options(&self) -> Options {
        Options { authority: self.called.clone(), ..Options::default() }
    }

    fn deny(&self) {
        self.plugin.host.audit.denied(Ask::http(&self.scheme, &self.host, self.port));
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Whether it speaks TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.scheme == "https"
    }

    /// Whether this is where requests to other guests go, and not another service of that name.
    pub(crate) fn is_plain(&self) -> bool {
        (self.scheme.as_str(), self.port) == ("http", 80)
    }
}

impl AddressPolicy for Site {
    fn allow(&self, host: &str, address: SocketAddr) -> bool {
        let grants = &self.plugin.host.grants;
        grants.allows_http_at(&self.scheme, host, address.port(), &self.path, address.ip())
    }

    fn identity(&self) -> u64 {
        self.plugin.identity
    }

    fn connections(&self) -> Option<&Arc<Connections>> {
        Some(&self.plugin.connections)
    }
}
