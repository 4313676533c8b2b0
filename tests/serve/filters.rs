//! Filters in front of guests and upstreams.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::{TempDir, tempdir};

use crate::client::Response;
use crate::server::{Server, manifest, serve_all, start};
use crate::support::{PATIENCE, guest, holm};
use crate::upstream::Upstream;

const KIT: &str = "http-wasm-kit.wasm";

/// A filter's table. `rest` are further keys and tables.
fn filter(config: &str, rest: &str) -> String {
    format!("[[filters]]\nname = \"f-{config}\"\nfile = \"{}\"\nconfig = \"{config}\"\n{rest}\n", guest(KIT).display())
}

/// The kit of handlers behind filters.
fn behind(filters: &str) -> Server {
    serve_all(&[manifest("app", "serve-kit.p2.wasm", filters)])
}

/// An upstream behind filters.
fn in_front_of(url: &str, filters: &str) -> Server {
    serve_all(&[format!("holm = 1\nname = \"front\"\nupstream = \"{url}\"\n{filters}\n")])
}

/// The response to a request that has `x-test` say this.
fn told(server: &Server, test: &str, path: &str, body: &str) -> Response {
    let mut client = server.client();
    let length = body.len();
    client.send(format!(
        "POST {path} HTTP/1.1\r\nhost: shop.example\r\nx-test: {test}\r\ncontent-length: {length}\r\n\r\n{body}"
    ));
    client.response()
}

#[test]
fn a_filter_stands_in_front_of_a_guest() {
    let server = behind(&filter("a", ""));
    let response = told(&server, "", "/headers", "");
    let (status, seen) = response.said();
    assert!(status == 200 && seen.contains("x-order"), "{seen}");
    assert_eq!(told(&server, "upper", "/echo", "some body").said(), (200, "SOME BODY"));
    assert_eq!(told(&server, "reply", "/echo", "").said(), (403, "not for you\n"));
    assert_eq!(told(&server, "rewrite GET /counter", "/echo", "").said(), (200, "1\n"));
    server.logs(&["app", "POST shop.example/echo 403"]);
}

#[test]
fn requests_pass_filters_in_their_order_and_responses_the_other_way() {
    let upstream = Upstream::that_repeats();
    let filters = ["a", "b", "c"].map(|name| filter(name, "")).concat();
    let server = in_front_of(&upstream.url(), &filters);
    let response = told(&server, "respond", "/", "");
    assert!(response.body.contains("x-order: abc\r\n"), "{response:?}");
    assert_eq!(response.head.header("x-order"), Some("cba"));
    // Whoever answers keeps it from those behind, and not from those in front.
    assert_eq!(told(&server, "config", "/", "").said(), (200, "a"));
}

#[test]
fn what_a_filter_is_configured_with_is_text_a_table_or_a_file() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("filter.yaml"), "from: a file\n").unwrap();
    let file = guest(KIT).display().to_string();
    for (config, said) in [
        ("config = \"text\"", "text"),
        ("config = { realm = \"shop\", tries = 3 }", "{\"realm\":\"shop\",\"tries\":3}"),
        ("config-file = \"filter.yaml\"", "from: a file\n"),
        ("", ""),
    ] {
        let text = format!("holm = 1\nupstream = \"http://127.0.0.1:1\"\n[[filters]]\nfile = \"{file}\"\n{config}\n");
        let path = dir.path().join("holm.toml");
        fs::write(&path, text).unwrap();
        let server =
            start(holm(["serve", "--addr", "127.0.0.1:0", "--no-cache"]).env("HOLM_STATE_DIR", dir.path()).arg(&path));
        assert_eq!(told(&server, "config", "/", "").said(), (200, said));
    }
}

#[test]
fn bodies_stream_past_filters_that_do_not_look_at_them() {
    let server = behind(&[filter("a", ""), filter("b", "")].concat());
    let mut client = server.client();
    client.send("POST /echo HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n");
    client.is_answered_piece_by_piece(5);
}

#[test]
fn a_filter_that_fails_closed_fails_the_request_and_the_next_one_goes_on() {
    let server = behind(&filter("a", "[filters.limits]\ncpu = \"100ms\"\n"));
    let response = told(&server, "trap", "/counter", "");
    assert_eq!((response.head.status, response.whole), (502, true));
    server.logs(&[response.id(), "http-wasm-kit.wasm: trapped"]);
    assert_eq!(told(&server, "loop", "/counter", "").head.status, 504);
    assert_eq!(told(&server, "response-trap", "/counter", "").head.status, 502);
    assert_eq!(told(&server, "", "/counter", "").said(), (200, "1\n"));
}

#[test]
fn traffic_passes_by_a_filter_that_fails_open() {
    let server = behind(&[filter("a", "fail = \"open\"\n"), filter("b", "")].concat());
    for test in ["trap", "exit 1"] {
        // The second filter fails closed, so it is shown something else.
        let response = told(&server, test, "/counter", "");
        assert_eq!(response.head.status, 502, "{response:?}");
    }
    let server = behind(&filter("a", "fail = \"open\"\n"));
    let response = told(&server, "trap", "/echo", "some body");
    assert_eq!(response.said(), (200, "some body"));
    server.logs(&["http-wasm-kit.wasm: trapped"]);
    assert_eq!(told(&server, "response-trap", "/echo", "some body").said(), (200, "some body"));
}

#[test]
fn a_filter_has_its_own_limits_and_not_its_guests() {
    let server = behind(&filter("a", "[filters.limits]\nmemory = \"4MiB\"\n"));
    assert_eq!(told(&server, "grow", "/counter", "").head.status, 502);
    server.logs(&["http-wasm-kit.wasm: out of memory", "4MiB"]);
}

