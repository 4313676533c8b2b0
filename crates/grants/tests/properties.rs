//! What holds for every text and every address, not only for the ones somebody thought of.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use holm_grants::{
    DirGrant, Grants, HttpGrant, NetGrant, OutboundGrant, Proto, format_duration, format_size, is_public,
    parse_duration, parse_env, parse_size,
};
use proptest::prelude::*;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

/// Text that often looks like a grant, and sometimes like nothing at all.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("://"),
        Just("http"),
        Just("https"),
        Just("tcp"),
        Just("udp"),
        Just("tls"),
        Just("*"),
        Just("*."),
        Just("."),
        Just(":"),
        Just("::"),
        Just("["),
        Just("]"),
        Just("/"),
        Just("-"),
        Just("80"),
        Just("443"),
        Just("65536"),
        Just("10.0.0.0"),
        Just("fe80::1"),
        Just("8"),
        Just("localhost"),
        Just("example.com"),
        Just("ü"),
        Just(":ro"),
        Just(":rw"),
        Just("="),
        Just("%2e"),
        Just("/v1"),
        Just(" "),
        Just("\0"),
        Just(".."),
        Just("self"),
        Just("redis"),
        Just("s"),
        Just("MiB"),
        Just("ffff:"),
    ];
    let grammatical = prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat());
    prop_oneof![4 => grammatical, 1 => any::<String>()]
}

/// Addresses of every kind, with those that hide an IPv4 address well represented.
fn ip() -> impl Strategy<Value = IpAddr> {
    let private = prop_oneof![
        Just([127, 0, 0, 1]),
        Just([169, 254, 169, 254]),
        Just([10, 0, 0, 1]),
        Just([0, 0, 0, 0]),
        Just([192, 168, 0, 1]),
        Just([100, 64, 0, 1]),
        Just([255, 255, 255, 255]),
    ];
    let v4 = prop_oneof![private, any::<[u8; 4]>()].prop_map(Ipv4Addr::from).boxed();
    let v6 = any::<u128>().prop_map(|bits| IpAddr::V6(bits.into()));
    let hidden = (v4.clone(), 0..4_usize).prop_map(|(v4, form)| IpAddr::V6(forms(v4)[form]));
    prop_oneof![v4.prop_map(IpAddr::V4), v6, hidden]
}

/// One IPv4 address as v4-mapped, v4-compatible, NAT64 and 6to4.
fn forms(v4: Ipv4Addr) -> [Ipv6Addr; 4] {
    let bits = u128::from(v4.to_bits());
    [0xffff_0000_0000 | bits, bits, (0x0064_ff9b << 96) | bits, (0x2002 << 112) | (bits << 80)].map(Ipv6Addr::from)
}

