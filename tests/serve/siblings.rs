//! Guests of one app that call each other.

use std::os::unix::net::UnixStream;

use http::{HeaderMap, HeaderValue};
use rustix::process::Signal;
use tempfile::tempdir;

use crate::client::Client;
use crate::filters::wait_for;
use crate::http2::exchange;
use crate::server::{Server, serve_all, serve_as};
use crate::support::guest;

const KITS: [&str; 2] = ["serve-kit.p2.wasm", "serve-kit.p3.wasm"];
const RELAYS: [&str; 2] = ["relay.p2.wasm", "relay.p3.wasm"];
const ALL: &str = "[guest.web.grants]\nhttp = \"http://*.holm.internal\"\n";

/// An app: the guest `web`, which answers clients, from one file, and `images`, which only its sibling can call, from
/// another. `rest` are further tables.
fn app(name: &str, web: &str, images: &str, rest: &str) -> String {
    let [web, images] = [web, images].map(|file| guest(file).display().to_string());
    format!(
        "holm = 1\nname = \"{name}\"\n[guest.web]\nfile = \"{web}\"\nroutes = \"/\"\n[guest.images]\nfile = \"{images}\"\n{rest}"
    )
}

fn shop(web: &str, rest: &str) -> Server {
    serve_all(&[app("shop", web, KITS[0], rest)])
}

/// The path by which the kit asks its sibling for `path`.
fn to_images(path: &str) -> String {
    format!("/fetch?url=http://images.holm.internal{path}")
}

#[test]
fn a_guest_is_called_by_its_name_and_has_a_line_of_its_own_in_the_log() {
    for web in KITS {
        for images in KITS {
            let server = serve_all(&[app("shop", web, images, ALL)]);
            let response = server.get(&to_images("/headers?a=b"));
            let (status, seen) = response.said();
            assert_eq!(status, 200, "{web} {images}: {seen}");
            for line in ["method GET", "path /headers?a=b", "scheme http", "authority images.holm.internal"] {
                assert!(seen.lines().any(|known| known == line), "{web} {images}: no {line}: {seen}");
            }
            let asked = server.logs(&["GET localhost/fetch 200", "guest=web"]);
            let id = asked.split_whitespace().nth(3).unwrap();
            let answered = server.logs(&["GET images.holm.internal/headers 200", "guest=images"]);
            assert!(answered.contains(&format!(" caller={id}")) && !answered.contains("peer="), "{asked}{answered}");
        }
    }
}

#[test]
fn an_instance_that_is_used_again_calls_for_the_request_it_answers() {
    for web in KITS {
        let server = shop(web, &format!("{ALL}[guest.web.reuse]\nrequests = 10\n"));
        for count in 1..=3 {
            assert_eq!(server.get(&to_images("/counter")).said(), (200, "1\n"), "{web}: nobody reuses `images`");
            assert_eq!(server.get("/counter").said(), (200, format!("{count}\n").as_str()), "{web}");
        }
        server.signal(Signal::TERM);
        let (_, log) = server.ends();
        let lines = |part: &str| log.lines().filter(|line| line.contains(part)).collect::<Vec<_>>();
        let asked = lines("localhost/fetch");
        let ids: Vec<_> = asked.iter().map(|line| line.split_whitespace().nth(3).unwrap()).collect();
        let called = lines("images.holm.internal/counter");
        let callers: Vec<_> = called.iter().map(|line| line.rsplit_once("caller=").unwrap().1).collect();
        assert_eq!((ids.len(), ids), (3, callers), "{web}: {log}");
    }
}

#[test]
fn a_call_counts_as_a_request_to_the_app() {
    let dir = tempdir().unwrap();
    let socket = dir.path().join("admin.sock");
    let admin = format!("admin = {{ listen = \"unix:{}\" }}\nstate = \"state\"", socket.display());
    let server = serve_as(&admin, &[app("shop", KITS[0], KITS[0], ALL)]);
    assert_eq!(server.get(&to_images("/status/404")).said(), (404, "status 404\n"));
    server.logs(&["guest=web"]);
    let mut admin = Client::over(UnixStream::connect(&socket).unwrap());
    let metrics = admin.get("/metrics");
    assert!(metrics.body.contains("holm_requests_total{app=\"shop\",code=\"404\"} 2\n"), "{metrics:?}");
    // A request has its place for as long as its instance is there, which is a moment longer than its line in the log.
    wait_for(|| admin.get("/metrics").body.contains("holm_requests_in_flight{app=\"shop\"} 0\n"));
}

