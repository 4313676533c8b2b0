//! A manifest with an upstream in the place of a guest, and with filters in front of either.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use holm_manifest::{App, Configuration, Filter, MOST_FILTERS};
use std::path::{Path, PathBuf};
use std::time::Duration;

fn parse(text: &str) -> App {
    App::parse(&format!("holm = 1\n{text}"), Path::new("app/holm.toml")).unwrap()
}

fn message(text: &str) -> String {
    let error = App::parse(&format!("holm = 1\n{text}"), Path::new("holm.toml")).unwrap_err().to_string();
    error.split_once('\n').unwrap().1.to_owned()
}

fn config(filter: &Filter) -> &str {
    match &filter.config {
        Configuration::Bytes(bytes) => std::str::from_utf8(bytes).unwrap(),
        Configuration::File(_) => panic!("a file"),
    }
}

#[test]
fn an_upstream_stands_in_the_place_of_a_guest() {
    let app = parse("upstream = 'http://127.0.0.1:9000/v1/'\n[limits]\nfirst-byte = '1s'");
    let [guest] = app.guests.as_slice() else { panic!("{app:?}") };
    let upstream = guest.upstream.as_ref().unwrap();
    assert_eq!((upstream.to_string().as_str(), upstream.preserve_host), ("http://127.0.0.1:9000/v1", true));
    assert_eq!((&guest.file, guest.serve.first_byte), (&None, Some(Duration::from_secs(1))));
    assert_eq!(guest.routes.len(), 1);

    let app = parse("[guest.a]\nupstream = 'https://a.example'\npreserve-host = false\n[guest.b]\nfile = 'b.wasm'");
    let upstream = app.guests[0].upstream.as_ref().unwrap();
    assert_eq!((upstream.tls, upstream.preserve_host), (true, false));
    assert_eq!(app.guests[1].upstream, None);
}

#[test]
fn every_key_of_a_filter_is_read() {
    let app = parse(
        r#"
        guest = "app.wasm"
        [grants]
        env = "SHARED=1"
        [[filters]]
        name = "auth"
        file = "filters/a.wasm"
        abi = "proxy-wasm"
        features = ["wide-arithmetic"]
        config = "realm: shop"
        vm-config = "v"
        root-id = "kit"
        vm-id = "x"
        fail = "open"
        [filters.grants]
        http = "https://login.example.com"
        env = ["MODE=prod", "HOME"]
        [filters.limits]
        memory = "8MiB"
        cpu = "5ms"
        connections = 3
        [[filters]]
        file = "./log.v2.wasm"
        config-file = "log.yaml"
        "#,
    );
    let [auth, log] = app.guests[0].filters.as_slice() else { panic!("{app:?}") };
    assert_eq!((auth.name.as_str(), auth.file.as_path()), ("auth", Path::new("app/filters/a.wasm")));
    assert_eq!(
        (auth.abi.as_deref(), auth.features.as_slice()),
        (Some("proxy-wasm"), ["wide-arithmetic".into()].as_slice())
    );
    assert_eq!((config(auth), &*auth.vm_config), ("realm: shop", b"v".as_slice()));
    assert_eq!((auth.root_id.as_str(), auth.vm_id.as_str(), auth.fail_open), ("kit", "x", true));
    assert_eq!(auth.grants.http.len(), 1);
    // What the guest is granted is not the filter's.
    assert_eq!(auth.grants.env.iter().collect::<Vec<_>>(), [(&"MODE".to_owned(), &"prod".to_owned())]);
    assert_eq!(auth.env_from_host, ["HOME"]);
    assert_eq!((auth.limits.memory, auth.limits.cpu), (Some(8 << 20), Some(Duration::from_millis(5))));
    assert_eq!(auth.connections, Some(3));

    assert_eq!((log.name.as_str(), log.fail_open), ("log.v2", false));
    assert_eq!(log.config, Configuration::File("app/log.yaml".into()));
    assert!(log.grants.is_empty());

    let files: Vec<&Path> = app.guests[0].files().collect();
    let expected = ["app/app.wasm", "app/filters/a.wasm", "app/log.v2.wasm", "app/log.yaml"];
    assert_eq!(files, expected.map(Path::new));
    let mut guest = app.guests[0].clone();
    assert!(guest.files_mut().map(|file| file.clone()).eq(expected.map(PathBuf::from)));
}

#[test]
fn filters_stand_with_their_guest_in_their_order() {
    let app = parse(
        "[guest.web]\nfile = 'w'\n[[guest.web.filters]]\nfile = 'b.wasm'\n[[guest.web.filters]]\nfile = 'a.wasm'\n\
         [guest.api]\nupstream = 'http://localhost:1'\nfilters = { file = 'c.wasm' }",
    );
    let names = |index: usize| app.guests[index].filters.iter().map(|filter| filter.name.as_str()).collect::<Vec<_>>();
    assert_eq!((names(0), names(1)), (vec!["c"], vec!["b", "a"]));
}

