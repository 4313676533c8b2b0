//! Addresses, sockets, what is said of them.

use std::os::unix::fs::PermissionsExt;

use holm_serve::front::{Limits, Listener, Local};
use tokio::net::UnixStream;

use super::server::{at, serve_at, serve_listener, until};
use super::wire::{connect, get};

#[tokio::test]
async fn port_0_is_replaced_by_the_port_that_was_chosen() {
    let server = serve_at(&at("127.0.0.1:0"), Limits::default());
    assert_ne!(server.address().port(), 0);
    assert_eq!(*server.url, *format!("http://{}", server.address()));
    assert_eq!(get(&mut connect(server.address()).await, "/").await, "hello");
}

#[tokio::test]
async fn a_name_is_resolved_and_stays_in_the_url() {
    let server = serve_at(&at("localhost:0"), Limits::default());
    assert_eq!(*server.url, *format!("http://localhost:{}", server.address().port()));
    assert_eq!(get(&mut connect(server.address()).await, "/").await, "hello");
}

#[tokio::test]
async fn ipv6_answers() {
    let server = serve_at(&at("[::1]:0"), Limits::default());
    assert!(server.url.starts_with("http://[::1]:"), "{}", server.url);
    let who = get(&mut connect(server.address()).await, "/who").await;
    assert!(who.starts_with("[::1]:"), "{who}");
}

#[tokio::test]
async fn all_addresses_are_both_families_and_mapped_peers_are_ipv4() {
    let server = serve_at(&at(":0"), Limits::default());
    let port = server.address().port();
    assert_eq!(*server.url, *format!("http://localhost:{port}"));
    for (host, peer) in [("127.0.0.1", "127.0.0.1:"), ("[::1]", "[::1]:")] {
        let who = get(&mut connect(format!("{host}:{port}").parse().unwrap()).await, "/who").await;
        assert!(who.starts_with(peer), "{who}");
    }
}

#[tokio::test]
async fn connections_wait_from_binding_until_they_are_served() {
    let listener = Listener::bind(&at("127.0.0.1:0")).unwrap();
    let Local::Tcp(address) = listener.local().clone() else { unreachable!() };
    let mut early = connect(address).await;
    let _server = serve_listener(listener, Limits::default());
    assert_eq!(get(&mut early, "/").await, "hello");
}

#[tokio::test]
async fn several_listeners_are_bound_all_or_none_with_every_error() {
    let taken = Listener::bind(&at("127.0.0.1:0")).unwrap();
    let Local::Tcp(address) = taken.local().clone() else { unreachable!() };
    let mut specs = vec![at(&address.to_string()), at("127.0.0.1:0"), at("192.0.2.1:0")];
    let errors = Listener::bind_all(&specs).unwrap_err();
    let [in_use, foreign] = errors.as_slice() else { panic!("{errors:?}") };
    assert!(in_use.to_string().contains("choose another port"), "{in_use}");
    assert!(foreign.to_string().contains("not an address of this machine"), "{foreign}");
    drop(taken);
    specs.pop();
    assert_eq!(Listener::bind_all(&specs).unwrap().len(), 2);
}

#[tokio::test]
async fn a_unix_socket_answers_is_private_and_goes_away() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("holm.sock");
    let mut server = serve_at(&at(&format!("unix:{}", path.display())), Limits::default());
    assert_eq!(*server.url, *format!("unix:{}", path.display()));
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let who = get(&mut UnixStream::connect(&path).await.unwrap(), "/who").await;
    assert_eq!(who, "unix Http1 HTTP/1.1 http -");
    server.stop();
    until("the socket is gone", || !path.exists()).await;
}

#[tokio::test]
async fn a_unix_sockets_mode_is_the_one_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("holm.sock");
    let mut spec = at(&format!("unix:{}", path.display()));
    spec.unix_mode = 0o660;
    let _listener = Listener::bind(&spec).unwrap();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o660);
}

#[tokio::test]
async fn a_dead_servers_socket_is_replaced_and_a_live_one_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("holm.sock");
    let spec = at(&format!("unix:{}", path.display()));
    // Leaves its file behind, as a server does that was killed.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let live = Listener::bind(&spec).unwrap();
    let error = Listener::bind(&spec).unwrap_err().to_string();
    assert!(error.contains("another server answers on it"), "{error}");
    assert!(path.exists());
    drop(live);
    assert!(!path.exists());
}

#[tokio::test]
async fn a_file_that_is_no_socket_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("precious");
    std::fs::write(&path, "data").unwrap();
    let error = Listener::bind(&at(&format!("unix:{}", path.display()))).unwrap_err().to_string();
    assert!(error.contains("no socket"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), b"data");
}

#[tokio::test]
async fn a_socket_file_that_someone_else_put_there_stays() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("holm.sock");
    let listener = Listener::bind(&at(&format!("unix:{}", path.display()))).unwrap();
    std::fs::remove_file(&path).unwrap();
    let _other = std::os::unix::net::UnixListener::bind(&path).unwrap();
    drop(listener);
    assert!(path.exists());
}
