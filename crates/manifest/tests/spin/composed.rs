//! What components are composed with.

use crate::{guest, message, names, parse, routes};
use holm_grants::Grants;
use holm_manifest::{App, Dependency, Inherits, Source};
use std::collections::BTreeMap;

const DIGEST: &str = "6503aabbccddeeff00112233445566778899aabbccddeeff0011223344556677";

fn dependencies(app: &App, name: &str) -> BTreeMap<String, Dependency> {
    let all = guest(app, name).dependencies.iter();
    all.map(|dependency| (dependency.import.clone(), dependency.clone())).collect()
}

fn file(path: &str) -> Source {
    Source::File { file: path.into(), digest: None }
}

fn package(registry: Option<&str>, package: &str, version: &str) -> Source {
    Source::Package { registry: registry.map(Into::into), package: package.into(), version: version.into() }
}

#[test]
fn every_form_of_a_dependency_is_read() {
    let app = parse(&format!(
        r#"
        [component.a]
        source = "a.wasm"
        [component.a.dependencies]
        "acme:one" = ">=0.1.0"
        "acme:two/iface@1.0.0" = {{ version = "^1.2", registry = "ghcr.io", package = "other:two", export = "other:two/x" }}
        "acme:three" = {{ path = "./three.wasm", inherit_configuration = true }}
        "acme:four" = {{ url = "https://example.com/four.wasm", digest = "sha256:{DIGEST}" }}
        "acme:five/iface" = {{ component = "b", export = "my-export", inherit_configuration = ["ai_models", "variables"] }}
        plain = {{ path = "plain.wasm", inherit_configuration = false }}
        [component.b]
        source = "b.wasm"
        build.command = "make b"
        "#
    ));
    let all = dependencies(&app, "a");
    assert_eq!(all["acme:one"].source, package(None, "acme:one", ">=0.1.0"));
    assert_eq!(all["acme:two/iface@1.0.0"].source, package(Some("ghcr.io"), "other:two", "^1.2"));
    assert_eq!(all["acme:two/iface@1.0.0"].export.as_deref(), Some("other:two/x"));
    assert_eq!(all["acme:three"].source, file("app/three.wasm"));
    assert_eq!(all["acme:three"].inherits, Inherits::Everything);
    let four = Source::File { file: "https://example.com/four.wasm".into(), digest: Some(DIGEST.into()) };
    assert_eq!(all["acme:four"].source, four);
    assert_eq!(all["acme:five/iface"].source, file("app/b.wasm"));
    assert!(all["acme:five/iface"].inherits.has("variables") && !all["acme:five/iface"].inherits.has("files"));
    assert_eq!(all["plain"].source, file("app/plain.wasm"));
}

#[test]
fn all_dependencies_may_inherit_at_once() {
    let app = parse(
        "[component.a]\nsource = 'a.wasm'\ndependencies_inherit_configuration = true\n\
         dependencies = { 'acme:one' = '1.0.0', 'acme:two' = { path = 'two.wasm' } }",
    );
    assert!(dependencies(&app, "a").values().all(|dependency| dependency.inherits == Inherits::Everything));
    let why = message(
        "[component.a]\nsource = 'a.wasm'\ndependencies_inherit_configuration = false\n\
         dependencies = { 'acme:two' = { path = 'two.wasm', inherit_configuration = [] } }",
    );
    assert!(why.contains("use one or the other"), "{why}");
}

#[test]
fn what_inherits_has_what_it_names_of_the_guests_grants() {
    let guest = Grants {
        env: [("MODE".to_owned(), "prod".to_owned())].into(),
        kv: vec!["default".into()],
        sql: vec!["default".into()],
        models: vec!["llama".into()],
        outbound: vec!["redis://cache.example.com".parse().unwrap()],
        ..Grants::default()
    };
    assert_eq!(Inherits::Nothing.of(&guest), Grants::default());
    assert_eq!(Inherits::Everything.of(&guest), guest);
    let only = |key: &str| Inherits::Only(vec![key.to_owned()]).of(&guest);
    assert_eq!(only("key_value_stores"), Grants { kv: guest.kv.clone(), ..Grants::default() });
    assert_eq!(only("sqlite_databases"), Grants { sql: guest.sql.clone(), ..Grants::default() });
    assert_eq!(only("ai_models"), Grants { models: guest.models.clone(), ..Grants::default() });
    assert_eq!(only("environment"), Grants { env: guest.env.clone(), ..Grants::default() });
    assert_eq!(only("allowed_outbound_hosts"), Grants { outbound: guest.outbound.clone(), ..Grants::default() });
}