#[test]
fn a_table_of_configuration_becomes_json() {
    let app = parse(
        r#"
        [[filters]]
        file = "a.wasm"
        [filters.config]
        realm = "sh\"op"
        retries = -3
        mask = 0xff
        share = 0.5
        strict = true
        since = 2024-05-01
        paths = ["/a", { prefix = "/b" }]
        "#,
    );
    let read: serde_json::Value = serde_json::from_str(config(&app.guests[0].filters[0])).unwrap();
    let expected = serde_json::json!({
        "realm": "sh\"op", "retries": -3, "mask": 255, "share": 0.5, "strict": true, "since": "2024-05-01",
        "paths": ["/a", { "prefix": "/b" }],
    });
    assert_eq!(read, expected);
}

#[test]
fn every_problem_of_filters_and_upstreams_is_told_at_once() {
    let text = r#"guest = "app.wasm"
upstream = "127.0.0.1:9000"
reuse = {}
abi = "wasi"
root-id = "x"
[grants]
kv = "x"
[[filters]]
nmae = "a"
file = ""
fail = "never"
memory = "1MiB"
dir = "."
[filters.limits]
queue = 1
route = "/"
[[filters]]
config = "a"
config-file = "b"
vm-config = 3
[filters.config-files]
[filters.grants]
file = "x"
http = "http://app.holm.internal"
[[filters]]
file = "a.wasm"
[filters.config]
top = inf
[[filters]]
file = "b/a.wasm"
"#;
    assert_eq!(
        message(text),
        r#"  holm.toml:3:12: requests go to a `guest` or to an `upstream`, not to both; leave one out
  holm.toml:3:12: `127.0.0.1:9000` is not an upstream: it begins with http:// or https:// (example: `http://127.0.0.1:9000`)
  holm.toml:4:1: an upstream runs no guest that `reuse` could be for
  holm.toml:5:1: an upstream runs no guest that `abi` could be for; a filter has its own, in [[filters]]
  holm.toml:6:1: unknown key `root-id`; it belongs in [[filters]]
  holm.toml:7:2: an upstream runs no guest that `grants` could be for; a filter has its own, in [[filters]]
  holm.toml:10:1: unknown key `nmae` in [[filters]]; did you mean `name`?
  holm.toml:11:8: `file` is empty; give it a value, or leave the key out
  holm.toml:12:8: `fail` takes "open" or "closed"; this is of type string
  holm.toml:13:1: unknown key `memory` in [[filters]]; it belongs in [filters.limits]
  holm.toml:14:1: unknown key `dir` in [[filters]]; it belongs in [filters.grants]
  holm.toml:16:1: unknown key `queue` in [filters.limits]; it belongs in [limits]
  holm.toml:17:1: unknown key `route` in [filters.limits]; the keys are memory, cpu, wall, fuel, stack, table-elements, handles, connections
  holm.toml:18:1: a filter has a `file`; name it
  holm.toml:20:15: a filter has `config` or `config-file`, not both; leave one out
  holm.toml:21:13: `vm-config` takes a string, or a table, which becomes JSON; this is 3
  holm.toml:22:10: unknown key `config-files` in [[filters]]; did you mean `config-file`?
  holm.toml:24:1: unknown key `file` in [filters.grants]; it belongs in [[filters]]
  holm.toml:25:8: no guest of this app is called `app`; the app's guests have names only in [guest.NAME] tables
  holm.toml:29:7: `config` takes numbers that JSON has; this is inf
  holm.toml:30:1: two filters are called `a`; give one another `name`"#
    );
}

#[test]
fn a_guests_filters_are_told_by_their_own_headings() {
    let text = r#"preserve-host = true
[guest.filters]
upstream = "http://a.example"
preserve-host = 1
file = "x"
[[guest.filters.filters]]
file = "a.wasm"
kv = "x"
[guest.filters.filters.limits]
http = "x"
routes = "/"
[guest.filters.limits]
vm-id = "a"
"#;
    assert_eq!(
        message(text),
        r#"  holm.toml:2:1: `preserve-host` is for a single guest; with [guest.NAME] tables, write it in one of them
  holm.toml:4:12: requests go to a `file` or to an `upstream`, not to both; leave one out
  holm.toml:5:17: `preserve-host` takes true or false; this is 1
  holm.toml:9:1: unknown key `kv` in [[guest.filters.filters]]; it belongs in [guest.filters.filters.grants]
  holm.toml:11:1: unknown key `http` in [guest.filters.filters.limits]; it belongs in [guest.filters.filters.grants]
  holm.toml:12:1: unknown key `routes` in [guest.filters.filters.limits]; it belongs in [guest.filters]
  holm.toml:14:1: unknown key `vm-id` in [guest.filters.limits]; it belongs in [[guest.filters.filters]]"#
    );
    assert_eq!(
        message("guest = 'a'\npreserve-host = true\nfilters = 3"),
        "  holm.toml:3:17: `preserve-host` is of use only with `upstream`\n  \
           holm.toml:4:11: `filters` takes tables, written [[filters]]; this is 3"
    );
}

#[test]
fn a_manifest_has_a_bounded_number_of_filters() {
    let filters = (0..=MOST_FILTERS).map(|number| format!("[[filters]]\nfile = 'f{number}.wasm'\n"));
    let told = message(&filters.collect::<String>());
    assert!(told.ends_with("a guest has at most 16 filters; this one has 17"), "{told}");
}
