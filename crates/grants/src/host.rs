//! The host part of a network or HTTP grant: a name, a tree of names, addresses, or anything public.

use crate::address::{canonical, is_public};
use crate::sibling::sibling;
use ipnet::IpNet;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// The longest name DNS can carry, in bytes.
const LONGEST_NAME: usize = 253;

/// Which hosts a grant covers. Names are kept in lower case without a trailing dot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Host {
    /// `*`: every public address, under any name.
    Any,
    /// `localhost`: 127.0.0.0/8 and ::1, by that name or by address.
    Localhost,
    /// One name.
    Name(String),
    /// `*.name`: every name below this one, at any depth, and not the name itself.
    Below(String),
    /// Addresses, private ones included: whoever writes an address means it.
    Range(IpNet),
}

impl Host {
    /// Reads a host without its port; IPv6 addresses without brackets. The error is the reason alone.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text == "*" {
            return Ok(Host::Any);
        }
        if text.contains('/') {
            return range(text).map(Host::Range);
        }
        if let Ok(ip) = text.parse::<IpAddr>() {
            return Ok(Host::Range(canonical(ip).into()));
        }
        if text.contains(':') {
            return Err(format!("`{text}` is not an IPv6 address; with a port, write [::1]:443"));
        }
        name(text)
    }

    /// Whether a host that a guest named, by name or by address, is meant by this grant. Says
    /// nothing about where the name leads: see [`Host::admits`].
    pub(crate) fn covers(&self, asked: &str) -> bool {
        if let Some(ip) = literal(asked) {
            return match self {
                Host::Any => true,
                Host::Localhost | Host::Range(_) => self.admits(ip),
                Host::Name(_) | Host::Below(_) => false,
            };
        }
        let asked = asked.strip_suffix('.').unwrap_or(asked);
        // Guests of the same app are granted by name: `*` means the world outside.
        if !is_name(asked) || (sibling(asked).is_some() && !self.is_internal()) {
            return false;
        }
        match self {
            Host::Any => true,
            Host::Localhost => asked.eq_ignore_ascii_case("localhost"),
            Host::Name(name) => asked.eq_ignore_ascii_case(name),
            Host::Below(parent) => is_below(asked, parent),
            Host::Range(_) => false,
        }
    }

    /// Whether this address may be dialled under this grant, for a name the grant covers.
    pub(crate) fn admits(&self, ip: IpAddr) -> bool {
        match self {
            Host::Any | Host::Name(_) | Host::Below(_) => is_public(ip),
            Host::Localhost => canonical(ip).is_loopback(),
            Host::Range(range) => range.contains(&canonical(ip)),
        }
    }

    /// Whether the grant covers names that lead to an address, rather than addresses themselves.
    pub(crate) fn is_by_name(&self) -> bool {
        matches!(self, Host::Name(_) | Host::Below(_))
    }

    /// Whether it names guests of the same app.
    pub(crate) fn is_internal(&self) -> bool {
        matches!(self, Host::Name(name) | Host::Below(name) if sibling(name).is_some())
    }

    /// As it stands before a port: an IPv6 address or range in brackets.
    pub(crate) fn before_port(&self) -> String {
        match self {
            Host::Range(IpNet::V6(_)) => format!("[{self}]"),
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Any => f.write_str("*"),
            Host::Localhost => f.write_str("localhost"),
            Host::Name(name) => f.write_str(name),
            Host::Below(parent) => write!(f, "*.{parent}"),
            Host::Range(range) if range.prefix_len() == range.max_prefix_len() => {
                write!(f, "{}", range.addr())
            }
            Host::Range(range) => write!(f, "{range}"),
        }
    }
}

/// `text` as an IP address, bare or in the brackets a URL puts around IPv6.
fn literal(text: &str) -> Option<IpAddr> {
    let bracketed = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match bracketed {
        Some(inside) => inside.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => text.parse().ok(),
    }
}

fn range(text: &str) -> Result<IpNet, String> {
    let range: IpNet =
        text.parse().map_err(|_| format!("`{text}` is not an address range, which looks like 10.0.0.0/8"))?;
    let first = range.trunc();
    if first != range {
        return Err(format!("a range is written with its first address: {first}, or {} alone", range.addr()));
    }
    // Dialled addresses are compared in their IPv4 form, so such a range would match nothing.
    if canonical(range.addr()) != range.addr() {
        return Err("it holds IPv4 addresses in IPv6 form, write the IPv4 range".into());
    }
    Ok(range)
}

