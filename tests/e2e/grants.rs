//! Grants of environment variables and the network: only what was granted, and a refusal that names its flag.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::thread::{self, JoinHandle};

use crate::support::{Holm, holm, run};

/// Answers one connection with `pong` and stops; also when nobody calls.
struct Server {
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let thread = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = [0; 5];
            if stream.read_exact(&mut asked).is_ok() && &asked == b"ping\n" {
                stream.write_all(b"pong\n").unwrap();
            }
        });
        Self { address, thread: Some(thread) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Lets it go if it still waits; if it does not, nobody is there.
        drop(TcpStream::connect(self.address));
        let _ = self.thread.take().unwrap().join();
    }
}

fn tcp(grants: &[&str], to: impl ToString) -> Holm {
    holm(["run"]).args(grants).guest("tcp.p2.wasm").arg(to.to_string())
}

#[test]
fn the_environment_of_the_host_is_not_the_guests() {
    for name in ["args.p1.wasm", "args.p2.wasm"] {
        assert_eq!(run(name).env("SECRET", "1").prints(), "", "{name}");
    }
}

#[test]
fn granted_variables_are_there_and_no_others() {
    for name in ["args.p1.wasm", "args.p2.wasm"] {
        let granted = holm(["run", "--env", "A=1", "--env", "FROM_HOST", "--env", "EMPTY="]).guest(name);
        let granted = granted.env("FROM_HOST", "two words").env("SECRET", "1").env("A", "of the host");
        assert_eq!(granted.prints(), "A=1\nEMPTY=\nFROM_HOST=two words\n", "{name}");
    }
}

#[test]
fn a_variable_the_host_does_not_have_is_named() {
    insta::assert_snapshot!(holm(["run", "--env", "NOT_SET"]).guest("args.p1.wasm").fails(125), @r"
    error: --env grants the environment variable NOT_SET, which is not set here
    hint: give it a value: --env NOT_SET=…
    ");
}

#[test]
fn a_guest_without_a_network_grant_cannot_connect() {
    let server = Server::start();
    let port = format!(":{}", server.address.port());
    let ended = tcp(&[], server.address).ends();
    assert_eq!((ended.code, ended.stdout.starts_with("error: ")), (Some(1), true), "{ended:?}");
    insta::assert_snapshot!(
        ended.stderr.replace(&port, ":PORT"),
        @"note: tcp.p2.wasm asked for more than it was granted: `--net tcp://127.0.0.1:PORT` would grant it"
    );
}

#[test]
fn a_guest_connects_where_it_was_granted() {
    let server = Server::start();
    assert_eq!(tcp(&["--net", &server.address.to_string()], server.address).prints(), "pong\n");
    let server = Server::start();
    assert_eq!(tcp(&["--net", "127.0.0.1"], server.address).prints(), "pong\n");
    let server = Server::start();
    assert_eq!(tcp(&["--net", "127.0.0.0/8"], server.address).prints(), "pong\n");
}

#[test]
fn a_guest_connects_by_a_granted_name() {
    let server = Server::start();
    let to = format!("localhost:{}", server.address.port());
    assert_eq!(tcp(&["--net", &to], &to).prints(), "pong\n");
}

#[test]
fn a_grant_for_one_address_is_none_for_another() {
    let server = Server::start();
    let port = server.address.port();
    for grant in ["127.0.0.1:1", "127.0.0.2", "10.0.0.0/8", "example.com", "udp://127.0.0.1"] {
        let ended = tcp(&["--net", grant], server.address).ends();
        assert_eq!(ended.code, Some(1), "{grant}: {ended:?}");
        let flag = format!("`--net tcp://127.0.0.1:{port}` would grant it");
        assert!(ended.stderr.contains(&flag), "{grant}: {ended:?}");
    }
}

// The promise: a name is no way around an address.
#[test]
fn any_host_at_all_does_not_include_this_machine() {
    let server = Server::start();
    let ended = tcp(&["--net", "*"], server.address).ends();
    assert_ne!(ended.stdout, "pong\n", "{ended:?}");
}

#[test]
fn an_address_in_disguise_is_the_address() {
    let server = Server::start();
    let mapped = format!("[::ffff:127.0.0.1]:{}", server.address.port());
    for grants in [&[][..], &["--net", "example.com"]] {
        let ended = tcp(grants, &mapped).ends();
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stdout.starts_with("error: "), "{ended:?}");
    }
}

#[test]
fn a_guest_without_a_network_grant_cannot_resolve_names() {
    let ended = run("resolve.p2.wasm").arg("localhost:80").ends();
    assert_eq!((ended.code, ended.stdout.starts_with("error: ")), (Some(1), true), "{ended:?}");
    insta::assert_snapshot!(ended.stderr, @"note: resolve.p2.wasm asked for more than it was granted: `--net localhost` would grant it");
}

#[test]
fn a_granted_name_is_resolved() {
    let resolved = holm(["run", "--net", "localhost"]).guest("resolve.p2.wasm").arg("localhost:80").prints();
    assert!(resolved.lines().any(|line| line == "127.0.0.1:80" || line == "[::1]:80"), "{resolved}");
    let other = holm(["run", "--net", "localhost"]).guest("resolve.p2.wasm").arg("localhost.localdomain:80").ends();
    assert_eq!(other.code, Some(1), "{other:?}");
}