#[test]
fn only_guests_that_were_granted_are_called_and_never_those_of_another_app() {
    let other = app("other", KITS[0], KITS[0], "[guest.secret]\nfile = \"images.wasm\"\n");
    let other = other.replace("routes = \"/\"", "").replace("images.wasm", &guest(KITS[0]).display().to_string());
    for web in KITS {
        for (grant, url, said) in [
            ("", "http://images.holm.internal/counter", "HttpRequestDenied"),
            ("\"*\"", "http://images.holm.internal/counter", "HttpRequestDenied"),
            ("\"http://web.holm.internal\"", "http://images.holm.internal/counter", "HttpRequestDenied"),
            ("\"http://images.holm.internal/count\"", "http://images.holm.internal/counter", "HttpRequestDenied"),
            ("\"http://images.holm.internal\"", "http://images.holm.internal/counter", "1"),
            ("\"*.holm.internal\"", "http://images.holm.internal:80/counter", "1"),
            ("\"*.holm.internal\"", "http://IMAGES.Holm.Internal/counter", "1"),
            ("\"*.holm.internal\"", "https://images.holm.internal/counter", "ConnectionRefused"),
            ("\"*.holm.internal:*\"", "http://images.holm.internal:81/counter", "ConnectionRefused"),
            ("\"*.holm.internal\"", "http://secret.holm.internal/counter", "DestinationNotFound"),
            ("\"*.holm.internal\"", "http://a.images.holm.internal/counter", "DestinationNotFound"),
        ] {
            let grants = if grant.is_empty() { String::new() } else { format!("[guest.web.grants]\nhttp = {grant}") };
            let server = serve_all(&[app("shop", web, KITS[0], &grants), other.clone()]);
            let response = server.get(&format!("/fetch?url={url}"));
            assert_eq!(response.head.status == 200, said == "1", "{web} {grant} {url}: {response:?}");
            assert!(response.body.contains(said), "{web} {grant} {url}: {response:?}");
        }
    }
}

#[test]
fn bodies_stream_both_ways_through_a_call() {
    for relay in RELAYS {
        for images in KITS {
            let server = serve_all(&[app("shop", relay, images, ALL)]);
            let mut client = server.client();
            client.send("POST /?url=http://images.holm.internal/echo HTTP/1.1\r\nhost: localhost\r\n");
            client.send("transfer-encoding: chunked\r\n\r\n");
            client.send_chunk("piece 0");
            assert_eq!(client.head().unwrap().status, 200, "{relay} {images}");
            assert_eq!(client.chunk().unwrap(), "piece 0", "{relay} {images}");
            for number in 1..10 {
                let piece = format!("piece {number}");
                client.send_chunk(&piece);
                // Nothing more is sent before this is back.
                assert_eq!(client.chunk().unwrap(), piece, "{relay} {images}");
            }
            client.send("0\r\n\r\n");
            assert_eq!(client.chunk().unwrap(), "", "{relay} {images}");
            let large = server.get("/?url=http://images.holm.internal/large/3000");
            // The kit for WASI 0.3 has no such path.
            let expected = if images == KITS[0] { 3000 << 10 } else { large.body.len() };
            assert_eq!((large.body.len(), large.whole), (expected, true), "{relay} {images}");
        }
    }
}

#[test]
fn trailers_go_both_ways_through_a_call() {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-mine", HeaderValue::from_static("kept"));
    for images in KITS {
        let server = serve_all(&[app("shop", RELAYS[1], images, ALL)]);
        let url = "/?url=http://images.holm.internal/trailers";
        let answered = exchange(server.address(), url, "some body", trailers.clone());
        assert!(answered.whole && answered.body == "trailers follow\n", "{images}: {answered:?}");
        assert_eq!(answered.trailers.get("x-kit").unwrap(), "done", "{images}: {answered:?}");
        assert_eq!(answered.trailers.get("x-mine").unwrap(), "kept", "{images}: {answered:?}");
    }
}

/// A path by which the kit calls itself so often, one call within the other, and then counts.
fn through_itself(calls: usize) -> String {
    "/fetch?url=http://web.holm.internal".repeat(calls) + "/counter"
}

