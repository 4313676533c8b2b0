//! What served guests keep, and where.

use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tempfile::{TempDir, tempdir};

use crate::server::{Server, manifest, serve_all, start};
use crate::servers;
use crate::support::{Holm, PATIENCE, guest, holm};

const KV: &str = "serve-kv.p2.wasm";
const BLOB: &str = "serve-blob.p2.wasm";

fn app(name: &str, file: &str, tables: &str) -> String {
    manifest(name, file, &format!("routes = \"{name}.example\"\n{tables}"))
}

#[track_caller]
fn says(server: &Server, app: &str, path: &str) -> (u16, String) {
    let response = server.get_at(&format!("{app}.example"), path);
    let (status, body) = response.said();
    (status, body.trim_end().to_owned())
}

fn ok(text: &str) -> (u16, String) {
    (200, text.to_owned())
}

#[test]
fn apps_that_are_granted_the_same_name_do_not_see_each_others_stores() {
    for services in ["", "[services]\nkv.default = \"memory\""] {
        let tables = format!("[grants]\nkv = \"default\"\n{services}");
        let server = serve_all(&["one", "two"].map(|name| app(name, KV, &tables)));
        assert_eq!(says(&server, "one", "/set/k/secret"), ok("ok"));
        assert_eq!(says(&server, "one", "/get/k"), ok("secret"));
        assert_eq!(says(&server, "two", "/get/k"), ok("(none)"), "{services}");
        assert_eq!(says(&server, "two", "/increment/k/7"), ok("7"));
        assert_eq!(says(&server, "one", "/get/k"), ok("secret"));
    }
}

#[test]
fn guests_of_one_app_share_its_stores() {
    for services in ["", "[services]\nkv.default = \"memory\""] {
        let mut text = "holm = 1\nname = \"app\"\n".to_owned();
        for name in ["one", "two"] {
            let file = guest(KV);
            text += &format!("[guest.{name}]\nfile = \"{}\"\nroutes = \"{name}.example\"\n", file.display());
        }
        let server = serve_all(&[format!("{text}[grants]\nkv = \"default\"\n{services}")]);
        assert_eq!(says(&server, "one", "/set/k/shared"), ok("ok"));
        assert_eq!(says(&server, "two", "/get/k"), ok("shared"), "{services}");
    }
}

/// A server that keeps what is deployed in `state`.
fn deployed(state: &TempDir) -> Server {
    start(holm(["serve", "--addr", "127.0.0.1:0", "--state"]).arg(state.path().join("state")))
}

fn drive(state: &TempDir, words: &[&str]) -> Holm {
    holm(words).arg("--to").arg(format!("unix:{}", state.path().join("state/admin.sock").display()))
}

/// Deploys an app whose guest is `file`.
fn deploy(state: &TempDir, name: &str, file: &str, tables: &str) {
    let folder = tempdir().unwrap();
    std::fs::copy(guest(file), folder.path().join("app.wasm")).unwrap();
    let text = format!("holm = 1\nname = \"{name}\"\nguest = \"app.wasm\"\nroutes = \"{name}.example\"\n{tables}");
    std::fs::write(folder.path().join("holm.toml"), text).unwrap();
    drive(state, &["deploy"]).arg(folder.path()).prints();
}

