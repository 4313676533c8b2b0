//! Requests are led to the most particular route that covers them.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use holm_manifest::{Route, Segment};
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

/// A router in which every route of Spin leads to its own text.
fn spin_router(routes: &[&'static str]) -> Router<&'static str> {
    Router::build(routes.iter().map(|text| (Route::spin("/", text).unwrap(), *text))).unwrap()
}

#[test]
fn an_exact_route_covers_its_own_path_alone() {
    let router = spin_router(&["/", "/hello", "/deep/down/..."]);
    for (path, expected) in [
        ("/", Some(("/", "/"))),
        ("", Some(("/", ""))),
        ("//", Some(("/", "//"))),
        ("/hello", Some(("/hello", "/hello"))),
        ("/hello?a=b", Some(("/hello", "/hello"))),
        ("/hello/", Some(("/hello", "/hello/"))),
        ("//hello", Some(("/hello", "//hello"))),
        ("/hello/x", None),
        ("/hellox", None),
        ("/Hello", None),
        ("/deep", None),
        ("/deep/down", Some(("/deep/down/...", "/deep/down"))),
        ("/deep/down/", Some(("/deep/down/...", "/deep/down"))),
        ("/deep/down/under/x/", Some(("/deep/down/...", "/deep/down"))),
        ("/deep/downer", None),
        ("*", None),
    ] {
        let expected = expected.as_ref().map(|(route, prefix)| (route, *prefix));
        assert_eq!(router.find("any.example", path), expected, "{path}");
    }
    assert_eq!(spin_router(&["/..."]).find("", "*"), Some((&"/...", "")));
}

#[test]
fn a_text_goes_before_a_name_and_a_name_before_all_that_is_below() {
    let router = spin_router(&[
        "/...",
        "/users/:id",
        "/users/:id/...",
        "/users/me",
        "/users/:id/posts/:post",
        "/users/me/posts/first",
        "/:file.json",
        "/:file.:kind",
        "/:any",
    ]);
    for (path, expected) in [
        ("/", ("/...", "")),
        ("/users", ("/:any", "/users")),
        ("/users/7", ("/users/:id", "/users/7")),
        ("/users/7/", ("/users/:id", "/users/7/")),
        ("/users/me", ("/users/me", "/users/me")),
        ("/users/me/x", ("/users/:id/...", "/users/me")),
        ("/users/me/posts/first", ("/users/me/posts/first", "/users/me/posts/first")),
        ("/users/me/posts/2", ("/users/:id/posts/:post", "/users/me/posts/2")),
        ("/users/7/posts", ("/users/:id/...", "/users/7")),
        ("/users/7/posts/2/x", ("/users/:id/...", "/users/7")),
        ("/a.json", ("/:file.json", "/a.json")),
        ("/a.txt", ("/:file.:kind", "/a.txt")),
        ("/a", ("/:any", "/a")),
        ("/a/b", ("/...", "")),
    ] {
        assert_eq!(router.find("", path), Some((&expected.0, expected.1)), "{path}");
    }
}

#[test]
fn a_route_of_spin_and_one_of_a_manifest_that_cover_the_same_are_in_conflict() {
    let spin = |text| Route::spin("/", text).unwrap();
    let conflict = |a, b| Router::build([(a, 1), (b, 2)]).is_err();
    assert!(conflict(route("/api"), spin("/api/...")));
    assert!(conflict(route("/"), spin("/...")));
    assert!(conflict(spin("/users/:id"), spin("/users/:name")));
    assert!(conflict(spin("/:a.:b"), spin("/:c.:d")));
    assert!(!conflict(route("/api"), spin("/api")));
    assert!(!conflict(spin("/users/:id"), spin("/users/:id/...")));
    assert!(!conflict(spin("/:a.json"), spin("/:a.:b")));
}

/// What Spin promises: of the routes that cover a path, the one that has a text where another has a name, from the first
/// segment on.
fn naive_spin<'r>(routes: &'r [Route], path: &str) -> Option<&'r Route> {
    let asked: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let covering = routes.iter().filter_map(|route| {
        let segments: Vec<_> = route.segments().collect();
        let fits = if route.is_exact() { segments.len() == asked.len() } else { segments.len() <= asked.len() };
        let covers = fits && segments.iter().zip(&asked).all(|(segment, asked)| segment.covers(asked));
        let kinds = segments.iter().map(|segment| if matches!(segment, Segment::Named(_)) { 1 } else { 0 });
        covers.then(|| (kinds.chain([if route.is_exact() { 0 } else { 2 }]).collect::<Vec<_>>(), route))
    });
    covering.min_by(|a, b| a.0.cmp(&b.0)).map(|(_, route)| route)
}

fn spin_routes() -> impl Strategy<Value = Vec<Route>> {
    let segments = prop::collection::vec("[ab]|:x", 0..5).prop_map(|segments| format!("/{}", segments.join("/")));
    let route = (segments, any::<bool>())
        .prop_map(|(path, below)| if below { format!("{}/...", path.trim_end_matches('/')) } else { path });
    let routes = prop::collection::vec(route.prop_map(|text| Route::spin("/", &text).unwrap()), 0..30);
    routes.prop_map(|routes| routes.into_iter().collect::<BTreeSet<_>>().into_iter().collect())
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
    fn the_tree_finds_what_spin_finds(
        routes in spin_routes(),
        requests in prop::collection::vec("(/[ab]){0,5}", 20),
    ) {
        let router = Router::build(routes.iter().map(|route| (route.clone(), route.clone()))).unwrap();
        for path in requests {
            let found = router.find("", &path).map(|(route, _)| route);
            prop_assert_eq!(found, naive_spin(&routes, &path), "{}", path);
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
        let router = spin_router(&["/...", "/a/:b", "/a", "/:a/x/..."]);
        let (_, prefix) = router.find("", &path).unwrap();
        prop_assert!(path.starts_with(prefix));
        let (_, prefix) = router.find("", &odd).unwrap();
        prop_assert!(odd.starts_with(prefix));
    }
}
