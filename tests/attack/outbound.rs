//! Guests that try to reach what lies behind the server: the machine itself, its network, and where clouds keep secrets.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

use crate::attack::{P2, P3, answers};
use crate::server::{Server, manifest, serve_all};

/// Answers every request with `response`, and counts them.
fn listen(response: impl Fn() -> String + Send + 'static) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, asked) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let counter = Arc::clone(&asked);
    thread::spawn(move || {
        for stream in listener.incoming() {
            counter.fetch_add(1, Relaxed);
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(response().as_bytes());
        }
    });
    (address, asked)
}

fn secret() -> (SocketAddr, Arc<AtomicUsize>) {
    listen(|| "HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\nsecret".to_owned())
}

fn serve(kit: &str, grants: &str) -> Server {
    serve_all(&[
        manifest("bad", kit, &format!("routes = \"bad.example\"\n[grants]\n{grants}")),
        manifest("good", P2, "routes = \"good.example\""),
    ])
}

/// Every way to write an address of this machine, its network or a cloud's metadata that a URL has.
fn forbidden(port: u16) -> Vec<String> {
    let hosts = [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0.0.0.0",
        "0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "ip6-localhost",
        "api.example@127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "[::ffff:169.254.169.254]",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "metadata.google.internal",
    ];
    hosts.iter().map(|host| format!("http://{host}:{port}/")).collect()
}

#[test]
fn names_and_addresses_that_lead_behind_the_server_are_refused_whatever_they_are_written_as() {
    let (address, asked) = secret();
    for kit in [P2, P3] {
        // All the internet.
        let server = serve(kit, "http = [\"http://*:*\", \"https://*:*\"]\nnet = \"*\"");
        for url in forbidden(address.port()) {
            let response = server.get_at("bad.example", &format!("/fetch?url={url}"));
            // Some are no URLs to begin with.
            assert!([400, 500, 502].contains(&response.head.status), "{url}: {response:?}");
            assert!(!response.body.contains("secret"), "{url}: {response:?}");
        }
        let socket = server.get_at("bad.example", &format!("/tcp/1?to={address}"));
        assert!(socket.body.starts_with("opened 0, then"), "{socket:?}");
        answers(&server);
    }
    assert_eq!(asked.load(Relaxed), 0, "nobody ever came");
}

#[test]
fn a_redirect_is_the_guests_to_follow_and_leads_no_further_than_its_grants() {
    let (inside, asked) = secret();
    for kit in [P2, P3] {
        let to = inside;
        let (outside, _) = listen(move || {
            format!("HTTP/1.1 302 Found\r\nlocation: http://{to}/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        });
        let server = serve(kit, &format!("http = \"http://{outside}\""));
        let response = server.get_at("bad.example", &format!("/fetch?url=http://{outside}/"));
        assert_eq!(response.said(), (302, ""), "{kit}");
        let followed = server.get_at("bad.example", &format!("/fetch?url=http://{inside}/"));
        assert_eq!(followed.said().0, 502, "{kit}: {followed:?}");
        answers(&server);
    }
    assert_eq!(asked.load(Relaxed), 0, "nobody ever came");
}