#[test]
fn what_a_deployed_app_keeps_outlives_its_versions_and_goes_with_it() {
    let state = tempdir().unwrap();
    let server = deployed(&state);
    let tables = "[grants]\nkv = \"default\"";
    deploy(&state, "one", KV, tables);
    deploy(&state, "two", KV, tables);
    assert_eq!(says(&server, "one", "/set/k/first"), ok("ok"));
    assert_eq!(says(&server, "two", "/get/k"), ok("(none)"), "of another app");
    deploy(&state, "one", KV, &format!("{tables}\n[limits]\nwall = \"9s\""));
    assert_eq!(says(&server, "one", "/get/k"), ok("first"), "after a deploy");
    assert_eq!(says(&server, "one", "/set/k/second"), ok("ok"));
    drive(&state, &["rollback", "one"]).prints();
    assert_eq!(says(&server, "one", "/get/k"), ok("second"), "after a rollback");
    server.signal(Signal::KILL);
    drop(server);

    let server = deployed(&state);
    assert_eq!(says(&server, "one", "/get/k"), ok("second"), "after a crash");
    drive(&state, &["remove", "one", "--yes"]).prints();
    assert_eq!(says(&server, "one", "/get/k").0, 404);
    deploy(&state, "one", KV, tables);
    assert_eq!(says(&server, "one", "/get/k"), ok("(none)"), "after its removal");
    assert_eq!(says(&server, "one", "/set/k/third"), ok("ok"));
    assert_eq!(says(&server, "two", "/get/k"), ok("(none)"));
    drop(server);
    assert_eq!(says(&deployed(&state), "one", "/get/k"), ok("third"));
}

#[test]
fn a_deployed_app_does_not_find_what_a_named_one_of_its_name_keeps() {
    let state = tempdir().unwrap();
    let tables = "[grants]\nkv = \"default\"";
    let named = state.path().join("named.toml");
    std::fs::write(&named, app("app", KV, tables)).unwrap();
    let command = || holm(["serve", "--addr", "127.0.0.1:0", "--state"]).arg(state.path().join("state"));
    let server = start(command().arg(&named));
    assert_eq!(says(&server, "app", "/set/k/operator"), ok("ok"));
    drop(server);
    let server = start(command());
    deploy(&state, "app", KV, tables);
    assert_eq!(says(&server, "app", "/get/k"), ok("(none)"));
}

#[test]
fn a_guest_keeps_no_more_than_its_limit() {
    for services in ["", "[services]\nkv.default = \"memory\"\nblob.files = \"memory\""] {
        let tables = format!("[grants]\nkv = \"default\"\nblob = \"files\"\n[limits]\nstore = \"64KiB\"\n{services}");
        let server = serve_all(&[app("kv", KV, &tables), app("blob", BLOB, &tables)]);
        let value = "x".repeat(6000);
        let set = |n: usize| says(&server, "kv", &format!("/set/{n}/{value}"));
        let refused = (0..20).map(set).find(|(status, _)| *status != 200).unwrap();
        assert!(refused.0 == 500 && refused.1.contains("65536 bytes"), "{refused:?}");
        assert_eq!(says(&server, "kv", "/delete/0"), ok("ok"));
        assert_eq!(set(0), ok("ok"));

        let put = |length: usize| put(&server, "blob", "/name", &vec![b'x'; length]);
        assert_eq!(put(50_000), ok("ok"));
        let refused = put(100_000);
        assert!(refused.0 == 500 && refused.1.contains("65536 bytes"), "{refused:?}");
        assert_eq!(says(&server, "blob", "/name").1.len(), 50_000, "the old one stays");
    }
}

fn put(server: &Server, app: &str, path: &str, body: &[u8]) -> (u16, String) {
    let mut client = server.client();
    client.send(format!("PUT {path} HTTP/1.1\r\nhost: {app}.example\r\ncontent-length: {}\r\n\r\n", body.len()));
    client.send(body);
    let response = client.response();
    let (status, body) = response.said();
    (status, body.trim_end().to_owned())
}

