//! Requests are led to the most particular route that covers them.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use holm_manifest::Route;
use holm_router::Router;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn route(text: &str) -> Route {
    text.parse().unwrap()
}

/// A router in which every route leads to its own text.
fn router(routes: &[&'static str]) -> Router<&'static str> {
    Router::build(routes.iter().map(|text| (route(text), *text))).unwrap()
}

#[test]
fn the_host_itself_goes_before_wildcards_and_these_before_none() {
    let router = router(&["/", "*.example.com", "*.a.example.com", "x.a.example.com"]);
    for (host, expected) in [
        ("x.a.example.com", "x.a.example.com"),
        ("X.A.Example.COM.:443", "x.a.example.com"),
        ("y.a.example.com", "*.a.example.com"),
        ("y.x.a.example.com", "*.a.example.com"),
        ("a.example.com", "*.example.com"),
        ("deep.down.example.com", "*.example.com"),
        ("example.com", "/"),
        ("evil-example.com", "/"),
        ("example.com.evil", "/"),
        (".example.com", "/"),
        ("", "/"),
    ] {
        assert_eq!(router.find(host, "/"), Some((&expected, "")), "{host}");
    }
}

#[test]
fn the_longest_path_on_segment_boundaries_is_taken() {
    let router = router(&["/", "/api", "/api/v1/users", "shop.example.com/api"]);
    for (path, expected) in [
        ("/", ("/", "")),
        ("/api", ("/api", "/api")),
        ("/api/", ("/api", "/api")),
        ("/api?q=/api/v1/users", ("/api", "/api")),
        ("/apis", ("/", "")),
        ("/API", ("/", "")),
        ("//api", ("/", "")),
        ("/./api", ("/", "")),
        ("/api/v1", ("/api", "/api")),
        ("/api/v1/users", ("/api/v1/users", "/api/v1/users")),
        ("/api/v1/users/7", ("/api/v1/users", "/api/v1/users")),
        ("/api/v1/../v1/users", ("/api", "/api")),
        ("/%61pi/v%31/users/%41", ("/api/v1/users", "/%61pi/v%31/users")),
        ("/api%2Fv1", ("/", "")),
        ("*", ("/", "")),
        ("", ("/", "")),
    ] {
        assert_eq!(router.find("other.example", path), Some((&expected.0, expected.1)), "{path}");
    }
}

#[test]
fn a_host_that_does_not_cover_the_path_gives_way_to_the_next() {
    let router = router(&["shop.example.com/api", "*.example.com", "/static"]);
    assert_eq!(router.find("shop.example.com", "/api/x"), Some((&"shop.example.com/api", "/api")));
    assert_eq!(router.find("shop.example.com", "/static"), Some((&"*.example.com", "")));
    assert_eq!(router.find("other.example", "/static/x"), Some((&"/static", "/static")));
    assert_eq!(router.find("other.example", "/x"), None);
}

#[test]
fn addresses_are_hosts_too() {
    let router = router(&["127.0.0.1", "[::1]", "[::ffff:1.2.3.4]"]);
    for (host, expected) in [
        ("127.0.0.1:3000", "127.0.0.1"),
        ("[::1]:3000", "[::1]"),
        ("[0::0:1]", "[::1]"),
        ("[::ffff:102:304]", "[::ffff:1.2.3.4]"),
    ] {
        assert_eq!(router.find(host, "/").unwrap().0, &expected, "{host}");
    }
    assert_eq!(router.find("1.127.0.0.1", "/"), None);
}

#[test]
fn a_route_of_two_owners_is_refused_with_both_names() {
    let routes = [("/a", "one"), ("Shop.example.com./", "one"), ("/%61/", "two"), ("shop.example.com", "three")];
    let conflicts = Router::build(routes.map(|(text, owner)| (route(text), owner))).unwrap_err();
    let told: Vec<String> = conflicts.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "the route `/a` is one's and two's; each route leads to one guest",
            "the route `shop.example.com` is one's and three's; each route leads to one guest",
        ]
    );
}

#[test]
fn an_owner_may_name_a_route_twice() {
    assert!(Router::build([(route("/a"), 1), (route("/a/"), 1)]).is_ok());
}

#[test]
fn a_hostile_request_costs_no_more_than_its_length() {
    let deep = "/a".repeat(64);
    let wild = format!("*{}", ".a".repeat(60));
    let router = Router::build([(route(&deep), 1), (route(&wild), 2)]).unwrap();
    assert_eq!(router.find("", &"/a".repeat(1 << 20)), Some((&1, deep.as_str())));
    assert_eq!(router.find(&"a.".repeat(1 << 20), "/"), Some((&2, "")));
    assert_eq!(router.find("", &"/".repeat(1 << 20)), None);
    assert_eq!(router.find(&":".repeat(1 << 20), "/%"), None);
}

/// What [`Router::find`] promises, word for word.
fn naive<'r>(routes: &'r [Route], host: &str, path: &str) -> Option<(&'r Route, usize)> {
    let covering = routes.iter().filter_map(|route| {
        let (kind, length) = match route.host() {
            None => (0, 0),
            Some(pattern) if pattern.is_wildcard() => {
                let suffix = format!(".{}", pattern.name());
                host.ends_with(&suffix).then_some((1, suffix.len()))?
            }
            Some(pattern) => (host == pattern.name()).then_some((2, 0))?,
        };
        let prefix = route.path().trim_end_matches('/');
        let rest = path.strip_prefix(prefix)?;
        (rest.is_empty() || rest.starts_with('/')).then_some((kind, length, prefix.len(), route))
    });
    let best = covering.max_by_key(|(kind, host, path, _)| (*kind, *host, *path))?;
    Some((best.3, best.2))
}

/// Few different words, so that many routes and requests meet.
fn host() -> impl Strategy<Value = String> {
    prop::collection::vec("[ab]", 2..5).prop_map(|labels| labels.join("."))
}

fn path() -> impl Strategy<Value = String> {
    prop::collection::vec("[ab]{1,2}", 0..4).prop_map(|segments| format!("/{}", segments.join("/")))
}

fn routes() -> impl Strategy<Value = Vec<Route>> {
    let host = prop_oneof![Just(String::new()), host(), host().prop_map(|host| format!("*.{host}"))];
    let route = (host, path()).prop_map(|(host, path)| format!("{host}{path}").parse().unwrap());
    prop::collection::vec(route, 0..30)
        .prop_map(|routes: Vec<Route>| routes.into_iter().collect::<BTreeSet<_>>().into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_tree_finds_what_a_search_of_all_routes_finds(
        routes in routes(),
        requests in prop::collection::vec((host(), path()), 20),
    ) {
        let router = Router::build(routes.iter().map(|route| (route.clone(), route.clone()))).unwrap();
        for (host, path) in requests {
            let expected = naive(&routes, &host, &path).map(|(route, length)| (route, &path[..length]));
            prop_assert_eq!(router.find(&host, &path), expected, "{} {}", host, path);
        }
    }

    #[test]
    fn no_request_makes_the_router_panic(
        host in any::<String>(),
        path in any::<String>(),
        odd in "[\\[\\]:.a%/?#]{0,20}",
    ) {
        let router = router(&["/", "/a", "[::1]", "*.a.b", "a.a"]);
        prop_assert!(router.find(&host, &path).is_some());
        let (_, prefix) = router.find(&odd, &odd).unwrap();
        prop_assert!(odd.starts_with(prefix));
    }
}
