//! Deploying to a server that runs.

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use tempfile::{TempDir, tempdir};

use crate::client::Client;
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

/// A folder with an app of three guests, of which `stamp` is this file.
fn family(dir: &Path, stamp: &str) {
    for (name, file) in [("web", "serve-kit.p2.wasm"), ("images", "serve-kit.p2.wasm"), ("stamp", stamp)] {
        std::fs::copy(guest(file), dir.join(format!("{name}.wasm"))).unwrap();
    }
    let text = "holm = 1\nname = \"app\"\n[grants]\nhttp = \"http://*.holm.internal\"\n\
                [guest.web]\nfile = \"web.wasm\"\nroutes = \"/\"\n\
                [guest.images]\nfile = \"images.wasm\"\nroutes = \"images.example\"\n\
                [guest.images.limits]\nconcurrency = 1\n\
                [guest.stamp]\nfile = \"stamp.wasm\"\n";
    std::fs::write(dir.join("holm.toml"), text).unwrap();
}

#[test]
fn guests_call_those_of_their_own_version_also_when_there_is_another() {
    let (state, folder) = (tempdir().unwrap(), tempdir().unwrap());
    let server = server(&state);
    family(folder.path(), "serve-kit.p2.wasm");
    drive(&state, &["deploy"]).arg(folder.path()).prints();

    // One request keeps `images` busy, so that another waits with its call of `stamp` still to be made.
    let mut busy = server.client();
    busy.send("GET /stream-forever HTTP/1.1\r\nhost: images.example\r\n\r\n");
    assert_eq!(busy.head().unwrap().status, 200);
    let mut waiting = server.client();
    let call = "/fetch?url=http://images.holm.internal/fetch?url=http://stamp.holm.internal/counter";
    waiting.send(format!("GET {call} HTTP/1.1\r\nhost: localhost\r\n\r\n"));
    let mut admin = Client::over(UnixStream::connect(state.path().join("state/admin.sock")).unwrap());
    while !admin.get("/metrics").body.contains("holm_queue_length{app=\"app\"} 1\n") {
        std::thread::sleep(Duration::from_millis(10));
    }

    family(folder.path(), "serve-hello.p2.wasm");
    drive(&state, &["deploy"]).arg(folder.path()).prints();
    drop(busy);
    assert_eq!(waiting.response().said(), (200, "1\n"));
    assert_eq!(server.get(call).said(), (200, "Hello from Holm!\n"));
}