#[test]
fn what_a_filter_logs_is_in_the_log_of_the_request() {
    let server = behind(&filter("a", ""));
    told(&server, "log", "/counter", "").said();
    server.logs(&["f-a: info: a line"]);
    server.logs(&["printed"]);
}

#[test]
fn what_is_no_filter_is_told_before_anything_is_served() {
    let dir = tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let said = |text: String| {
        fs::write(at("holm.toml"), format!("holm = 1\n{text}")).unwrap();
        holm(["serve", "--addr", "127.0.0.1:0"]).env("HOLM_STATE_DIR", dir.path()).arg(at("holm.toml")).fails(125)
    };
    let (kit, filter) = (guest("serve-kit.p2.wasm").display().to_string(), guest(KIT).display().to_string());
    let text = said(format!("guest = \"{kit}\"\n[[filters]]\nfile = \"{kit}\"\n"));
    assert!(text.contains("is not a filter") && text.contains("name it as `guest`"), "{text}");
    let text = said(format!("guest = \"{filter}\"\n"));
    assert!(text.contains("does not answer HTTP requests") && text.contains("[[filters]]"), "{text}");
    fs::write(
        at("holm.toml"),
        "holm = 1\nupstream = \"http://a.example\"\n[[filters]]\nfile = \"no.wasm\"\nconfig-file = \"no.yaml\"\n",
    )
    .unwrap();
    let text =
        holm(["serve", "--addr", "127.0.0.1:0"]).env("HOLM_STATE_DIR", dir.path()).arg(at("holm.toml")).fails(127);
    assert!(text.contains("no.wasm: no such file") && text.contains("no.yaml: no such file"), "{text}");

    let text = holm(["run"]).guest(KIT).fails(125);
    assert!(text.contains("is not a program: it filters HTTP traffic") && text.contains("[[filters]]"), "{text}");
    let text = holm(["inspect"]).guest(KIT).prints();
    assert!(text.contains("filters HTTP traffic") && text.contains("http-wasm"), "{text}");
}

/// A folder with an app: an upstream behind a filter whose files are beside the manifest.
fn app(upstream: &Upstream) -> TempDir {
    let dir = tempdir().unwrap();
    put(dir.path(), KIT);
    fs::write(dir.path().join("filter.conf"), "one").unwrap();
    let text = format!(
        "holm = 1\nname = \"front\"\nupstream = \"{}\"\n[[filters]]\nfile = \"filter.wasm\"\nconfig-file = \"filter.conf\"\n",
        upstream.url()
    );
    fs::write(dir.path().join("holm.toml"), text).unwrap();
    dir
}

/// Puts one of our guests in the place of the filter, as compilers do: whole, by a new name first.
fn put(dir: &Path, file: &str) {
    fs::copy(guest(file), dir.join("new")).unwrap();
    fs::rename(dir.join("new"), dir.join("filter.wasm")).unwrap();
}

#[test]
fn a_filter_that_changes_on_disk_is_taken_over_and_one_that_is_wrong_is_not() {
    let upstream = Upstream::that_repeats();
    let dir = app(&upstream);
    let server =
        start(holm(["serve", "--addr", "127.0.0.1:0"]).env("HOLM_STATE_DIR", dir.path().join("state")).arg(dir.path()));
    let config = || told(&server, "config", "/", "").said().1.to_owned();
    assert_eq!(config(), "one");
    fs::write(dir.path().join("filter.conf"), "two").unwrap();
    wait_for(|| config() == "two");

    put(dir.path(), "serve-hello.p2.wasm");
    server.logs(&["filter.wasm is not a filter"]);
    assert_eq!(config(), "two");

    put(dir.path(), KIT);
    fs::write(dir.path().join("filter.conf"), "three").unwrap();
    wait_for(|| config() == "three");
}

pub(crate) fn wait_for(mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < deadline, "it never happened");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_request_under_way_finishes_with_the_filters_it_began_with() {
    let upstream = Upstream::that_repeats();
    let dir = app(&upstream);
    let server =
        start(holm(["serve", "--addr", "127.0.0.1:0"]).env("HOLM_STATE_DIR", dir.path().join("state")).arg(dir.path()));
    let mut client = server.client();
    client.send("POST / HTTP/1.1\r\nhost: localhost\r\nx-test: read\r\ncontent-length: 4\r\n\r\nbo");
    fs::write(dir.path().join("filter.conf"), "two").unwrap();
    wait_for(|| told(&server, "config", "/", "").body == "two");
    client.send("dy");
    let response = client.response();
    assert!(
        response.body.contains("x-order: one\r\n") && response.body.contains("x-kit-length: 4\r\n"),
        "{response:?}"
    );
}

#[test]
fn filters_and_their_configurations_are_deployed() {
    let upstream = Upstream::that_repeats();
    let dir = app(&upstream);
    let state = dir.path().join("state");
    let server = start(holm(["serve", "--addr", "127.0.0.1:0", "--state"]).arg(&state));
    let admin = format!("unix:{}", state.join("admin.sock").display());
    holm(["deploy", "--to", &admin]).arg(dir.path()).prints();
    assert_eq!(told(&server, "config", "/", "").said(), (200, "one"));
    fs::write(dir.path().join("filter.conf"), "two").unwrap();
    holm(["deploy", "--to", &admin]).arg(dir.path()).prints();
    assert_eq!(told(&server, "config", "/", "").said(), (200, "two"));
    holm(["rollback", "front", "--to", &admin]).prints();
    assert_eq!(told(&server, "config", "/", "").said(), (200, "one"));
}