#[test]
fn calls_that_call_themselves_come_to_an_end() {
    for web in KITS {
        let server = shop(web, ALL);
        assert_eq!(server.get(&through_itself(16)).said(), (200, "1\n"), "{web}");
        let response = server.get(&through_itself(17));
        let (_, body) = response.said();
        assert!(body.contains("LoopDetected"), "{web}: {body}");
        let line = server.logs(&["shop/web may not call shop/web", "as in a loop"]);
        assert!(line.contains("warn"), "{line}");
    }
}

#[test]
fn guests_that_wait_for_each_other_wait_as_long_as_the_first_byte_may_take() {
    let limits = "[guest.web.limits]\nconcurrency = 1\nfirst-byte = \"500ms\"\n";
    for web in KITS {
        let server = shop(web, &format!("{ALL}{limits}"));
        assert_eq!(server.get(&through_itself(1)).head.status, 504, "{web}");
        server.logs(&["no response within 500ms"]);
        assert_eq!(server.get("/counter").said(), (200, "1\n"), "{web}");
    }
}

#[test]
fn who_is_called_has_its_own_limits_and_its_refusals_are_responses() {
    let limits = "[guest.images.limits]\nconcurrency = 1\nqueue = 0\nrequest-body = 10\ncpu = \"300ms\"\n\
                  [guest.web.limits]\ncpu = \"10s\"\n";
    let server = shop(KITS[0], &format!("{ALL}{limits}"));
    let looping = server.get(&to_images("/loop"));
    assert_eq!(looping.head.status, 504, "{looping:?}");
    server.logs(&["guest=images", "failed=cpu"]);
    let line = server.logs(&["guest=web", " 504 "]);
    assert!(!line.contains("failed="), "whoever asks is no worse for it: {line}");

    let mut busy = server.client();
    busy.send(format!("GET {} HTTP/1.1\r\nhost: localhost\r\n\r\n", to_images("/stream-forever")));
    assert_eq!(busy.head().unwrap().status, 200);
    let full = server.get(&to_images("/counter"));
    assert_eq!(full.head.status, 503, "{full:?}");
    server.logs(&["guest=images", "refused=queue_full"]);
    assert_eq!(server.get("/counter").said(), (200, "1\n"), "the gate of `web` is another");
    drop(busy);
    server.logs(&["guest=images", "/stream-forever", "client=gone"]);
    server.becomes_quiet();
    assert_eq!(server.get(&to_images("/counter")).said(), (200, "1\n"));
}

#[test]
fn a_body_over_the_limit_of_who_is_called_is_refused_like_a_clients() {
    let limits = "[guest.images.limits]\nrequest-body = 10\n";
    for relay in RELAYS {
        let server = serve_all(&[app("shop", relay, KITS[0], &format!("{ALL}{limits}"))]);
        let small = server.post("/?url=http://images.holm.internal/echo", "short");
        assert_eq!((small.head.status, small.body.as_str()), (200, "short"), "{relay}");
        let large = server.post("/?url=http://images.holm.internal/count", "longer than it may be");
        assert_eq!(large.head.status, 413, "{relay}: {large:?}");
    }
}

#[test]
fn what_breaks_off_in_a_guest_does_not_look_complete_to_who_called_it() {
    for web in KITS {
        let server = shop(web, ALL);
        let failed = server.get(&to_images("/trap"));
        assert_eq!((failed.head.status, failed.whole), (502, true), "{web}: {failed:?}");
        for path in ["/loop-after-head", "/length-too-long"] {
            let limits = "[guest.images.limits]\ncpu = \"300ms\"\n";
            let server = shop(web, &format!("{ALL}{limits}"));
            let broken = server.get(&to_images(path));
            assert!(!broken.whole, "{web} {path}: {broken:?}");
        }
    }
    let cgi = app("shop", KITS[0], "cgi.p1.wasm", ALL);
    let server = serve_all(&[cgi]);
    assert_eq!(server.get(&to_images("/?status=418")).head.status, 418, "a program is called like any guest");
}

#[test]
fn a_guest_that_only_fails_is_left_alone_by_its_siblings_too_and_they_go_on() {
    let server = shop(KITS[0], ALL);
    let mut client = server.client();
    for _ in 0..20 {
        assert_eq!(client.get(&to_images("/trap")).head.status, 502);
    }
    assert_eq!(client.get(&to_images("/counter")).head.status, 503);
    server.logs(&["guest=images", "refused=breaker"]);
    assert_eq!(client.get("/counter").said(), (200, "1\n"));
}
