//! Deploying to a server that runs.

use std::path::Path;

use rustix::process::Signal;
use tempfile::{TempDir, tempdir};

use crate::server::{Server, start};
use crate::support::{Holm, guest, holm};

/// A server that keeps what is deployed in `state`.
fn server(state: &TempDir) -> Server {
    start(holm(["serve", "--addr", "127.0.0.1:0", "--state"]).arg(state.path().join("state")))
}

/// A command that drives it.
fn drive(state: &TempDir, words: &[&str]) -> Holm {
    holm(words).arg("--to").arg(format!("unix:{}", state.path().join("state/admin.sock").display()))
}

fn deploy(state: &TempDir, file: &Path) -> Holm {
    drive(state, &["deploy", "--name", "app"]).arg(file)
}

#[test]
fn a_new_version_takes_the_place_of_the_old_one_and_the_old_one_can_be_had_back() {
    let state = tempdir().unwrap();
    let server = server(&state);
    assert_eq!(server.get("/").said().0, 404);

    deploy(&state, &guest("serve-hello.p2.wasm")).prints();
    assert_eq!(server.get("/counter").said(), (200, "Hello from Holm!\n"));
    deploy(&state, &guest("serve-kit.p2.wasm")).prints();
    assert_eq!(server.get("/counter").said(), (200, "1\n"));
    drive(&state, &["rollback", "app"]).prints();
    assert_eq!(server.get("/counter").said(), (200, "Hello from Holm!\n"));

    drive(&state, &["remove", "app", "--yes"]).prints();
    assert_eq!(server.get("/counter").said().0, 404);
}

#[test]
fn a_version_that_does_not_load_is_refused_and_the_old_one_goes_on() {
    let state = tempdir().unwrap();
    let server = server(&state);
    deploy(&state, &guest("serve-hello.p2.wasm")).prints();
    let refused = deploy(&state, &guest("types.wasm")).fails(126);
    assert!(refused.contains("does not answer HTTP requests"), "{refused}");
    assert_eq!(server.get("/").said(), (200, "Hello from Holm!\n"));
}

#[test]
fn requests_under_way_finish_on_the_version_they_began_with() {
    let state = tempdir().unwrap();
    let server = server(&state);
    deploy(&state, &guest("serve-kit.p2.wasm")).prints();
    let mut client = server.client();
    client.send("POST /echo HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n");
    client.send_chunk("first");
    assert_eq!(client.head().unwrap().status, 200);
    assert_eq!(client.chunk().unwrap(), "first");

    deploy(&state, &guest("serve-hello.p2.wasm")).prints();
    assert_eq!(server.get("/echo").said(), (200, "Hello from Holm!\n"));
    client.send_chunk("second");
    assert_eq!(client.chunk().unwrap(), "second");
}

#[test]
fn what_is_deployed_outlives_a_server_that_is_killed() {
    let state = tempdir().unwrap();
    let first = server(&state);
    deploy(&state, &guest("serve-hello.p2.wasm")).prints();
    first.signal(Signal::KILL);
    drop(first);
    let second = server(&state);
    assert_eq!(second.get("/").said(), (200, "Hello from Holm!\n"));
    let apps = drive(&state, &["apps"]).prints();
    assert!(apps.contains("app"), "{apps}");
}

#[test]
fn a_deployed_app_is_granted_nothing_of_the_servers_machine() {
    let state = tempdir().unwrap();
    let _server = server(&state);
    let folder = tempdir().unwrap();
    std::fs::copy(guest("serve-kit.p2.wasm"), folder.path().join("app.wasm")).unwrap();
    let manifest = "holm = 1\nguest = \"app.wasm\"\n[grants]\ndir = \"/etc\"\nenv = \"HOME\"\n";
    std::fs::write(folder.path().join("holm.toml"), manifest).unwrap();
    let refused = deploy(&state, folder.path()).fails(126);
    assert!(refused.contains("/etc") && refused.contains("HOME"), "{refused}");
}