#[test]
fn blobs_stream_in_and_out_and_stay_with_their_app() {
    let large: Vec<u8> = (0..5_000_000_u32).map(|n| b'a' + (n / 3 % 26) as u8).collect();
    let nats = servers::nats().map(|server| (format!("blob.files = \"{}\"", server.url("")), server));
    let places = ["", "blob.files = \"memory\""].into_iter().chain(nats.iter().map(|(place, _)| place.as_str()));
    for place in places {
        let tables = format!("[grants]\nblob = \"files\"\n[limits]\nmemory = \"3MiB\"\n[services]\n{place}");
        let server = serve_all(&["one", "two"].map(|name| app(name, BLOB, &tables)));
        assert_eq!(put(&server, "one", "/large", &large), ok("ok"), "{place}");
        assert_eq!(put(&server, "one", "/small", b"small"), ok("ok"), "{place}");
        let response = server.get_at("one.example", "/large");
        assert!(response.whole && response.body.as_bytes() == large, "{place}: {} bytes", response.body.len());
        assert_eq!(says(&server, "one", "/"), ok("large\nsmall"), "{place}");
        // On one server, one bucket is one container, whoever names it.
        if !place.contains("nats") {
            assert_eq!(says(&server, "two", "/large").0, 404, "{place}");
            assert_eq!(says(&server, "two", "/"), ok(""), "{place}");
        }
        let mut client = server.client();
        client.send("DELETE /large HTTP/1.1\r\nhost: one.example\r\n\r\n");
        assert_eq!(client.response().said().0, 200, "{place}");
        assert_eq!(says(&server, "one", "/large").0, 404, "{place}");
    }
}

#[test]
fn a_guest_without_a_grant_has_no_container() {
    let server = serve_all(&[app("app", BLOB, "[grants]\nblob = \"other\"")]);
    assert_eq!(says(&server, "app", "/"), (500, "access denied".to_owned()));
}

#[test]
fn a_guest_outlives_the_server_that_its_store_is_on() {
    for mut remote in [servers::redis(), servers::nats()].into_iter().flatten() {
        let tables = format!("[grants]\nkv = \"default\"\n[services]\nkv.default = \"{}\"", remote.url(""));
        let server = serve_all(&[app("app", KV, &tables), app("other", KV, "[grants]\nkv = \"default\"")]);
        assert_eq!(says(&server, "app", "/set/k/kept"), ok("ok"));
        assert_eq!(says(&server, "app", "/increment/n/5"), ok("5"));
        remote.stop();
        for _ in 0..3 {
            let (status, text) = says(&server, "app", "/get/k");
            assert_eq!((status, text.as_str()), (500, "the store is unavailable; try again later"));
            assert_eq!(says(&server, "other", "/increment/n/1").0, 200, "the neighbour goes on");
        }
        server.logs(&["app: ", &remote.url(""), "[services]"]);
        remote.start_again();
        let deadline = Instant::now() + PATIENCE;
        while says(&server, "app", "/get/k") != ok("kept") {
            assert!(Instant::now() < deadline, "it never worked again: {}", server.log());
            std::thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(says(&server, "app", "/increment/n/1"), ok("6"));
        assert!(!server.log().contains("panicked"), "{}", server.log());
        server.signal(Signal::TERM);
        assert_eq!(server.ends().0, Some(0));
    }
}

#[test]
fn what_cannot_be_kept_where_it_should_be_keeps_the_server_from_starting() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("app.toml");
    let tables = "[grants]\nblob = \"files\"\nkv = \"a b\"\n[services]\nblob.files = \"redis://:hunter2@127.0.0.1\"\n\
                  kv.\"a b\" = \"nats://127.0.0.1\"";
    std::fs::write(&file, app("app", BLOB, tables)).unwrap();
    let refused = holm(["serve", "--addr", "127.0.0.1:0"]).arg(&file).fails(125);
    assert!(refused.contains("keeps no blobs") && refused.contains("`a b`"), "{refused}");
    assert!(!refused.contains("hunter2"), "{refused}");
}

#[test]
fn an_app_whose_guest_never_opens_its_store_has_no_file() {
    let home = tempdir().unwrap();
    let file = home.path().join("app.toml");
    std::fs::write(&file, app("app", "serve-hello.p2.wasm", "[grants]\nkv = \"default\"\nblob = \"files\"")).unwrap();
    let state = home.path().join("state");
    let server = start(holm(["serve", "--addr", "127.0.0.1:0", "--state"]).arg(&state).arg(&file));
    assert_eq!(says(&server, "app", "/").0, 200);
    assert!(!Path::new(&state).join("stores").exists());
}
