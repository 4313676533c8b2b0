//! Routes are read from text, in one spelling each.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use holm_manifest::{Route, Segment};
use proptest::prelude::*;

fn complaint(text: &str) -> String {
    text.parse::<Route>().unwrap_err().to_string()
}

#[test]
fn every_spelling_of_a_route_is_one() {
    for (text, normal) in [
        ("/", "/"),
        ("/api", "/api"),
        ("/api/", "/api"),
        ("/%61p%69/%c3%bc", "/api/%C3%BC"),
        ("/API;x=1/@:!$&'()*+,=", "/API;x=1/@:!$&'()*+,="),
        ("/.well-known/..a", "/.well-known/..a"),
        ("Shop.Example.COM.", "shop.example.com"),
        ("shop.example.com/", "shop.example.com"),
        ("*.Example.com/V1/", "*.example.com/V1"),
        ("*.com", "*.com"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("a_b.example", "a_b.example"),
        ("localhost", "localhost"),
        ("intranet/", "intranet/"),
        ("intranet/wiki", "intranet/wiki"),
        ("127.0.0.1/x", "127.0.0.1/x"),
        ("[0:0::1]", "[::1]"),
        ("[::FFFF:1.2.3.4]/x", "[::ffff:1.2.3.4]/x"),
    ] {
        assert_eq!(text.parse::<Route>().unwrap().to_string(), normal, "{text}");
    }
}

#[test]
fn a_route_says_its_host_and_path() {
    let route: Route = "*.example.com/a/b".parse().unwrap();
    let host = route.host().unwrap();
    assert_eq!((host.name(), host.is_wildcard()), ("example.com", true));
    assert_eq!(
        (route.path(), route.segments().collect::<Vec<_>>()),
        ("/a/b", vec![Segment::Exact("a"), Segment::Exact("b")])
    );
    assert_eq!(Route::everything().segments().count(), 0);
}

#[test]
fn complaints_say_what_to_write_instead() {
    for (text, why) in [
        ("", "every request is `/`"),
        ("api", "write `/api` for a path, or `api/` for a host of that name"),
        ("*", "a route for every host is a path alone"),
        ("*/api", "a route for every host is a path alone"),
        ("https://shop.example.com/x", "a route has no scheme"),
        ("shop.example.com:443", "a route has no port"),
        ("[::1]:443/x", "a route has no port"),
        ("::1/x", "an IPv6 address is in brackets: [::1]"),
        ("user@shop.example.com", "a route has no user name"),
        ("bücher.example", "beginning with xn--"),
        ("a.*.example.com", "`*` stands for the first labels"),
        ("*.*.example.com", "`*` stands for the first labels"),
        ("*.127.0.0.1", "no names below an address"),
        ("*.0x7f.1", "no names below an address"),
        ("127.1", "neither a name nor an IPv4 address"),
        ("0x7f.0x1", "neither a name nor an IPv4 address"),
        ("a..b", "is not a host name"),
        (".example.com", "is not a host name"),
        ("-a.example", "is not a host name"),
        ("a b.example", "is not a host name"),
        ("*./x", "is not a host name"),
        ("[::1", "never closed"),
        ("[example.com]", "not an IPv6 address"),
        ("[::1%25eth0]", "not an IPv6 address"),
        ("[::1]x", "after `]` comes the path"),
        ("/a//b", "an empty segment"),
        ("//", "an empty segment"),
        ("/api/*", "leave out `/*`"),
        ("/api/...", "leave out `/...`"),
        ("/a/../b", "a segment of dots alone"),
        ("/a/%2e%2E/b", "a segment of dots alone"),
        ("/..;x/b", "a segment of dots alone"),
        ("/..%3bx/b", "a segment of dots alone"),
        ("/./b", "a segment of dots alone"),
        ("/a%2Fb", "an encoded slash"),
        ("/a%5cb", "an encoded slash"),
        ("/a%00", "an encoded slash"),
        ("/a%", "two hexadecimal digits"),
        ("/a%4", "two hexadecimal digits"),
        ("/a%zz", "two hexadecimal digits"),
        ("/a%%34", "two hexadecimal digits"),
        ("/%a%46", "two hexadecimal digits"),
        ("/a?x", "no query"),
        ("/a#x", "no fragment"),
        ("/a\\b", "a backslash"),
        ("/a b", "written %20"),
        ("/ü", "written %C3%BC"),
        ("/{id}", "written %7B"),
        ("/a\n", "written %0A"),
    ] {
        let told = complaint(text);
        assert!(told.contains(why), "{text}: {told}");
    }
}

#[test]
fn what_is_too_long_is_refused_shortly() {
    let texts = [
        format!("/{}", "a".repeat(1024)),
        "/a".repeat(65),
        format!("{}.example", "a".repeat(64)),
        "a.".repeat(127) + "aa",
        "a".repeat(100_000),
        format!("https://{}", "\u{1b}".repeat(100_000)),
    ];
    for text in texts {
        assert!(complaint(&text).len() < 1500, "{}", complaint(&text));
    }
}

proptest! {
    #[test]
    fn a_route_reads_back_as_itself(text in "(\\*\\.)?[a-cA-C.]{0,8}(/[a-b%46-]{0,6}){0,4}") {
        if let Ok(route) = text.parse::<Route>() {
            prop_assert_eq!(route.to_string().parse::<Route>().unwrap(), route);
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>(), odd in "[*.\\[\\]:/%@?#a1x-]{0,20}") {
        for text in [text, odd] {
            if let Ok(route) = text.parse::<Route>() {
                prop_assert!(route.path().starts_with('/'));
                prop_assert_eq!(route.to_string().parse::<Route>().unwrap(), route);
            }
        }
    }
}

fn spin(base: &str, text: &str) -> Result<Route, String> {
    Route::spin(base, text).map_err(|error| error.to_string())
}

#[test]
fn the_routes_of_spin_are_read_as_it_reads_them() {
    use Segment::{Exact, Mixed, Named};
    for (base, text, written, segments, exact) in [
        ("/", "/", "/", &[][..], true),
        ("/", "/...", "/...", &[], false),
        ("/", "/*", "/*", &[], false),
        ("/", "hello", "/hello", &[Exact("hello")], true),
        ("/", "/hello/", "/hello/", &[Exact("hello")], true),
        ("/", "/hello/...", "/hello/...", &[Exact("hello")], false),
        ("/shop/", "/hello", "/shop/hello", &[Exact("shop"), Exact("hello")], true),
        ("/shop", "/...", "/shop/...", &[Exact("shop")], false),
        ("/", "/users/:id/...", "/users/:id/...", &[Exact("users"), Named("id")], false),
        ("/", "/:name.json", "/:name.json", &[Mixed(":name.json")], true),
        ("/", "/%61b.c", "/%61b.c", &[Exact("ab.c")], true),
    ] {
        let route = spin(base, text).unwrap();
        assert_eq!(route.segments().collect::<Vec<_>>(), segments, "{base} {text}");
        assert_eq!((route.is_exact(), route.to_string().as_str()), (exact, written), "{base} {text}");
    }
    let route = spin("shop/", "/a/:b").unwrap();
    assert_eq!((route.as_spin(), route.path()), (Some(("/shop", "/a/:b")), "/shop/a/:b"));
    assert_eq!(route.at("*.example.com").unwrap().to_string(), "*.example.com/shop/a/:b");
}

#[test]
fn what_spin_could_not_serve_is_told() {
    for (text, why) in [
        ("/a/.../b", "stands at the end"),
        ("/a/*/b", "stands at the end"),
        ("/a/*b", "stands alone"),
        ("/:", "stands the name of a segment"),
        ("/:a/:", "stands the name of a segment"),
        ("/:a b", "letters, digits"),
        ("/a//b", "empty segment"),
        ("/a?b", "no query"),
        ("/a/../b", "dots alone"),
    ] {
        assert!(spin("/", text).unwrap_err().contains(why), "{text}: {}", spin("/", text).unwrap_err());
    }
    assert!(spin("/", &"/a".repeat(65)).unwrap_err().contains("at most 64 segments"));
    assert!(spin(&"/a".repeat(33), &"/a".repeat(33)).unwrap_err().contains("at most 64 segments"));
}
