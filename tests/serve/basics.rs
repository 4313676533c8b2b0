//! Starting, listening, routing and ending.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tempfile::tempdir;

use crate::client::{Client, connect};
use crate::server::{Server, manifest, serve, serve_all, start};
use crate::support::{Holm, PATIENCE, guest, holm};

const HELLO: &str = "Hello from Holm!";

fn at_free_port() -> Holm {
    holm(["serve", "--addr", "127.0.0.1:0"])
}

#[test]
fn the_first_line_on_standard_error_is_the_url_it_answers_on() {
    let server = serve("serve-hello.p2.wasm", &[]);
    assert_ne!(server.address().port(), 0);
    let response = server.get("/");
    let (status, body) = response.said();
    assert_eq!((status, body.trim_end()), (200, HELLO));
    assert_eq!(response.head.header("content-type"), Some("text/plain"));
    let log = server.log();
    assert_eq!(log.lines().next(), Some(format!("http://{}", server.address()).as_str()), "{log}");
}

#[test]
fn it_answers_at_every_address_it_was_given() {
    let dir = tempdir().unwrap();
    let socket = dir.path().join("holm.sock");
    let command = at_free_port().args(["--addr", "[::1]:0", "--addr"]).arg(format!("unix:{}", socket.display()));
    let server = start(command.guest("serve-hello.p2.wasm"));
    let last = server.logs(&["unix:"]);
    assert_eq!(last.trim_end(), format!("unix:{}", socket.display()));
    let log = server.log();
    let second = log.lines().nth(1).and_then(|url| url.strip_prefix("http://")).unwrap();
    assert!(second.starts_with("[::1]:"), "{log}");
    for address in [server.address(), second.parse().unwrap()] {
        assert_eq!(connect(address).get("/").said().1.trim_end(), HELLO);
    }
    let mut local = Client::over(UnixStream::connect(&socket).unwrap());
    assert_eq!(local.get("/").said().1.trim_end(), HELLO);
    server.signal(Signal::TERM);
    assert_eq!(server.ends().0, Some(0));
    assert!(!socket.exists(), "a socket's file goes with the server");
}

#[test]
fn an_address_may_be_a_name() {
    let server = start(holm(["serve", "--addr", "localhost:0"]).guest("serve-hello.p2.wasm"));
    let url = server.log().lines().next().unwrap().to_owned();
    let port = url.strip_prefix("http://localhost:").unwrap().parse::<u16>().unwrap();
    let stream = TcpStream::connect(("localhost", port)).unwrap();
    assert_eq!(Client::over(stream).get("/").said().1.trim_end(), HELLO);
}

#[test]
fn a_folder_with_a_manifest_is_an_app() {
    let dir = tempdir().unwrap();
    fs::copy(guest("serve-kit.p2.wasm"), dir.path().join("app.wasm")).unwrap();
    for described in ["guest = \"app.wasm\"\n", ""] {
        let text = format!("holm = 1\n{described}args = [\"from\", \"the manifest\"]\n");
        fs::write(dir.path().join("holm.toml"), text).unwrap();
        let server = start(at_free_port().arg(dir.path()));
        let response = server.get("/args");
        let (status, body) = response.said();
        assert!(status == 200 && body.ends_with("from\nthe manifest\n"), "{body}");
    }
}

/// The kit as an app that `/args` and `/env` tell from others.
fn named(name: &str, routes: &str) -> String {
    manifest(
        name,
        "serve-kit.p2.wasm",
        &format!("args = \"{name}\"\nroutes = {routes}\n[grants]\nenv = \"APP={name}\""),
    )
}

#[test]
fn the_most_particular_host_and_then_the_longest_path_is_taken() {
    let server = serve_all(&[
        named("root", "\"/\""),
        named("path", "\"/env\""),
        named("host", "[\"a.example\", \"[::1]\"]"),
        named("below", "\"*.example\""),
        named("both", "\"a.example/env\""),
    ]);
    let port = server.address().port();
    let cases = [
        ("localhost", "/args", "root"),
        ("localhost", "/env", "path"),
        ("localhost", "/env?x=/args", "path"),
        ("a.example", "/args", "host"),
        ("A.Example", "/args", "host"),
        (&format!("a.example:{port}"), "/args", "host"),
        (&format!("[::1]:{port}"), "/args", "host"),
        ("a.example", "/env", "both"),
        ("b.example", "/env", "below"),
        ("c.b.example", "/args", "below"),
        ("example", "/args", "root"),
    ];
    for (host, path, app) in cases {
        let response = server.get_at(host, path);
        let (status, body) = response.said();
        assert!(status == 200 && body.contains(app), "{host}{path} should be {app}: {body}");
    }
    let beside = server.get("/envy");
    assert_eq!(beside.said(), (404, "no such behaviour\n"), "a route ends at a slash: this is the root's");
}

#[test]
fn where_no_route_leads_there_is_a_404_with_a_request_id() {
    let server = serve_all(&[named("only", "\"only.example\"")]);
    let response = server.get("/args");
    assert_eq!(response.head.status, 404);
    assert!(!response.id().is_empty());
    assert!(!response.body.contains("only"), "which apps there are is nobody's business: {response:?}");
}