fn reads_back<T>(text: &str) -> Result<(), TestCaseError>
where
    T: FromStr + ToString + PartialEq + std::fmt::Debug,
    T::Err: std::fmt::Debug,
{
    if let Ok(grant) = text.parse::<T>() {
        let written = grant.to_string();
        let again = written.parse::<T>().ok();
        prop_assert_eq!(again.as_ref(), Some(&grant), "{} -> {}", text, written);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn whatever_is_read_is_written_so_that_it_reads_back(text in text()) {
        reads_back::<DirGrant>(&text)?;
        reads_back::<NetGrant>(&text)?;
        reads_back::<HttpGrant>(&text)?;
        reads_back::<OutboundGrant>(&text)?;
    }

    #[test]
    fn no_text_makes_a_parser_panic(text in text()) {
        let _ = (parse_env(&text), parse_size(&text), parse_duration(&text));
    }

    #[test]
    fn a_name_or_a_star_never_opens_an_address_that_is_not_public(
        ip in ip(),
        port in any::<u16>(),
        grant in prop_oneof![
            Just("*"), Just("example.com"), Just("*.example.com"), Just("https://*:*"),
            Just("http://a.localhost:*"),
        ],
        name in prop_oneof![Just("example.com"), Just("a.example.com"), Just("a.localhost")],
    ) {
        let net: NetGrant = grant.parse().unwrap();
        let http: HttpGrant = grant.parse().unwrap();
        let addr = SocketAddr::new(ip, port);
        for proto in [Proto::Tcp, Proto::Udp] {
            prop_assert!(is_public(ip) || !net.allows_addr(proto, addr, &[name]));
        }
        prop_assert!(is_public(ip) || !http.allows_addr(name, ip));
        prop_assert!(is_public(ip) || !http.allows_addr(&ip.to_string(), ip));
    }

    #[test]
    fn a_server_by_name_never_leads_to_metadata_and_in_a_deployed_app_to_nothing_private(
        bits in prop_oneof![
            any::<u32>(), 0xa9fe_0000..=0xa9fe_ffff_u32, Just(0x6464_64c8), Just(0xa83f_8110), Just(0x7f00_0001),
        ],
        form in 0..5_usize,
        port in any::<u16>(),
        grant in prop_oneof![
            Just("*://*:*"), Just("*://example.com:*"), Just("*://*.example.com:*"), Just("*://0.0.0.0/0:*"),
            Just("*://[::/0]:*"),
        ],
        name in prop_oneof![Just("example.com"), Just("a.example.com")],
    ) {
        let v4 = Ipv4Addr::from(bits);
        let ip = forms(v4).get(form).map_or(IpAddr::V4(v4), |form| IpAddr::V6(*form));
        let mut grants = Grants { outbound: vec![grant.parse().unwrap()], ..Grants::default() };
        let reached = |grants: &Grants, host: &str| {
            let connects = grants.allows_connect(Proto::Tcp, SocketAddr::new(ip, port), &[name]);
            let http = ["http", "https"].iter().any(|scheme| grants.allows_http_at(scheme, host, port, "/", ip));
            connects || http || grants.allows_outbound_at("redis", host, port, ip)
        };
        let metadata = matches!(v4.octets(), [169, 254, ..] | [100, 100, 100, 200] | [168, 63, 129, 16] | [192, 0, 0, 192]);
        for host in [name.to_owned(), ip.to_string()] {
            prop_assert!(!metadata || !reached(&grants, &host), "{} {} {}", grant, host, ip);
        }
        grants.only_public();
        // Who writes a range means what is in it.
        if !grant.contains("/0") {
            prop_assert!(is_public(ip) || !reached(&grants, name), "{} {} {}", grant, name, ip);
        }
    }

    #[test]
    fn an_ipv4_address_is_judged_the_same_in_every_form(bits in any::<u32>()) {
        let v4 = Ipv4Addr::from(bits);
        // `::` and `::1` are IPv6 addresses of their own, and no more public than 0.0.0.1.
        for form in forms(v4) {
            prop_assert_eq!(is_public(form.into()), is_public(v4.into()), "{} as {}", v4, form);
        }
    }

    #[test]
    fn a_range_opens_what_it_holds_in_every_form(bits in any::<u32>(), length in 0..=32_u8) {
        let v4 = Ipv4Addr::from(bits);
        let first = Ipv4Addr::from(bits & u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0));
        let grant: NetGrant = format!("{first}/{length}").parse().unwrap();
        let addr = |ip: IpAddr| SocketAddr::new(ip, 80);
        prop_assert!(grant.allows_addr(Proto::Tcp, addr(v4.into()), &[]));
        if bits > 1 {
            for form in forms(v4) {
                prop_assert!(grant.allows_addr(Proto::Tcp, addr(form.into()), &[]), "{}", form);
            }
        }
    }

    #[test]
    fn a_path_that_is_let_through_stays_below_its_prefix(
        pieces in prop::collection::vec(
            prop_oneof![
                Just("/"), Just("."), Just(".."), Just("%2e"), Just("%2F"), Just("\\"), Just(";"),
                Just("v1"), Just("admin"), Just("%5c"), Just("?"), Just("#"),
            ],
            0..8,
        ),
    ) {
        let path = format!("/v1{}", pieces.concat());
        let grant: HttpGrant = "https://a.example/v1".parse().unwrap();
        if grant.allows("https", "a.example", 443, &path) {
            let read = as_a_lenient_server_reads(&path);
prop_assert_eq!(read.first().map(String::as_str), Some("v1"), "{}", path);
        }
    }

    #[test]
    fn sizes_read_back_exactly(bytes in any::<u64>(), shift in 0..50_u32) {
        let bytes = bytes << shift;
        prop_assert_eq!(parse_size(&format_size(bytes)).unwrap(), bytes);
    }

    #[test]
    fn durations_read_back_exactly(seconds in 0..1_u64 << 50, nanos in 0..1_000_000_000_u32) {
        let duration = Duration::new(seconds, nanos);
        prop_assert_eq!(parse_duration(&format_duration(duration)).unwrap(), duration);
    }
}

/// Decodes first, then drops parameters, then resolves dots: the most that servers do.
fn as_a_lenient_server_reads(path: &str) -> Vec<String> {
    let path = path.split(['?', '#']).next().unwrap_or(path).to_ascii_lowercase();
    let path = path.replace("%2e", ".").replace("%2f", "/").replace("%5c", "/").replace('\\', "/");
    let mut segments = Vec::new();
    for segment in path.split('/').map(|segment| segment.split(';').next().unwrap_or(segment)) {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment.to_owned()),
        }
    }
    segments
}
