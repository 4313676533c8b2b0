//! Networks that no grant opens.

use crate::address::{canonical, is_public};
use crate::error::ParseError;
use ipnet::IpNet;
use std::net::IpAddr;

/// Networks that nothing is dialled in for a guest, whatever it was granted, as the `block_networks` of a Spin app's
/// runtime-config.toml says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Blocked {
    networks: Vec<IpNet>,
    /// Whether all addresses are that are not public.
    private: bool,
}

impl Blocked {
    /// Blocks one more: a range of addresses (`10.0.0.0/8`; any address of it stands for it), one address, or `private`
    /// for all that are not public.
    ///
    /// # Errors
    /// It is none of these.
    pub fn add(&mut self, text: &str) -> Result<(), ParseError> {
        if text == "private" {
            self.private = true;
            return Ok(());
        }
        let network = text.parse::<IpNet>().or_else(|error| text.parse::<IpAddr>().map(IpNet::from).map_err(|_| error));
        let network = network.map_err(|_| {
            ParseError::new("a network to block", "10.0.0.0/8", text, "it is an address, a range of them, or `private`")
        })?;
        self.networks.push(network.trunc());
        Ok(())
    }

    /// Adds what `other` blocks.
    pub(crate) fn merge(&mut self, other: Blocked) {
        self.networks.extend(other.networks);
        self.private |= other.private;
    }

    /// Whether nothing is dialled at `ip`, in whatever form it is written.
    pub(crate) fn covers(&self, ip: IpAddr) -> bool {
        let within = |network: &IpNet| network.contains(&ip) || network.contains(&canonical(ip));
        (self.private && !is_public(ip)) || self.networks.iter().any(within)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Grants, Proto};

    fn blocked(texts: &[&str]) -> Blocked {
        let mut blocked = Blocked::default();
        texts.iter().for_each(|text| blocked.add(text).unwrap());
        blocked
    }

    #[test]
    fn what_is_blocked_is_reached_by_no_grant() {
        let grants = |blocked: Blocked| Grants {
            net: vec!["*".parse().unwrap(), "10.0.0.0/8".parse().unwrap()],
            http: vec!["*".parse().unwrap()],
            outbound: vec!["*://*:*".parse().unwrap(), "redis://10.0.0.1".parse().unwrap()],
            blocked,
            ..Grants::default()
        };
        let reached = |grants: &Grants, ip: &str| {
            let ip: IpAddr = ip.parse().unwrap();
            let socket = grants.allows_connect(Proto::Tcp, (ip, 6379).into(), &["a.example"]);
            let outbound = grants.allows_outbound_at("redis", &ip.to_string(), 6379, ip);
            let http = grants.allows_http_at("https", "a.example", 443, "/", ip);
            assert_eq!((socket, outbound), (http, http), "{ip}");
            http
        };
        let open = grants(Blocked::default());
        let private = grants(blocked(&["private"]));
        let some = grants(blocked(&["10.1.2.3/8", "1.1.1.1", "2001:db8::/32"]));
        for (ip, by_private, by_some) in [
            ("10.0.0.1", true, true),
            ("::ffff:10.0.0.1", true, true),
            ("127.0.0.1", true, false),
            ("1.1.1.1", false, true),
            ("1.1.1.2", false, false),
        ] {
            assert!(reached(&open, ip), "{ip}");
            assert_eq!((reached(&private, ip), reached(&some, ip)), (!by_private, !by_some), "{ip}");
        }
    }

    #[test]
    fn blocking_grants_nothing_and_is_kept_when_grants_are_merged() {
        let mut grants = Grants { blocked: blocked(&["10.0.0.0/8"]), ..Grants::default() };
        assert!(grants.is_empty());
        let other = Grants { outbound: vec!["*://*:*".parse().unwrap()], ..Grants::default() };
        grants.merge(other);
        assert!(!grants.allows_outbound_at("redis", "a.example", 1, "10.0.0.1".parse().unwrap()));
    }

    #[test]
    fn what_is_no_network_is_told() {
        for text in ["", "public", "10.0.0.0/33", "example.com"] {
            assert!(Blocked::default().add(text).is_err(), "{text}");
        }
    }
}