#[test]
fn requests_share_a_connection() {
    let server = serve("serve-kit.p2.wasm", &[]);
    let mut client = server.client();
    for _ in 0..10 {
        assert_eq!(client.get("/counter").said(), (200, "1\n"));
    }
}

#[test]
fn two_apps_cannot_have_one_route() {
    let server = at_free_port().guest("serve-hello.p2.wasm").guest("serve-kit.p2.wasm");
    let said = server.fails(125);
    insta::assert_snapshot!(said, @"error: the route / belongs to serve-hello-p2 already, and serve-kit-p2 wants it too");
    let twice = at_free_port().guest("serve-hello.p2.wasm").guest("serve-hello.p2.wasm").fails(125);
    insta::assert_snapshot!(twice, @"error: two apps are called serve-hello-p2: give one of them another `name` in its manifest");
}

#[test]
fn what_cannot_be_served_says_why_with_the_code_of_its_kind() {
    let dir = tempdir().unwrap();
    let (text, bad) = (dir.path().join("text.wasm"), dir.path().join("bad.toml"));
    fs::write(&text, "hello").unwrap();
    fs::write(&bad, "holm = 1\ncolour = 3\n").unwrap();
    let within = || at_free_port().within(dir.path());

    let missing = within().arg("missing.wasm").fails(127);
    assert!(missing.contains("missing.wasm does not exist"), "{missing}");
    let folder = within().arg(".").fails(127);
    assert!(folder.contains("has no holm.toml"), "{folder}");
    let text = within().arg("text.wasm").fails(126);
    assert!(text.contains("text.wasm is text, not WebAssembly"), "{text}");
    let bad = within().arg("bad.toml").fails(125);
    assert!(bad.contains("bad.toml:2:1: unknown key `colour`"), "{bad}");
    let functions = within().guest("types.wasm").fails(125);
    assert!(functions.contains("types.wasm does not answer HTTP requests"), "{functions}");
    let nowhere = within().args(["--addr", "nowhere"]).guest("serve-hello.p2.wasm").fails(125);
    assert!(nowhere.contains("--addr nowhere: `nowhere` is no"), "{nowhere}");
}

#[test]
fn all_mistakes_are_told_at_once_and_before_an_address_is_bound() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("text.wasm"), "hello").unwrap();
    fs::write(dir.path().join("bad.toml"), "holm = 1\ncolour = 3\nshape = 4\n").unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let server = holm(["serve", "--addr", &taken, "--addr", "nowhere", "--addr", "x:y"]).within(dir.path());
    let apps = ["missing.wasm", "bad.toml", "text.wasm"];
    let said = server.args(apps).guest("types.wasm").guest("serve-hello.p2.wasm").fails(125);
    for mistake in [
        "--addr nowhere: ",
        "--addr x:y: ",
        "missing.wasm does not exist",
        "unknown key `colour`",
        "unknown key `shape`",
        "text.wasm is text",
        "types.wasm does not answer HTTP requests",
        "wants it too",
    ] {
        assert!(said.contains(mistake), "{mistake} is missing: {said}");
    }
    assert!(!said.contains(&taken), "nothing was bound, or this would be wrong too: {said}");
}

#[test]
fn an_address_that_is_taken_is_an_error() {
    let first = TcpListener::bind("127.0.0.1:0").unwrap();
    let second = TcpListener::bind("127.0.0.1:0").unwrap();
    let [first, second] = [&first, &second].map(|taken| taken.local_addr().unwrap().to_string());
    let said = holm(["serve", "--addr", &first, "--addr", &second]).guest("serve-hello.p2.wasm").fails(125);
    for address in [first, second] {
        assert!(said.contains(&address), "both are told: {said}");
    }
    assert!(said.contains("choose another port, or 0 for a free one"), "{said}");
}

/// Sends the head of a request and the first piece of its body, and takes that piece back: it is under way now.
fn under_way(server: &Server) -> Client<TcpStream> {
    let mut client = server.client();
    client.send("POST /echo HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n");
    client.send_chunk("first");
    assert_eq!(client.head().unwrap().status, 200);
    assert_eq!(client.chunk().unwrap(), "first");
    client
}

#[test]
fn a_signal_ends_it_once_the_requests_under_way_are_finished() {
    for signal in [Signal::INT, Signal::TERM] {
        let server = serve("serve-kit.p2.wasm", &[]);
        let address = server.address();
        let (mut idle, mut busy) = (server.client(), under_way(&server));
        assert_eq!(idle.get("/counter").said().0, 200);
        server.signal(signal);

        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_ok() {
            assert!(Instant::now() < deadline, "it still takes connections");
            thread::sleep(Duration::from_millis(10));
        }
        assert!(idle.head().is_err(), "connections without a request are closed");
        busy.send_chunk("second");
        assert_eq!(busy.chunk().unwrap(), "second");
        busy.send("0\r\n\r\n");
        assert_eq!(busy.chunk().unwrap(), "", "the end");
        let (code, log) = server.ends();
        assert_eq!(code, Some(0), "{log}");
        assert!(log.contains("POST localhost/echo 200"), "what was under way is in the log: {log}");
    }
}
