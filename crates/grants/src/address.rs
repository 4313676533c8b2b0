//! Which addresses belong to the public internet, whatever form they are written in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether `ip` is an address of the public internet, which a grant by name or `*` may open.
///
/// Everything that could be the host itself, its neighbours or its cloud's metadata service is not:
/// private, loopback, link-local, unique-local, carrier NAT, multicast, unspecified, broadcast,
/// documentation, benchmarking and reserved ranges. An IPv4 address inside an IPv6 one (v4-mapped,
/// v4-compatible, 6to4, NAT64) is judged as that IPv4 address.
pub fn is_public(ip: IpAddr) -> bool {
    match canonical(ip) {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

/// Whether `ip` is link-local, or where clouds tell their machines who they are and what their keys are: Amazon, Google,
/// Azure, Alibaba and Oracle. In any form that an IPv4 address has within an IPv6 one, a network's own NAT64 included
/// (RFC 8215), of which the address cannot be known.
pub(crate) fn is_metadata(ip: IpAddr) -> bool {
    match canonical(ip) {
        IpAddr::V4(ip) => {
            matches!(ip.octets(), [169, 254, ..] | [168, 63, 129, 16] | [100, 100, 100, 200] | [192, 0, 0, 192])
        }
        IpAddr::V6(ip) => matches!(
            ip.segments(),
            [0xfe80..=0xfebf, ..] | [0xfd00, 0x0ec2, ..] | [0xfd20, 0x00ce, ..] | [0x64, 0xff9b, 1, ..]
        ),
    }
}

/// `ip`, or the IPv4 address that a packet sent to it would reach.
pub(crate) fn canonical(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(v6) => embedded_v4(v6).map_or(ip, IpAddr::V4),
    }
}

fn embedded_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = ip.segments();
    let [low, sixth] = [(g, h), (b, c)].map(|(high, low)| {
        let ([p, q], [r, s]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(p, q, r, s)
    });
    match [a, b, c, d, e, f] {
        [0, 0, 0, 0, 0, 0xffff] | [0x64, 0xff9b, 0, 0, 0, 0] => Some(low),
        // `::` and `::1` are addresses of their own.
        [0, 0, 0, 0, 0, 0] if (g, h) > (0, 1) => Some(low),
        [0x2002, ..] => Some(sixth),
        _ => None,
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let reserved = match ip.octets() {
        [0 | 10 | 127, ..] => true,
        [100, 64..=127, ..] => true,                    // carrier NAT
        [168, 63, 129, 16] => true,                     // Azure's metadata and DNS
        [169, 254, ..] => true,                         // link-local, metadata
        [172, 16..=31, ..] | [192, 168, ..] => true,    // private
        [192, 0, 0 | 2, _] | [198, 51, 100, _] => true, // protocol assignments, documentation
        [203, 0, 113, _] => true,                       // documentation
        [192, 88, 99, _] => true,                       // 6to4 relays
        [198, 18 | 19, ..] => true,                     // benchmarking
        [224..=255, ..] => true,                        // multicast, reserved, broadcast
        _ => false,
    };
    !reserved
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    match ip.segments() {
        // Protocol assignments: Teredo, which hides an IPv4 address, ORCHID, benchmarking.
        [0x2001, 0..=0x01ff, ..] => false,
        [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => false, // documentation
        // The one block from which global addresses are handed out.
        [0x2000..=0x3fff, ..] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(text: &str) -> bool {
        is_public(text.parse().unwrap())
    }

    #[test]
    fn addresses_of_the_internet_are_public() {
        for ip in [
            "1.1.1.1",
            "8.8.8.8",
            "93.184.216.34",
            "172.15.0.1",
            "172.32.0.1",
            "100.63.0.1",
            "100.128.0.1",
            "192.0.1.1",
            "223.255.255.255",
            "168.63.129.17",
            "2606:4700:4700::1111",
            "2a00:1450:4001::8a",
            "2001:4860:4860::8888",
        ] {
            assert!(public(ip), "{ip}");
        }
    }

    #[test]
    fn addresses_of_the_host_and_its_neighbours_are_not() {
        for ip in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "::",
            "::1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "100::1",
        ] {
            assert!(!public(ip), "{ip}");
        }
    }

    #[test]
    fn documentation_ranges_are_not() {
        for ip in ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"] {
            assert!(!public(ip), "{ip}");
        }
    }

    #[test]
    fn a_private_address_in_ipv6_clothes_is_still_private() {
        for ip in [
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "::10.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::a00:1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
            "2001:0:7f00:1::",
        ] {
            assert!(!public(ip), "{ip}");
        }
    }

    #[test]
    fn a_public_address_in_ipv6_clothes_is_still_public() {
        for ip in ["::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2002:101:101::1"] {
            assert!(public(ip), "{ip}");
        }
    }
}