#[test]
fn the_name_of_a_guest_of_an_app_is_never_looked_up() {
    for grant in ["images.holm.internal", "*"] {
        let words = ["run", "--audit", "--net", grant];
        let ended = holm(words).guest("resolve.p2.wasm").arg("images.holm.internal:80").ends();
        assert_eq!((ended.code, ended.stdout.starts_with("error: ")), (Some(1), true), "{ended:?}");
        assert!(
            ended.stderr.contains("http = [\"http://images.holm.internal\"]"),
            "what reaches it is told: {ended:?}"
        );
    }
}

/// Answers one datagram with `pong`.
fn datagrams() -> (SocketAddr, JoinHandle<()>) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let thread = thread::spawn(move || {
        let (length, from) = socket.recv_from(&mut [0; 16]).unwrap();
        if length > 0 {
            socket.send_to(b"pong", from).unwrap();
        }
    });
    (address, thread)
}

fn stop(address: SocketAddr, thread: JoinHandle<()>) {
    UdpSocket::bind("127.0.0.1:0").unwrap().send_to(b"", address).unwrap();
    thread.join().unwrap();
}

#[test]
fn a_guest_without_a_network_grant_sends_no_datagrams() {
    let (address, thread) = datagrams();
    let ended = run("udp.p2.wasm").arg(address.to_string()).ends();
    stop(address, thread);
    assert_eq!((ended.code, ended.stdout.starts_with("error: ")), (Some(1), true), "{ended:?}");
    let flag = format!("`--net udp://{address}` would grant it");
    assert!(ended.stderr.contains(&flag), "{ended:?}");
}

#[test]
fn a_guest_sends_datagrams_where_it_was_granted() {
    let (address, thread) = datagrams();
    let granted = holm(["run", "--net", &format!("udp://{address}")]).guest("udp.p2.wasm");
    let ended = granted.arg(address.to_string()).ends();
    drop(UdpSocket::bind("127.0.0.1:0").unwrap().send_to(b"", address));
    thread.join().unwrap();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "pong\n"), "{ended:?}");
}

#[test]
fn a_name_is_nothing_to_listen_on() {
    let ended = holm(["run", "--listen", "everywhere"]).guest("listen.p2.wasm").arg("127.0.0.1:0").ends();
    assert_eq!(ended.code, Some(125));
    assert!(ended.stderr.contains("it has to be an address of this machine, or `localhost`"), "{ended:?}");
}

#[test]
fn a_guest_without_a_listen_grant_cannot_listen() {
    for grants in [&["run"][..], &["run", "--net", "127.0.0.1"], &["run", "--listen", "127.0.0.1:1"]] {
        let ended = holm(grants).guest("listen.p2.wasm").arg("127.0.0.1:0").ends();
        assert_eq!((ended.code, ended.stdout.starts_with("error: ")), (Some(1), true), "{ended:?}");
        assert!(ended.stderr.contains("`--listen tcp://127.0.0.1:0` would grant it"), "{ended:?}");
    }
}

#[test]
fn a_guest_listens_where_it_was_granted() {
    let mut running = holm(["run", "--listen", "127.0.0.1:0"]).guest("listen.p2.wasm").arg("127.0.0.1:0").starts();
    let line = running.line();
    let Some(address) = line.trim_end().strip_prefix("listening on ") else {
        panic!("{line:?}: {:?}", running.ends());
    };
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"hello").unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut echoed = String::new();
    stream.read_to_string(&mut echoed).unwrap();
    assert_eq!(echoed, "hello");
    assert_eq!(running.ends().code, Some(0));
}

#[test]
fn an_audit_prints_a_manifest_that_grants_what_was_refused() {
    let server = Server::start();
    let ended = tcp(&["--audit"], server.address).ends();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let (_, manifest) = ended.stderr.split_once("would grant it:\n").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("holm.toml");
    std::fs::write(&path, format!("holm = 1\n{manifest}")).unwrap();
    let granted = holm(["run", "--manifest"]).arg(path).guest("tcp.p2.wasm").arg(server.address.to_string());
    assert_eq!(granted.prints(), "pong\n");
}

#[test]
fn an_audit_of_a_guest_that_asks_for_nothing_says_so() {
    let ended = holm(["run", "--audit"]).guest("hello.p2.wasm").ends();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "Hello from Holm!\n"));
    insta::assert_snapshot!(ended.stderr, @"note: it asked for nothing beyond what it was granted");
}

#[test]
fn a_grant_that_makes_no_sense_is_named_with_an_example() {
    let wrong = |flag: &str, value: &str| holm(["run", flag, value, "x.wasm"]).fails(125);
    insta::assert_snapshot!(wrong("--net", "not a host"), @r"
    error: invalid value 'not a host' for '--net <PATTERN>': `not a host` is not a network grant: `not a host` is not a host name (example: `api.example.com:443`)

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(wrong("--listen", "every where"), @r"
    error: invalid value 'every where' for '--listen <ADDRESS>': `every where` is not an address to listen on: `every where` is not a host name (example: `127.0.0.1:8080`)

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(wrong("--env", "=1"), @r"
    error: invalid value '=1' for '--env <NAME[=VALUE]>': `=1` is not an environment variable: the name is missing (example: `MODE=prod`)

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(wrong("--dir", ""), @r"
    error: invalid value '' for '--dir <HOST[::GUEST][:ro]>': `` is not a directory grant: the directory on the host is missing (example: `./data::/data:ro`)

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(wrong("--memory", "lots"), @r"
    error: invalid value 'lots' for '--memory <SIZE>': `lots` is not a size: it has to begin with a number (example: `64MiB`)

    For more information, try '--help'.
    ");
}
