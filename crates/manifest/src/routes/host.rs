//! The host of a route.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The longest name DNS can carry, and the longest label in one, in bytes (RFC 1035, section 2.3.4).
const LONGEST_NAME: usize = 253;
const LONGEST_LABEL: usize = 63;

/// Hosts that a route is for: one, or every name below one.
///
/// A name is kept in lower case without a dot at its end, in the ASCII form that requests carry (`xn--…`); an IPv6
/// address in brackets, in the form of RFC 5952.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostPattern {
    name: String,
    wildcard: bool,
}

impl HostPattern {
    /// The host itself or, for a wildcard, the name that hosts are below: `example.com` for `*.example.com`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the names below [`name`](HostPattern::name) are meant, at any depth, and not the name itself.
    pub fn is_wildcard(&self) -> bool {
        self.wildcard
    }

    /// The error is the reason alone.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text == "*" {
            return Err("a route for every host is a path alone, as in `/api`".into());
        }
        if text.contains('@') {
            return Err("a route has no user name".into());
        }
        if let Some(address) = text.strip_prefix('[') {
            return ipv6(address);
        }
        if text.contains(':') {
            return Err(no_port(text));
        }
        let (wildcard, name) = match text.strip_prefix("*.") {
            Some(parent) => (true, parent),
            None => (false, text),
        };
        let name = name.strip_suffix('.').unwrap_or(name);
        check_name(name)?;
        if is_address(name, wildcard)? && wildcard {
            return Err("there are no names below an address".into());
        }
        Ok(HostPattern { name: name.to_ascii_lowercase(), wildcard })
    }
}

fn no_port(text: &str) -> String {
    match text.parse::<Ipv6Addr>() {
        Ok(ip) => format!("an IPv6 address is in brackets: [{ip}]"),
        Err(_) => "a route has no port: which ports there are is for the server to say".into(),
    }
}

fn ipv6(text: &str) -> Result<HostPattern, String> {
    let (address, after) = text.split_once(']').ok_or("its `[` is never closed")?;
    match after {
        "" => {}
        after if after.starts_with(':') => return Err(no_port(after)),
        _ => return Err("after `]` comes the path".into()),
    }
    let address: Ipv6Addr = address.parse().map_err(|_| "what is in brackets is not an IPv6 address")?;
    Ok(HostPattern { name: format!("[{address}]"), wildcard: false })
}

fn check_name(name: &str) -> Result<(), String> {
    if name.contains('*') {
        return Err("`*` stands for the first labels of a host, as in *.example.com, and nowhere else".into());
    }
    if !name.is_ascii() {
        return Err("a name that is not ASCII is written as requests carry it, beginning with xn--".into());
    }
    if name.len() > LONGEST_NAME {
        return Err(format!("a host name has at most {LONGEST_NAME} characters"));
    }
    match name.split('.').all(is_label) {
        true => Ok(()),
        false => Err(format!("`{name}` is not a host name")),
    }
}

fn is_label(label: &str) -> bool {
    let plain = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    let hyphens = label.starts_with('-') || label.ends_with('-');
    !label.is_empty() && label.len() <= LONGEST_LABEL && label.bytes().all(plain) && !hyphens
}

/// Whether `name` is an IPv4 address. One that is so only to some programs (`127.1`, `0x7f.1`) is refused.
fn is_address(name: &str, wildcard: bool) -> Result<bool, String> {
    if name.parse::<Ipv4Addr>().is_ok() {
        return Ok(true);
    }
    let last = name.rsplit('.').next().unwrap_or(name);
    let hex = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    let numeric = last.bytes().all(|c| c.is_ascii_digit())
        || hex.is_some_and(|digits| digits.bytes().all(|c| c.is_ascii_hexdigit()));
    match (numeric, wildcard) {
        (false, _) => Ok(false),
        (true, true) => Ok(true),
        (true, false) => Err(format!("`{name}` is neither a name nor an IPv4 address of four numbers")),
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.wildcard { "*." } else { "" }, self.name)
    }
}