#[test]
fn what_is_wrong_with_a_dependency_is_told() {
    let why = message(
        r#"[component.a]
source = "a.wasm"
[component.a.dependencies]
"acme:one" = { path = "x.wasm", version = "1.0.0" }
"acme:two" = { inherit_configuration = true }
"acme:three" = { path = "x.wasm", export = "x" }
"acme:four" = "newest"
"acme:five" = { component = "nobody" }
"acme:six" = { component = "b" }
"acme:seven" = { path = "x.wasm", inherit_configuration = ["stores"] }
"acme:eight@1.0.0" = "1.0.0"
"acme:eight@1.1.0" = "1.1.0"
"Acme" = "1.0.0"
plain = "1.0.0"
[component.b]
source = "b.wasm"
key_value_stores = ["default"]
environment = { A = "b" }
"#,
    );
    let lines: Vec<&str> = why.lines().map(|line| line.trim_start().trim_start_matches("spin.toml:")).collect();
    let expected = [
        "7:33: a dependency with `path` has no `version`; leave one of them out",
        "8:14: a dependency has one of `version`, `path`, `url` and `component`",
        "9:1: `acme:three` is a whole package; an `export` provides one interface",
        "10:15: `newest` is not a version",
        "11:29: no component of this app is called `nobody`",
        "12:28: what `a` is composed with has no grants of its own, and `b` has environment, key_value_stores;",
        "13:60: `stores` cannot be inherited; what can is ai_models,",
        "15:1: two dependencies provide the same interfaces of `acme:eight`; leave one out",
        "16:1: `Acme` cannot be the name of a dependency",
        "17:1: `plain` does not say which package it is; add `package`",
    ];
    for part in expected {
        assert!(lines.iter().any(|line| line.starts_with(part)), "{part}\n{why}");
    }
    assert_eq!(lines.len(), expected.len(), "{why}");
}

#[test]
fn middleware_stands_before_the_component_of_one_trigger() {
    let app = parse(
        r#"
        [[trigger.http]]
        route = "/plain"
        component = "a"
        [[trigger.http]]
        route = "/one"
        component = "a"
        dependencies.middleware = [{ component = "m1" }, { path = "m2.wasm", inherit_configuration = ["key_value_stores"] }]
        [[trigger.http]]
        route = "/same"
        component = "a"
        dependencies.middleware = [{ component = "m1" }, { path = "m2.wasm", inherit_configuration = ["key_value_stores"] }]
        [[trigger.http]]
        route = "/alone"
        component = "b"
        dependencies = { middleware = [{ component = "m1" }] }
        [component.a]
        source = "a.wasm"
        [component.b]
        source = "b.wasm"
        [component.m1]
        source = "m1.wasm"
        "#,
    );
    assert_eq!(names(&app), ["a", "a-n2", "b", "m1"]);
    assert_eq!((routes(guest(&app, "a")), guest(&app, "a").middleware.len()), (vec!["/plain".to_owned()], 0));
    assert_eq!(routes(guest(&app, "a-n2")), ["/one", "/same"]);
    let [outer, inner] = guest(&app, "a-n2").middleware.as_slice() else { panic!() };
    assert_eq!((&outer.source, outer.import.as_str()), (&file("app/m1.wasm"), "middleware0"));
    assert_eq!((&inner.source, inner.inherits.has("key_value_stores")), (&file("app/m2.wasm"), true));
    // Its only trigger: it is always behind it, for its siblings as well.
    assert_eq!(guest(&app, "b").middleware.len(), 1);
}
