//! What all apps together may take of the machine.

use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use crate::client::{Client, Response};
use crate::server::{Server, manifest, serve_under};
use crate::support::{PATIENCE, guest};

const KIT: &str = "serve-kit.p2.wasm";
const MIB: u64 = 1 << 20;

fn serve(ceilings: &str) -> Server {
    let apps = ["one", "two"].map(|name| manifest(name, KIT, &format!("routes = \"{name}.example\"")));
    serve_under(&format!("[ceilings]\n{ceilings}"), &apps)
}

/// Sends the head of a request and the first piece of its body, and takes that piece back: it has an instance now.
fn under_way(server: &Server, app: &str) -> Client<TcpStream> {
    let mut client = server.client();
    client.send(format!("POST /echo HTTP/1.1\r\nhost: {app}.example\r\ntransfer-encoding: chunked\r\n\r\n"));
    client.send_chunk("first");
    assert_eq!((client.head().unwrap().status, client.chunk().unwrap()), (200, "first".to_owned()));
    client
}

#[track_caller]
fn is_full(response: &Response) {
    assert_eq!(response.said().0, 503, "{response:?}");
    assert_eq!(response.head.header("retry-after"), Some("1"));
    assert!(!response.body.contains("memory"), "which of its apps takes what is nobody's business: {response:?}");
}

/// Waits until a sample has this value.
#[track_caller]
fn becomes(server: &Server, sample: &str, value: u64) {
    let deadline = Instant::now() + PATIENCE;
    while server.metric(sample) != Some(value) {
        assert!(Instant::now() < deadline, "{sample} is {:?}", server.metric(sample));
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn instances_and_their_memory_are_counted_while_they_are_there() {
    let server = serve("");
    let mut clients = [under_way(&server, "one"), under_way(&server, "one")];
    assert_eq!(server.metric("holm_instances{app=\"one\"}"), Some(2));
    let memory = server.metric("holm_guest_memory_bytes{app=\"one\"}").unwrap();
    assert!((2 * MIB..8 * MIB).contains(&memory), "{memory} bytes of two small guests");
    assert_eq!(server.metric("holm_instances{app=\"two\"}"), None);
    clients[0].send("0\r\n\r\n");
    assert_eq!(clients[0].chunk().unwrap(), "");
    becomes(&server, "holm_instances{app=\"one\"}", 1);
    assert_eq!(server.metric("holm_guest_memory_bytes{app=\"one\"}"), Some(memory / 2));
    drop(clients);
    becomes(&server, "holm_guest_memory_bytes{app=\"one\"}", 0);
}

#[test]
fn memory_that_all_apps_together_may_not_have_is_refused_and_no_app_is_blamed() {
    let server = serve("memory-total = \"64MiB\"");
    for _ in 0..30 {
        is_full(&server.get_at("one.example", "/grow"));
    }
    assert_eq!(server.get_at("one.example", "/counter").said(), (200, "1\n"), "its breaker is closed");
    let log = server.logs(&["one", "have the 64MiB of memory that they may have"]);
    assert!(!log.contains("limits.memory"), "{log}");
    server.logs(&["/grow", "503", "server_full"]);
    assert_eq!(server.metric("holm_refused_total{app=\"one\",reason=\"server_full\"}"), Some(30));
    becomes(&server, "holm_guest_memory_bytes{app=\"one\"}", 0);
}

#[test]
fn an_apps_own_limit_is_still_its_own_failure() {
    let apps = [manifest("one", KIT, "[limits]\nmemory = \"32MiB\"")];
    let server = serve_under("[ceilings]\nmemory-total = \"64MiB\"", &apps);
    assert_eq!(server.get("/grow").said().0, 502);
    server.logs(&["out of memory", "beyond the limit of 32MiB"]);
}

#[test]
fn requests_beyond_the_instances_of_all_apps_wait_and_are_refused_in_the_end() {
    let server = serve("instances = 2\nfirst-byte = \"1s\"");
    let mut clients = [under_way(&server, "one"), under_way(&server, "one")];
    is_full(&server.get_at("two.example", "/counter"));
    server.logs(&["/counter", "503", "server_full"]);

    let waits = thread::scope(|scope| {
        let waits = scope.spawn(|| server.get_at("two.example", "/counter"));
        becomes(&server, "holm_queue_length{app=\"two\"}", 1);
        clients[0].send("0\r\n\r\n");
        waits.join().unwrap()
    });
    assert_eq!(waits.said(), (200, "1\n"), "it has its turn");
}

#[test]
fn guests_that_call_each_other_do_not_wait_for_places_that_their_callers_have() {
    let [web, images] = [KIT, KIT].map(|file| guest(file).display().to_string());
    let guests = format!("[guest.web]\nfile = \"{web}\"\nroutes = \"/\"\n[guest.images]\nfile = \"{images}\"\n");
    let grants = "[guest.web.grants]\nhttp = \"http://*.holm.internal\"\n";
    let app = format!("holm = 1\nname = \"one\"\n{guests}{grants}");
    let server = serve_under("[ceilings]\ninstances = 1\nfirst-byte = \"5s\"", &[app]);
    for _ in 0..3 {
        assert_eq!(server.get("/fetch?url=http://images.holm.internal/counter").said(), (200, "1\n"));
    }
}

#[test]
fn an_instance_that_waits_to_be_used_again_takes_no_ones_place() {
    for kit in [KIT, "serve-kit.p3.wasm"] {
        let app = manifest("one", kit, "reuse = {}\n[limits]\nconcurrency = 1\nqueue = 0");
        let server = serve_under("[ceilings]\ninstances = 1\nfirst-byte = \"1s\"", &[app]);
        // It goes on for a moment after its response, and until then has its place.
        let next = |count: &str| {
            let deadline = Instant::now() + PATIENCE;
            loop {
                let response = server.get("/counter");
                match response.said() {
                    (503, _) => assert!(Instant::now() < deadline, "its place is never free again"),
                    said => return assert_eq!(said, (200, count), "{kit}"),
                }
            }
        };
        ["1\n", "2\n", "3\n"].iter().for_each(|count| next(count));
        becomes(&server, "holm_instances{app=\"one\"}", 1);
        assert!(server.metric("holm_guest_memory_bytes{app=\"one\"}") >= Some(MIB));
    }
}

#[test]
fn connections_beyond_those_that_clients_may_have_are_closed() {
    let server = serve("client-connections = 2");
    let mut first = server.client();
    let request = "GET /counter HTTP/1.1\r\nhost: one.example\r\n\r\n";
    first.send(request);
    assert_eq!(first.response().said(), (200, "1\n"));
    let _second = under_way(&server, "one");
    let mut third = TcpStream::connect(server.address()).unwrap();
    third.set_read_timeout(Some(PATIENCE)).unwrap();
    // Closed at once, so not even this may get there.
    let _ = std::io::Write::write_all(&mut third, request.as_bytes());
    assert!(Client::over(third).head().is_err());
    assert_eq!(server.metric("holm_connections_refused_total"), Some(1));
    drop(first);
    becomes(&server, "holm_connections_open", 1);
    server.client();
}
