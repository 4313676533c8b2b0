//! The PROXY protocol, versions 1 and 2, as haproxy specifies it (`doc/proxy-protocol.txt`, section 2).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The most bytes a header may have here. Version 1 has at most 107; version 2 allows 65,551, of which proxies use a
/// few hundred for what they know of the client's certificate.
pub(super) const MOST: usize = 4096;

const V1: &[u8] = b"PROXY ";
const V1_MOST: usize = 107;
const V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
const V2_FIXED: usize = 16;

/// What the first bytes of a connection are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Parsed {
    /// A header of so many bytes. No address: the proxy speaks for itself or does not know.
    Header(usize, Option<SocketAddr>),
    /// The beginning of one.
    More,
    /// No header.
    Invalid,
}

/// Looks at everything that came so far.
pub(super) fn parse(bytes: &[u8]) -> Parsed {
    if bytes.starts_with(V2) {
        return version2(bytes).unwrap_or(Parsed::Invalid);
    }
    if bytes.starts_with(V1) {
        return version1(bytes);
    }
    if V2.starts_with(bytes) || V1.starts_with(bytes) { Parsed::More } else { Parsed::Invalid }
}

fn version1(bytes: &[u8]) -> Parsed {
    let seen = &bytes[..bytes.len().min(V1_MOST)];
    let Some(end) = seen.windows(2).position(|pair| pair == b"\r\n") else {
        return if bytes.len() < V1_MOST { Parsed::More } else { Parsed::Invalid };
    };
    let Some(line) = std::str::from_utf8(&seen[V1.len()..end]).ok() else { return Parsed::Invalid };
    // What follows UNKNOWN is to be ignored.
    if line == "UNKNOWN" || line.starts_with("UNKNOWN ") {
        return Parsed::Header(end + 2, None);
    }
    addresses(line).map_or(Parsed::Invalid, |source| Parsed::Header(end + 2, Some(source)))
}

/// `TCP4 192.0.2.1 192.0.2.2 56324 443`, of which the first address and the first port are the client's.
fn addresses(line: &str) -> Option<SocketAddr> {
    let parts: Vec<&str> = line.split(' ').collect();
    let [family, source, destination, source_port, destination_port] = parts.as_slice() else { return None };
    let (source, destination): (IpAddr, IpAddr) = (source.parse().ok()?, destination.parse().ok()?);
    let fits = |ip: IpAddr| (*family == "TCP4" && ip.is_ipv4()) || (*family == "TCP6" && ip.is_ipv6());
    port(destination_port)?;
    (fits(source) && fits(destination)).then_some(SocketAddr::new(source, port(source_port)?))
}

fn port(text: &str) -> Option<u16> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

/// None: invalid.
fn version2(bytes: &[u8]) -> Option<Parsed> {
    let Some((fixed, _)) = bytes.split_first_chunk::<V2_FIXED>() else { return Some(Parsed::More) };
    let total = V2_FIXED + usize::from(u16::from_be_bytes([fixed[14], fixed[15]]));
    // Said at once, not after waiting for bytes that nobody will read.
    if total > MOST || fixed[12] >> 4 != 2 {
        return None;
    }
    let Some(rest) = bytes.get(V2_FIXED..total) else { return Some(Parsed::More) };
    let source = match (fixed[12] & 0xf, fixed[13]) {
        // LOCAL: the proxy's own, such as a health check.
        (0, _) => None,
        (1, 0x11) => Some(SocketAddr::from((Ipv4Addr::from(*rest.first_chunk()?), be16(rest, 8)?))),
        (1, 0x21) => Some(SocketAddr::from((Ipv6Addr::from(*rest.first_chunk::<16>()?), be16(rest, 32)?))),
        // PROXY with an unspecified or a Unix address.
        (1, 0x00 | 0x31) => None,
        _ => return None,
    };
    Some(Parsed::Header(total, source))
}

/// The source port; the destination's follows it, and must be there.
fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    let ports = bytes.get(at..at + 4)?;
    Some(u16::from_be_bytes([ports[0], ports[1]]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v2(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [V2, &[command, family], &length, rest].concat()
    }

    fn header(bytes: &[u8]) -> Option<SocketAddr> {
        match parse(&[bytes, b"GET /"].concat()) {
            Parsed::Header(length, source) if length == bytes.len() => source,
            other => panic!("{other:?}"),
        }
    }

    fn address(text: &str) -> Option<SocketAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn version_1_gives_the_first_address_and_port() {
        assert_eq!(header(b"PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n"), address("192.0.2.1:56324"));
        assert_eq!(header(b"PROXY TCP6 2001:db8::1 ::1 0 65535\r\n"), address("[2001:db8::1]:0"));
        assert_eq!(header(b"PROXY UNKNOWN\r\n"), None);
        assert_eq!(header(b"PROXY UNKNOWN ffff::1 whatever\r\n"), None);
    }

    #[test]
    fn version_2_gives_the_source_and_skips_what_follows() {
        let four = [192, 0, 2, 1, 192, 0, 2, 2, 0x12, 0x34, 0, 80, 4, 0, 1, 0];
        assert_eq!(header(&v2(0x21, 0x11, &four)), address("192.0.2.1:4660"));
        let mut six = [0; 36];
        (six[0], six[1], six[15], six[33]) = (0x20, 1, 1, 7);
        assert_eq!(header(&v2(0x21, 0x21, &six)), address("[2001::1]:7"));
        assert_eq!(header(&v2(0x20, 0, &[])), None);
        assert_eq!(header(&v2(0x21, 0x31, &[0; 216])), None);
    }

    #[test]
    fn every_beginning_of_a_header_wants_more() {
        for whole in [b"PROXY TCP4 1.2.3.4 5.6.7.8 9 10\r\n".to_vec(), v2(0x21, 0x11, &[0; 12])] {
            for end in 0..whole.len() {
                assert_eq!(parse(&whole[..end]), Parsed::More, "{end}");
            }
        }
    }

    #[test]
    fn what_is_no_header_is_refused_without_waiting_for_more() {
        let long = [b"PROXY TCP4 ", [b'1'; 107].as_slice()].concat();
        let cases = [
            b"GET / HTTP/1.1\r\n".as_slice(),
            b"PROXY TCP4 1.2.3.4 5.6.7.8 9\r\n",
            b"PROXY TCP4 1.2.3.4 5.6.7.8 9 10 11\r\n",
            b"PROXY TCP4 1.2.3.4  5.6.7.8 9 10\r\n",
            b"PROXY TCP4 1.2.3.4 5.6.7.8 +9 10\r\n",
            b"PROXY TCP4 1.2.3.4 5.6.7.8 09 10\r\n",
            b"PROXY TCP4 1.2.3.4 5.6.7.8 9 65536\r\n",
            b"PROXY TCP4 ::1 ::1 9 10\r\n",
            b"PROXY UDP4 1.2.3.4 5.6.7.8 9 10\r\n",
            b"PROXY UNKNOWNS\r\n",
            b"PROXY \xff\r\n",
            &long,
            &v2(0x11, 0x11, &[0; 12]),
            &v2(0x22, 0x11, &[0; 12]),
            &v2(0x21, 0x12, &[0; 12]),
            &v2(0x21, 0x11, &[0; 11]),
            &v2(0x21, 0x21, &[0; 35]),
            &v2(0x21, 0x11, &[0; MOST]),
        ];
        for case in cases {
            assert_eq!(parse(case), Parsed::Invalid, "{:?}", case.escape_ascii().to_string());
        }
    }
}
