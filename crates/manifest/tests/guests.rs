//! A manifest with several guests, and what is said for serving them.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use holm_manifest::{App, Guest, MOST_GUESTS, Reuse, ServeLimits};
use std::path::{Path, PathBuf};
use std::time::Duration;

fn parse(text: &str) -> App {
    App::parse(&format!("holm = 1\n{text}"), Path::new("app/holm.toml")).unwrap()
}

fn message(text: &str) -> String {
    let error = App::parse(&format!("holm = 1\n{text}"), Path::new("holm.toml")).unwrap_err().to_string();
    error.split_once('\n').unwrap().1.to_owned()
}

fn routes(guest: &Guest) -> Vec<String> {
    guest.routes.iter().map(ToString::to_string).collect()
}

#[test]
fn each_guest_has_a_table_of_its_own() {
    let app = parse(
        r#"
        [guest.web]
        file = "web.wasm"
        args = ["--fast"]
        abi = "wasi"
        features = ["wide-arithmetic"]
        deterministic = true
        routes = ["shop.example.com", "/shop"]
        reuse = { requests = 10, concurrent = 2, idle = "1m" }

        [guest.images]
        file = "../images.wasm"
        "#,
    );
    let [images, web] = app.guests.as_slice() else { panic!("{app:?}") };
    assert_eq!((images.name.as_deref(), web.name.as_deref()), (Some("images"), Some("web")));
    assert_eq!(images.file, Some(PathBuf::from("app/../images.wasm")));
    assert_eq!((web.args.as_slice(), web.abi.as_deref()), (["--fast".to_owned()].as_slice(), Some("wasi")));
    assert_eq!((web.features.as_slice(), web.deterministic), (["wide-arithmetic".to_owned()].as_slice(), true));
    assert_eq!(routes(web), ["shop.example.com", "/shop"]);
    assert_eq!(web.reuse, Some(Reuse { requests: 10, concurrent: 2, idle: Duration::from_secs(60) }));
    assert_eq!(images.reuse, None);
}

#[test]
fn a_guest_has_what_all_have_and_its_own_wins() {
    let app = parse(
        r#"
        [grants]
        dir = ["./shared:/data", "./logs:/logs"]
        env = ["MODE=shared", "KEPT=x", "HOME", "PATH"]
        kv = "default"
        [limits]
        memory = "1MiB"
        cpu = "1s"
        queue = 1
        log = 5

        [guest.a]
        file = "a.wasm"
        [guest.a.grants]
        dir = "./own:/data:ro"
        env = ["MODE", "HOME=/a"]
        http = "https://api.example.com"
        [guest.a.limits]
        memory = "2MiB"
        queue = 2

        [guest.b]
        file = "b.wasm"
        "#,
    );
    let [a, b] = app.guests.as_slice() else { panic!("{app:?}") };
    let dirs: Vec<String> = a.grants.dirs.iter().map(ToString::to_string).collect();
    assert_eq!(dirs, ["app/logs::/logs", "app/own::/data:ro"]);
    assert_eq!((a.grants.kv.as_slice(), a.grants.http.len()), (["default".to_owned()].as_slice(), 1));
    // MODE is the host's now, and HOME no longer.
    assert_eq!(a.grants.env.iter().collect::<Vec<_>>().len(), 2, "{:?}", a.grants.env);
    assert_eq!((a.grants.env["KEPT"].as_str(), a.grants.env["HOME"].as_str()), ("x", "/a"));
    assert_eq!(a.env_from_host, ["PATH", "MODE"]);
    assert_eq!((a.limits.memory, a.limits.cpu), (Some(2 << 20), Some(Duration::from_secs(1))));
    assert_eq!((a.serve.queue, a.serve.log), (Some(2), Some(5)));

    assert_eq!(b.grants.env["MODE"], "shared");
    assert_eq!(b.env_from_host, ["HOME", "PATH"]);
    assert!(b.grants.http.is_empty());
    assert_eq!((b.limits.memory, b.serve.queue), (Some(1 << 20), Some(1)));
}

#[test]
fn only_a_guest_without_siblings_answers_everything_unasked() {
    assert_eq!(routes(&parse("").guests[0]), ["/"]);
    assert_eq!(routes(&parse("[guest.a]\nfile = 'a'").guests[0]), ["/"]);
    assert_eq!(routes(&parse("routes = []").guests[0]), [""; 0]);
    let app = parse("[guest.a]\nfile = 'a'\n[guest.b]\nfile = 'b'\nroutes = '/'");
    assert_eq!((routes(&app.guests[0]).len(), routes(&app.guests[1]).len()), (0, 1));
}

#[test]
fn every_limit_for_serving_is_read() {
    let app = parse(
        "[limits]\nconcurrency = 1\nqueue = 0\nfirst-byte = '2s'\nrequest-body = '3KiB'\nconnections = 4\nlog = 5\n\
         store = 6",
    );
    let expected = ServeLimits {
        concurrency: Some(1),
        queue: Some(0),
        first_byte: Some(Duration::from_secs(2)),
        request_body: Some(3072),
        connections: Some(4),
        log: Some(5),
        store: Some(6),
    };
    assert_eq!(app.guests[0].serve, expected);
}

