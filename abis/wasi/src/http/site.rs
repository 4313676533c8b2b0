//! Where a guest's request goes, and whether it may.

use std::net::SocketAddr;
use std::sync::Arc;

use holm_grants::{Ask, Proto, chained, is_own_app, sibling};
use holm_services::connections::Connections;
use holm_services::http_client::AddressPolicy;
use http::Uri;

use crate::services::Services;

/// Where one request goes, as grants see it.
pub(super) struct Site<'a> {
    pub(super) scheme: String,
    pub(super) host: String,
    pub(super) port: u16,
    path: String,
    services: &'a Services,
}

/// Who answers a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Way<'s> {
    /// The guest's own app, by its routes.
    Own,
    /// The guest of this name, which is called as in Spin.
    Chained(&'s str),
    /// The guest of this name.
    Sibling(&'s str),
    /// A server elsewhere.
    Out,
}

impl<'a> Site<'a> {
    /// A URI that is only a path has neither scheme nor host.
    pub(super) fn of(uri: &Uri, services: &'a Services) -> Option<Self> {
        let (scheme, host) = match (uri.scheme_str(), uri.host()) {
            (Some(scheme), Some(host)) => (scheme, host),
            (None, None) if uri.path().starts_with('/') => ("http", ""),
            _ => return None,
        };
        let (scheme, default) = (scheme.to_owned(), if scheme == "https" { 443 } else { 80 });
        let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        Some(Self { port: uri.port_u16().unwrap_or(default), path: uri.path().to_owned(), scheme, host, services })
    }

    pub(super) fn way(&self) -> Way<'_> {
        let grants = &self.services.host.grants;
        // Somebody's host may be called `self`. The others are no hosts.
        if is_own_app(&self.host) && (self.host != "self" || grants.allows_own_app()) {
            return Way::Own;
        }
        if let Some(name) = sibling(&self.host) {
            return Way::Sibling(name);
        }
        // To who has no such grant it is a name like any other.
        let granted = grants.allows_outbound(&self.scheme, &self.host, self.port);
        chained(&self.host).filter(|_| granted).map_or(Way::Out, Way::Chained)
    }

    pub(super) fn is_granted(&self, way: &Way<'_>) -> bool {
        let grants = &self.services.host.grants;
        match way {
            Way::Own => grants.allows_own_app(),
            _ => grants.allows_http(&self.scheme, &self.host, self.port, &self.path),
        }
    }

    /// What would have granted it.
    pub(super) fn ask(&self, way: &Way<'_>) -> Ask {
        let as_outbound = self.is_outbound() || chained(&self.host).is_some();
        match way {
            Way::Own => Ask::own_app(),
            Way::Out if as_outbound => Ask::outbound(&self.scheme, &self.host, self.port),
            _ => Ask::http(&self.scheme, &self.host, self.port),
        }
    }

    /// What would have granted the address it led to.
    pub(super) fn ask_at(&self, address: SocketAddr) -> Ask {
        match self.is_outbound() {
            true => Ask::outbound(&self.scheme, &address.ip().to_string(), address.port()),
            false => Ask::connect(Proto::Tcp, address),
        }
    }

    /// Whether the guest's grants of servers are such as speak of what they speak.
    fn is_outbound(&self) -> bool {
        !self.services.host.grants.outbound.is_empty()
    }
}

impl AddressPolicy for Site<'_> {
    fn allow(&self, host: &str, address: SocketAddr) -> bool {
        let grants = &self.services.host.grants;
        grants.allows_http_at(&self.scheme, host, address.port(), &self.path, address.ip())
    }

    fn identity(&self) -> u64 {
        self.services.identity
    }

    fn connections(&self) -> Option<&Arc<Connections>> {
        Some(&self.services.connections)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_judged_without_its_brackets_and_with_its_schemes_port() {
        let services = Services::new(&crate::Wasi::new(), &holm_abi::Host::default());
        let site = Site::of(&Uri::from_static("https://[::1]/a?b"), &services).unwrap();
        assert_eq!((site.host.as_str(), site.port, site.path.as_str()), ("::1", 443, "/a"));
        assert!(Site::of(&Uri::from_static("a.example:80"), &services).is_none());
    }

    #[test]
    fn a_request_leads_to_the_app_to_a_guest_of_it_or_elsewhere() {
        let services = |outbound: &[&str]| {
            let outbound = outbound.iter().map(|text| text.parse().unwrap()).collect();
            let grants = holm_grants::Grants { outbound, ..Default::default() };
            Services::new(&crate::Wasi::new(), &holm_abi::Host { grants: Arc::new(grants), ..Default::default() })
        };
        for (grant, uri, way, granted, ask) in [
            ("http://self", "/a?b", Way::Own, true, "http://self"),
            ("http://self", "http://self/a", Way::Own, true, "http://self"),
            ("http://*", "https://self.alt/a", Way::Own, true, "http://self"),
            ("http://a", "/a", Way::Own, false, "http://self"),
            ("http://a", "http://self/a", Way::Out, false, "http://self"),
            (
                "http://*.spin.internal",
                "http://Back.spin.internal/a",
                Way::Chained("back"),
                true,
                "http://back.spin.internal",
            ),
            ("http://self", "http://back.spin.internal/a", Way::Out, false, "http://back.spin.internal"),
            ("http://*", "https://back.spin.internal/a", Way::Out, false, "https://back.spin.internal"),
            ("*://*:*", "https://back.spin.internal:3/a", Way::Chained("back"), true, "https://back.spin.internal:3"),
            ("http://*", "http://back.holm.internal/a", Way::Sibling("back"), false, "http://back.holm.internal"),
            ("https://*.a.example", "https://b.a.example/", Way::Out, true, "https://b.a.example"),
            ("https://*.a.example", "http://b.a.example:81/", Way::Out, false, "http://b.a.example:81"),
        ] {
            let services = services(&[grant]);
            let site = Site::of(&uri.parse().unwrap(), &services).unwrap();
            let found = site.way();
            let told = (site.is_granted(&found), site.ask(&found).grant_text().1);
            assert_eq!((found, told), (way, (granted, ask.to_owned())), "{grant} {uri}");
        }
        let services = services(&[]);
        let site = Site::of(&Uri::from_static("https://a.example/"), &services).unwrap();
        assert_eq!(site.ask(&Way::Out), Ask::http("https", "a.example", 443));
    }
}