fn name(text: &str) -> Result<Host, String> {
    let (below, bare) = match text.strip_prefix("*.") {
        Some(parent) => (true, parent),
        None => (false, text),
    };
    let bare = bare.strip_suffix('.').unwrap_or(bare);
    if bare.contains('*') {
        return Err("`*` stands alone or for the first label, as in *.example.com".into());
    }
    if !is_name(bare) {
        return Err(format!("`{bare}` is not a host name"));
    }
    if looks_like_ipv4(bare) {
        return Err(format!("`{bare}` is neither a name nor an IPv4 address of four numbers"));
    }
    let bare = bare.to_ascii_lowercase();
    Ok(match (below, bare.as_str()) {
        (true, _) => Host::Below(bare),
        (false, "localhost") => Host::Localhost,
        (false, _) => Host::Name(bare),
    })
}

/// Strict enough that nothing which ends a host in a URL, or a string in C, passes for part of one.
fn is_name(text: &str) -> bool {
    text.len() <= LONGEST_NAME && text.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let in_label = |c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '-' | '_') || (!c.is_ascii() && !c.is_whitespace() && !c.is_control())
    };
    !label.is_empty() && label.chars().all(in_label)
}

/// `127.1`, `0x7f.1` and `2130706433` are addresses to some resolvers; refuse the confusion.
fn looks_like_ipv4(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    let hex = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    last.bytes().all(|b| b.is_ascii_digit()) || hex.is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn is_below(name: &str, parent: &str) -> bool {
    let (name, parent) = (name.as_bytes(), parent.as_bytes());
    let Some(rest) = name.len().checked_sub(parent.len()) else {
        return false;
    };
    let (child, tail) = name.split_at(rest);
    tail.eq_ignore_ascii_case(parent) && child.len() > 1 && child.ends_with(b".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(host: &str, asked: &str) -> bool {
        Host::parse(host).unwrap().covers(asked)
    }

    #[test]
    fn case_and_a_trailing_dot_make_no_difference() {
        assert!(covers("API.Example.com.", "api.example.COM"));
        assert!(covers("api.example.com", "Api.Example.Com."));
        assert!(!covers("api.example.com", "api.example.com.."));
    }

    #[test]
    fn a_wildcard_covers_names_below_at_any_depth() {
        assert!(covers("*.example.com", "a.example.com"));
        assert!(covers("*.example.com", "a.b.Example.com."));
    }

    #[test]
    fn a_wildcard_covers_neither_the_name_itself_nor_a_lookalike() {
        for asked in ["example.com", ".example.com", "evil-example.com", "example.com.evil.org"] {
            assert!(!covers("*.example.com", asked), "{asked}");
        }
    }

    #[test]
    fn only_a_grant_of_the_internal_domain_covers_names_in_it() {
        for (host, covered) in [
            ("images.holm.internal", true),
            ("*.holm.internal", true),
            ("*.images.holm.internal", false),
            ("*", false),
            ("*.internal", false),
        ] {
            assert_eq!(covers(host, "images.holm.internal"), covered, "{host}");
        }
        assert!(covers("*.internal", "other.internal"));
    }

    #[test]
    fn text_that_would_end_the_name_early_is_no_name() {
        for asked in ["evil.com/.example.com", "evil.com\0.example.com", "evil.com#.example.com", ""] {
            assert!(!covers("*.example.com", asked), "{asked}");
            assert!(!covers("*", asked), "{asked}");
        }
    }

    #[test]
    fn a_multibyte_name_is_compared_without_splitting_a_character() {
        assert!(covers("*.bücher.example", "shop.bücher.example"));
        assert!(!covers("*.example", "ü"));
        assert!(!covers("*.xx", "aüx"));
    }

    #[test]
    fn localhost_is_loopback_by_name_and_by_address() {
        for asked in ["localhost", "LOCALHOST.", "127.0.0.1", "127.9.9.9", "::1", "[::1]"] {
            assert!(covers("localhost", asked), "{asked}");
        }
        assert!(!covers("localhost", "10.0.0.1"));
        assert!(!covers("localhost", "a.localhost"));
    }

    #[test]
    fn an_address_covers_itself_in_every_form() {
        assert!(covers("127.0.0.1", "::ffff:127.0.0.1"));
        assert!(covers("::ffff:127.0.0.1", "127.0.0.1"));
        assert!(covers("fd00::/8", "[fd00::1]"));
        assert!(!covers("10.0.0.0/8", "[10.0.0.1]"));
        assert!(!covers("10.0.0.0/8", "example.com"));
    }

    #[test]
    fn half_written_hosts_are_refused() {
        for host in [
            "",
            ".",
            "a..b",
            "a.*.b",
            "*a.b",
            "**",
            "*.",
            "a b",
            "a@b",
            "127.1",
            "0x7f.1",
            "2130706433",
            "10.0.0.1/8",
            "10.0.0.0/33",
            "::ffff:10.0.0.0/104",
            "a:b",
            "1::2::3",
        ] {
            assert!(Host::parse(host).is_err(), "{host}");
        }
    }
}