#[test]
fn an_empty_table_reuses_with_moderation() {
    let reuse = parse("reuse = {}").guests[0].reuse;
    assert_eq!(reuse, Some(Reuse { requests: 1000, concurrent: 1, idle: Duration::from_secs(10) }));
}

#[test]
fn one_guest_or_several_but_not_both() {
    let advice = "`guest = \"FILE\"` is for a single guest; with [guest.NAME] tables, write its file as `file` in one of \
                  them";
    assert_eq!(message("guest = 'x'\n[guest.a]\nfile = 'a'"), format!("  holm.toml:3:2: {advice}"));
    assert_eq!(message("guest = 'x'\nguest.a.file = 'a'"), format!("  holm.toml:3:1: {advice}"));
    assert_eq!(
        message("args = 'x'\n[guest.a]\nfile = 'a'"),
        "  holm.toml:2:1: `args` is for a single guest; with [guest.NAME] tables, write it in one of them"
    );
    assert_eq!(
        message("[guest]\nfile = 'x'"),
        "  holm.toml:3:1: `file` stands in a guest's own table; write [guest.NAME] above it"
    );
    assert_eq!(message("[guest]"), "  holm.toml:2:1: [guest] holds no guest; write [guest.NAME], or leave it out");
}

#[test]
fn every_problem_of_every_guest_is_told_at_once() {
    let text = r#"[guest.web]
file = "web.wasm"
routes = ["/", "/b", "/B"]
memory = "1GiB"
reuse = { requests = 0, idel = "1s" }

[guest.web.limits]
args = "x"
concurrency = 0
response-body = "1MiB"

[guest.api]
routes = ["/%62/", "/c", "/c/", "/d?x=1"]
guest = "api.wasm"

[guest.API]
file = 3

[guest.shop]
file = ""
reuse = true
"#;
    assert_eq!(
        message(text),
        r#"  holm.toml:4:16: `/b` is a route of the guest `api` too; each route leads to one guest
  holm.toml:5:1: unknown key `memory` in [guest.web]; it belongs in [guest.web.limits]
  holm.toml:6:22: `requests` takes a whole number of at least 1; this is 0
  holm.toml:6:25: unknown key `idel` in [guest.web.reuse]; did you mean `idle`?
  holm.toml:9:1: unknown key `args` in [guest.web.limits]; it belongs in [guest.web]
  holm.toml:10:15: `concurrency` takes a whole number of at least 1; this is 0
  holm.toml:11:1: unknown key `response-body` in [guest.web.limits]; did you mean `max-output`?
  holm.toml:13:8: the guest `api` has no `file`; name the guest's file
  holm.toml:14:26: `/c` is there twice; leave one out
  holm.toml:14:33: `/d?x=1` is not a route: a route has no query: requests are told apart by host and path (example: `shop.example.com/api`)
  holm.toml:15:1: unknown key `guest` in [guest.api]; did you mean `file`?
  holm.toml:17:8: the name of a guest is made of up to 63 lower-case letters, digits and hyphens, as in [guest.web]
  holm.toml:18:8: `file` takes a string; this is 3
  holm.toml:21:8: `file` is empty; give it a value, or leave the key out
  holm.toml:22:9: `reuse` takes a table, written reuse = { requests = 1000 }; this is of type boolean"#
    );
}

#[test]
fn a_manifest_cannot_multiply_what_it_grants() {
    let guests = (0..=MOST_GUESTS).map(|guest| format!("[guest.g{guest}]\nfile = 'x'\n"));
    let told = message(&guests.collect::<String>());
    assert!(told.ends_with("an app has at most 64 guests; this one has 65"), "{told}");

    let routes: Vec<String> = (0..257).map(|route| format!("'/{route}'")).collect();
    let told = message(&format!("routes = [{}]", routes.join(",")));
    assert!(told.ends_with("a guest has at most 256 routes; this one has 257"), "{told}");
}

#[test]
fn a_servers_configuration_is_recognised() {
    let error = App::parse("holm-server = 1", Path::new("s.toml")).unwrap_err().to_string();
    assert!(
        error.ends_with("this has the key `holm-server`, so it is not a manifest: give it to `holm serve --config`")
    );
}

#[test]
fn a_grant_for_a_guest_that_the_app_does_not_have_is_a_mistake() {
    let named = r#"
        [grants]
        http = ["http://images.holm.internal", "http://image.holm.internal"]
        [guest.web]
        file = "web.wasm"
        [guest.web.grants]
        http = ["http://*.holm.internal", "http://a.images.holm.internal", "https://images.holm.internal"]
        [guest.images]
        file = "images.wasm"
    "#;
    assert_eq!(
        message(named),
        "  holm.toml:4:48: no guest of this app is called `image`; there is images, web\n  \
           holm.toml:8:43: no guest of this app is called `a.images`; there is images, web\n  \
           holm.toml:8:76: `https://images.holm.internal` is not an HTTP grant: guests of the same app answer without \
         TLS, and on no other port than 80 (example: `https://api.example.com`)"
    );
    let single = "guest = \"app.wasm\"\n[grants]\nhttp = \"http://app.holm.internal\"";
    assert_eq!(
        message(single),
        "  holm.toml:4:8: no guest of this app is called `app`; the app's guests have names only in [guest.NAME] tables"
    );
}
