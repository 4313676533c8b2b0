//! The host of a request, in the one spelling that routes have.

use std::io::Write;
use std::net::Ipv6Addr;

/// The longest host that any route has, in bytes: a DNS name.
const LONGEST: usize = 253;

/// Room for a host that has to be spelt anew.
pub(crate) struct Buffer([u8; LONGEST]);

impl Default for Buffer {
    fn default() -> Self {
        Buffer([0; LONGEST])
    }
}

/// `host` without its port and the dot at its end, in lower case; IPv6 addresses as RFC 5952 writes them. Empty when it
/// cannot be the host of a route.
pub(crate) fn normal<'h>(host: &'h str, buffer: &'h mut Buffer) -> &'h str {
    if let Some(address) = host.strip_prefix('[') {
        return ipv6(address, buffer).unwrap_or_default();
    }
    let name = match host.split_once(':') {
        Some((name, port)) if is_port(port) => name,
        Some(_) => return "",
        None => host,
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    match name.bytes().any(|c| c.is_ascii_uppercase()) {
        // No label in front of the dot, so not below what follows it.
        _ if name.starts_with('.') => "",
        true => lower(name, buffer).unwrap_or_default(),
        false => name,
    }
}

/// RFC 3986, section 3.2.3: digits, or nothing after the colon.
fn is_port(text: &str) -> bool {
    text.bytes().all(|c| c.is_ascii_digit())
}

fn lower<'h>(name: &str, Buffer(buffer): &'h mut Buffer) -> Option<&'h str> {
    let buffer = buffer.get_mut(..name.len())?;
    buffer.copy_from_slice(name.as_bytes());
    buffer.make_ascii_lowercase();
    std::str::from_utf8(buffer).ok()
}

fn ipv6<'h>(text: &str, Buffer(buffer): &'h mut Buffer) -> Option<&'h str> {
    let (address, after) = text.split_once(']')?;
    let port = after.strip_prefix(':').unwrap_or(after);
    if !is_port(port) || (port.len() == after.len() && !after.is_empty()) {
        return None;
    }
    let address: Ipv6Addr = address.parse().ok()?;
    let mut room = buffer.as_mut_slice();
    write!(room, "[{address}]").ok()?;
    let length = LONGEST - room.len();
    std::str::from_utf8(&buffer[..length]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_host_is_one() {
        for (host, expected) in [
            ("shop.example.com", "shop.example.com"),
            ("Shop.EXAMPLE.com", "shop.example.com"),
            ("shop.example.com.", "shop.example.com"),
            ("shop.example.com:8080", "shop.example.com"),
            ("SHOP.example.com.:8080", "shop.example.com"),
            ("shop.example.com:", "shop.example.com"),
            ("127.0.0.1:3000", "127.0.0.1"),
            ("[::1]", "[::1]"),
            ("[0:0::0001]:3000", "[::1]"),
            ("[::FFFF:1.2.3.4]", "[::ffff:1.2.3.4]"),
        ] {
            assert_eq!(normal(host, &mut Buffer::default()), expected, "{host}");
        }
    }

    #[test]
    fn what_is_no_host_is_none() {
        let long = "A".repeat(254);
        for host in [
            "",
            ".",
            ".example.com",
            ":80",
            "[::1",
            "[::1]x",
            "[::1]80",
            "[::1%25eth0]",
            "::1",
            "a:b",
            "a:80:80",
            "user@A:x",
            &long,
        ] {
            assert_eq!(normal(host, &mut Buffer::default()), "", "{host}");
        }
    }
}
