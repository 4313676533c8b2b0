//! Manifests of version 1.

use crate::{guest, names, outbound, routes, whole};
use holm_manifest::{App, Platform, Trigger};
use std::path::{Path, PathBuf};

fn parse(text: &str) -> App {
    App::parse_spin(text, Path::new("app/spin.toml"), None).unwrap()
}

const HTTP: &str = "spin_manifest_version = '1'\nname = 'old'\ntrigger = { type = 'http' }\n";

#[test]
fn every_key_of_version_1_is_read() {
    let app = parse(
        r#"
        spin_manifest_version = "1"
        name = "old"
        version = "1.0.0"
        description = "An old shop"
        authors = ["ann@example.com"]
        trigger = { type = "http", base = "/v1" }
        [variables]
        token = { required = true }
        [[component]]
        id = "my_Fine_Component"
        source = "old.wasm"
        description = "Pages"
        environment = { MODE = "prod" }
        files = [{ source = "static", destination = "/" }]
        exclude_files = ["**/x"]
        allowed_http_hosts = ["example.com"]
        allowed_outbound_hosts = ["mysql://db"]
        key_value_stores = ["default"]
        sqlite_databases = ["default"]
        ai_models = ["llama2-chat"]
        [component.config]
        key = "{{ token }}"
        [component.trigger]
        route = "/hello/..."
        executor = { type = "spin" }
        [component.build]
        command = "make"
        workdir = "old"
        watch = ["*.c"]
        "#,
    );
    assert_eq!((app.name.as_deref(), app.version.as_deref()), (Some("old"), Some("1.0.0")));
    assert_eq!(app.platform, Platform::Spin);
    let old = guest(&app, "my-fine-component");
    assert_eq!(old.file, Some(PathBuf::from("app/old.wasm")));
    assert_eq!(routes(old), ["/v1/hello/..."]);
    assert_eq!(old.variables["key"].variables().collect::<Vec<_>>(), ["token"]);
    assert_eq!(old.grants.kv, ["default"]);
    let hosts = ["mysql://db", "http://example.com", "https://example.com"];
    assert_eq!(outbound(old), hosts.map(|text| text.parse::<holm_grants::OutboundGrant>().unwrap().to_string()));
    assert_eq!(old.build.as_ref().unwrap().watch, ["*.c"]);
}

#[test]
fn databases_were_open_to_all_before_there_were_outbound_hosts() {
    let app = parse(&format!("{HTTP}[[component]]\nid = 'a'\nsource = 'a.wasm'\ntrigger = {{ route = '/' }}"));
    let open = ["redis://*:*", "mysql://*:*", "postgres://*:*"];
    assert_eq!(
        outbound(guest(&app, "a")),
        open.map(|text| text.parse::<holm_grants::OutboundGrant>().unwrap().to_string())
    );
    let app = parse(&format!(
        "{HTTP}[[component]]\nid = 'a'\nsource = 'a.wasm'\ntrigger = {{ route = '/' }}\nallowed_outbound_hosts = []"
    ));
    assert_eq!(outbound(guest(&app, "a")), [""; 0]);
}

#[test]
fn the_kind_of_all_triggers_stands_at_the_top() {
    let app = parse(
        "spin_version = '1'\nname = 'old'\n[trigger]\ntype = 'redis'\naddress = 'redis://cache'\n\
         [[component]]\nid = 'a'\nsource = 'a.wasm'\n[component.trigger]\nchannel = 'x'\n\
         [[component]]\nid = 'b'\nsource = 'b.wasm'\n[component.trigger]\nchannel = 'y'",
    );
    assert_eq!(names(&app), ["a", "b"]);
    let redis = Trigger::Redis { server: "redis://cache".parse().unwrap(), channel: "y".parse().unwrap() };
    assert_eq!(guest(&app, "b").triggers, [redis]);
}

#[test]
fn what_is_wrong_with_an_old_manifest_is_told() {
    let why = whole(&format!(
        "{HTTP}[application]\nname = 'x'\n[[component]]\nid = 'a'\nsource = 'a.wasm'\n[component.trigger]\nroute = '/a'\n\
         static_response = {{}}\n[[component]]\nid = 'a'\nsource = 'b.wasm'\nvariables = {{}}\n\
         trigger = {{ route = '/a' }}\n[[component]]\nsource = 'c.wasm'\n[[component]]\nid = 'd'\nsource = 'd.wasm'\n"
    ));
    let lines: Vec<&str> = why.lines().map(|line| line.trim_start().trim_start_matches("spin.toml:")).collect();
    let expected = [
        "4:2: unknown key `application`; the keys are spin_manifest_version,",
        "11:1: unknown key `static_response` in [[component].trigger]",
        "13:6: two components are called `a`; rename one",
        "15:1: unknown key `variables` in [[component]]; did you mean `config`?",
        "16:21: `/a` is a route on line 10 already; each route leads to one component",
        "17:1: a component has an `id`, which is its name",
        "19:1: the component `d` has no `trigger`; write [component.trigger]",
    ];
    for part in expected {
        assert!(lines.iter().any(|line| line.starts_with(part)), "{part}\n{why}");
    }
    assert_eq!(lines.len(), expected.len(), "{why}");
}

#[test]
fn a_version_is_a_number_or_a_text_and_nothing_else_is_told() {
    for (text, why) in [
        ("spin_manifest_version = 1", "1:25: version 1 is written `spin_manifest_version = \"1\"`"),
        ("spin_manifest_version = '2'\nx = 1", "1:25: version 2 is written `spin_manifest_version = 2`"),
        (
            "spin_manifest_version = 3",
            "1:25: a Spin manifest has version 2, written `spin_manifest_version = 2`, or 1,",
        ),
        ("spin_version = 2", "1:16: a Spin manifest has version 2,"),
        ("name = 'x'", "1:1: the manifest's version is missing; begin it with `spin_manifest_version = 2`"),
    ] {
        let told = whole(text);
        assert!(told.starts_with(&format!("  spin.toml:{why}")) && told.lines().count() == 1, "{told}");
    }
}
