//! Guests that fail in every way and phase, and what their clients and the log are told.

use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use crate::client::Response;
use crate::http2::exchange;
use crate::server::{Server, manifest, serve, serve_all, serve_kit};
use crate::support::PATIENCE;

const P2: &str = "serve-kit.p2.wasm";
const P3: &str = "serve-kit.p3.wasm";
const KITS: [&str; 2] = [P2, P3];

/// A refusal of the server's own: its status, its id, and nothing of what went on inside.
#[track_caller]
fn refused(response: &Response, status: u16) -> &str {
    assert_eq!(response.said().0, status, "{response:?}");
    for inner in ["kit", "wasm", "trap", "unreachable", "limit", "panic", "exit", "memory", ".rs", "0x", "Error"] {
        assert!(!response.body.contains(inner), "`{inner}` is nobody's business: {response:?}");
    }
    response.id()
}

/// The guest failed on this path before it answered: the client gets `status`, the log the reason under the same id.
#[track_caller]
fn fails(server: &Server, path: &str, status: u16, reason: &str) {
    let response = server.get(path);
    let line = server.logs(&[refused(&response, status), reason]);
    for inner in ["wasmtime", "holm_", "crates/", "abis/"] {
        assert!(!line.contains(inner), "`{inner}` of Holm in the log: {line}");
    }
    assert_eq!(server.get("/counter").said(), (200, "1\n"), "the next request is as good as ever");
}

/// The guest failed after its response began: the client must notice.
#[track_caller]
fn breaks_off(server: &Server, path: &str, reason: &str) {
    let response = server.get(path);
    assert!(!response.whole, "this looks like the end of the response: {response:?}");
    assert!(!response.body.contains(reason), "{response:?}");
    server.logs(&[reason]);
    assert_eq!(server.get("/counter").said(), (200, "1\n"));
}

#[test]
fn a_guest_that_ends_without_a_response_is_a_bad_gateway() {
    let server = serve(P2, &[]);
    fails(&server, "/trap", 502, "trapped");
    fails(&server, "/panic", 502, "trapped");
    server.logs(&["the kit panics"]);
    fails(&server, "/no-response", 502, "it returned without a response");
    fails(&server, "/error", 502, "the kit has no response");
    fails(&server, "/exit/0", 502, "it ended with exit code 0");
    fails(&server, "/exit/7", 502, "it ended with exit code 1");
    fails(&server, "/recurse", 502, "stack overflow");
    fails(&server, "/twice", 502, "unknown handle");
    let newer = serve(P3, &[]);
    fails(&newer, "/trap", 502, "trapped");
    fails(&newer, "/error", 502, "the kit has no response");
}

#[test]
fn a_response_that_breaks_off_does_not_look_complete() {
    for kit in KITS {
        let server = serve_kit(kit, "cpu = \"300ms\"");
        breaks_off(&server, "/loop-after-head", "out of CPU time");
    }
    let server = serve(P3, &[]);
    let response = server.get("/trap-after-head");
    assert!(!response.whole, "{response:?}");
    assert_eq!((response.head.status, response.body.as_str()), (200, "the last chunk\n"), "what it wrote arrives");
    server.logs(&["trapped"]);
}

#[test]
fn a_guest_that_fails_before_anything_is_sent_is_a_bad_gateway() {
    let server = serve(P2, &[]);
    let response = server.get("/trap-after-head");
    // Unless it had to wait for its turn in between.
    assert!(response.head.status == 502 || !response.whole, "{response:?}");
    server.logs(&["trapped"]);
}

#[test]
fn over_http2_a_response_that_breaks_off_is_reset() {
    for kit in KITS {
        let server = serve_kit(kit, "cpu = \"300ms\"");
        let answered = exchange(server.address(), "/loop-after-head", "", http::HeaderMap::new());
        assert!(!answered.whole && answered.status == 200, "{kit}: {answered:?}");
        assert_eq!(answered.body, "the last chunk\n", "{kit}");
    }
}

#[test]
fn a_trap_after_the_response_is_in_the_log() {
    let server = serve(P2, &[]);
    let response = server.get("/trap-after-body");
    // A trap that comes before anybody read the response is told; one that comes later breaks it off at most.
    assert!([200, 502].contains(&response.head.status) || !response.whole, "{response:?}");
    server.logs(&["trapped"]);
    assert_eq!(server.get("/counter").said().0, 200);
}

#[test]
fn what_a_guest_does_after_its_response_is_finished() {
    let server = serve(P2, &[]);
    assert_eq!(server.get("/after").said(), (200, "more follows in the log\n"));
    server.logs(&["after"]);
}

#[test]
fn a_guest_that_computes_too_long_is_a_gateway_timeout() {
    for kit in KITS {
        let server = serve_kit(kit, "cpu = \"200ms\"");
        fails(&server, "/loop", 504, "out of CPU time: stopped at the limit of 200ms");
    }
}

#[test]
fn a_guest_that_answers_too_late_is_a_gateway_timeout() {
    for kit in KITS {
        let server = serve_kit(kit, "first-byte = \"500ms\"");
        let response = server.get("/sleep/600000");
        server.logs(&[refused(&response, 504), "no response within 500ms"]);
        let waiting = serve_kit(kit, "wall = \"300ms\"");
        let response = waiting.get("/sleep/600000");
        waiting.logs(&[refused(&response, 504), "out of time"]);
    }
}

#[test]
fn a_guest_that_takes_memory_without_end_costs_no_more_than_its_limit() {
    let server = serve_kit(P2, "memory = \"64MiB\"\nconcurrency = 2");
    assert_eq!(server.get("/counter").said().0, 200);
    let before = server.peak();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..4).for_each(|_| fails(&server, "/grow", 502, "out of memory")));
        }
    });
    let grown = server.peak() - before;
    assert!(grown < 2 * 64 + 128, "{grown} MiB for two instances of 64 at once");
}

#[test]
fn a_guest_that_has_the_host_keep_ever_more_for_it_ends() {
    for (kit, what, reason) in [
        (P2, "fields", "out of handles"),
        (P2, "headers", "out of memory"),
        (P2, "names", "out of memory"),
        (P2, "copies", "out of memory"),
        (P2, "requests", "out of memory"),
        (P2, "options", "out of handles"),
        (P2, "pollables", "out of handles"),
        (P3, "fields", "out of handles"),
        (P3, "streams", "out of handles"),
        (P3, "futures", "out of handles"),
        (P3, "responses", "out of handles"),
    ] {
        let server = serve_kit(kit, "memory = \"64MiB\"");
        assert_eq!(server.get("/counter").said().0, 200);
        let before = server.peak();
        fails(&server, &format!("/hoard/{what}"), 502, reason);
        let grown = server.peak() - before;
        println!("{kit} {what}: {grown} MiB");
        assert!(grown < 64 + 64, "{kit} {what}: {grown} MiB for a guest of 64");
    }
}

#[test]
fn a_guest_that_lies_about_its_length_spoils_nothing() {
    let server = serve(P2, &[]);
    let long = server.get("/length-too-long");
    assert!(!long.whole, "{long:?}");
    server.logs(&["the body of its response ended with the error"]);

    let mut client = server.client();
    client.send("GET /length-too-short HTTP/1.1\r\nhost: localhost\r\n\r\n");
    client.send("GET /counter HTTP/1.1\r\nhost: localhost\r\n\r\n");
    let short = client.response();
    assert!(short.body.is_empty() || short.body == "more", "only as much as was declared: {short:?}");
    let next = client.response();
    assert!(next.head.status == 0 || next.said() == (200, "1\n"), "the next response is its own: {next:?}");
}

#[test]
fn headers_that_belong_to_the_connection_are_not_a_guests_to_set() {
    let server = serve(P2, &[]);
    for path in ["/forbidden-headers", "/crlf"] {
        let response = server.get(path);
        let (status, body) = response.said();
        assert_eq!(status, 200);
        assert!(body.lines().all(|line| line.contains(": refused, ")), "{body}");
        assert!(response.head.header("set-cookie").is_none() && response.head.header("upgrade").is_none());
    }
}

#[test]
fn a_body_that_the_guest_does_not_read_does_not_spoil_the_response() {
    let server = serve(P2, &[]);
    let mut client = server.client();
    let length = 32 << 20;
    client.send(format!("POST /never-read HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n"));
    // The server may close the connection in the middle, but only once the response was read.
    let response = client.response();
    assert_eq!(response.said(), (200, "not read\n"));
    let small = server.post("/never-read", &"x".repeat(100_000));
    assert_eq!(small.said(), (200, "not read\n"));
}

/// The response to a body of `count` pieces of 1,000 bytes, whose length is not declared.
fn post_chunks(server: &Server, path: &str, count: usize) -> Response {
    let mut client = server.client();
    let piece = "x".repeat(1000);
    let body = format!("3e8\r\n{piece}\r\n").repeat(count) + "0\r\n\r\n";
    client.send(format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n{body}"));
    client.response()
}

#[test]
fn a_request_body_beyond_its_limit_is_refused() {
    let server = serve_kit(P2, "request-body = \"50000\"");
    assert_eq!(server.post("/count", &"x".repeat(50_000)).said(), (200, "50000\n"));
    assert_eq!(post_chunks(&server, "/count", 50).said(), (200, "50000\n"));
    refused(&server.post("/count", &"x".repeat(50_001)), 413);
    refused(&post_chunks(&server, "/count", 51), 413);
    // Too late for another status.
    let echoed = post_chunks(&server, "/echo", 51);
    assert!(echoed.head.status == 413 || !echoed.whole, "{echoed:?}");
    assert_eq!(server.post("/count", "x").said(), (200, "1\n"));
}

#[test]
fn a_response_beyond_its_limit_breaks_off() {
    for kit in KITS {
        let server = serve_kit(kit, "max-output = \"100000\"");
        let body = "x".repeat(100_000);
        assert_eq!(server.post("/echo", &body).said(), (200, body.as_str()), "{kit}");
        let beyond = server.post("/echo", &(body + "x"));
        assert!(!beyond.whole && beyond.body.len() <= 100_000, "{kit}: {} bytes", beyond.body.len());
        server.logs(&["its response is longer than 100000 bytes"]);
        assert_eq!(server.get("/counter").said(), (200, "1\n"), "{kit}");
    }
}

#[test]
fn a_guest_whose_client_leaves_is_ended() {
    let server = serve_kit(P2, "cpu = \"1h\"\nwall = \"1h\"\nfirst-byte = \"1h\"\nconcurrency = 2");
    let mut reading = server.client();
    reading.send("GET /stream-forever HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert_eq!(reading.head().unwrap().status, 200);
    for _ in 0..100 {
        assert!(!reading.chunk().unwrap().is_empty());
    }
    let mut waiting = server.client();
    waiting.send("GET /loop HTTP/1.1\r\nhost: localhost\r\n\r\n");
    is_busy(&server);
    drop((reading, waiting));
    server.becomes_quiet();
    // Both places are free again.
    let mut both = [server.client(), server.client()];
    for client in &mut both {
        client.send("POST /echo HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n");
        assert_eq!(client.head().unwrap().status, 200);
    }
    let log = server.log();
    assert!(!log.contains("warning"), "a client that leaves is no failure of the guest's: {log}");
}

#[test]
fn a_guest_whose_client_reads_nothing_stops() {
    let server = serve_kit(P2, "cpu = \"1h\"");
    let before = server.peak();
    let mut client = server.client();
    client.send("GET /stream-forever HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert_eq!(client.head().unwrap().status, 200);
    server.becomes_quiet();
    let grown = server.peak() - before;
    assert!(grown < 64, "{grown} MiB wait for a client that reads nothing");
    assert_eq!(server.get("/counter").said(), (200, "1\n"));
}

/// Waits until the server computes.
#[track_caller]
fn is_busy(server: &Server) {
    let (deadline, before) = (Instant::now() + PATIENCE, server.cpu());
    while server.cpu() < before + Duration::from_millis(300) {
        assert!(Instant::now() < deadline, "it never began");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn beyond_those_it_works_on_and_those_that_wait_requests_are_turned_away() {
    let server = serve_kit(P2, "concurrency = 1\nqueue = 1\nfirst-byte = \"1h\"");
    let mut inside = server.client();
    inside.send("POST /echo HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n");
    assert_eq!((inside.head().unwrap().status, inside.chunk().unwrap()), (200, "x".to_owned()));
    let (tell, told) = channel();
    thread::scope(|scope| {
        for _ in 0..5 {
            let (tell, server) = (tell.clone(), &server);
            scope.spawn(move || tell.send(server.get("/counter")).unwrap());
        }
        for _ in 0..4 {
            let response = told.recv_timeout(PATIENCE).unwrap();
            refused(&response, 503);
            assert_eq!(response.head.header("retry-after"), Some("1"));
        }
        inside.send("0\r\n\r\n");
        assert_eq!(inside.chunk().unwrap(), "");
        assert_eq!(told.recv_timeout(PATIENCE).unwrap().said(), (200, "1\n"), "the one that waited has its turn");
    });
}

#[test]
fn a_guest_that_goes_on_after_its_response_keeps_its_place() {
    let server = serve_kit(P2, "concurrency = 1\nqueue = 0\ncpu = \"2s\"");
    assert_eq!(server.get("/loop-after-body").said(), (200, "complete\n"));
    refused(&server.get("/counter"), 503);
    server.logs(&["out of CPU time"]);
    let deadline = Instant::now() + PATIENCE;
    while server.get("/counter").said().0 != 200 {
        assert!(Instant::now() < deadline, "its place is never free again");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn who_waits_for_its_turn_too_long_gets_a_gateway_timeout() {
    let server = serve_kit(P2, "concurrency = 1\nfirst-byte = \"500ms\"");
    let mut inside = server.client();
    inside.send("POST /echo HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n");
    assert_eq!((inside.head().unwrap().status, inside.chunk().unwrap()), (200, "x".to_owned()));
    refused(&server.get("/counter"), 504);
    inside.send("1\r\ny\r\n0\r\n\r\n");
    assert_eq!((inside.chunk().unwrap(), inside.chunk().unwrap()), ("y".to_owned(), String::new()));
    assert_eq!(server.get("/counter").said(), (200, "1\n"));
}

/// More failures than an app may have in a row.
const MANY: usize = 30;

/// The app was not taken for one that only fails.
#[track_caller]
fn is_not_blamed(server: &Server) {
    assert_eq!(server.get("/counter").said(), (200, "1\n"));
    assert!(!server.log().contains("it only fails"), "{}", server.log());
}

#[test]
fn uploads_that_break_off_are_not_the_apps_failures() {
    let server = serve(P2, &[]);
    for path in ["/echo", "/trailers"] {
        for _ in 0..MANY {
            let mut client = server.client();
            client.send(format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n"));
            client.send_chunk("first");
            client.send("this is no chunk\r\n");
            let response = client.response();
            assert!(response.head.status == 400 || !response.whole, "{path}: {response:?}");
        }
    }
    is_not_blamed(&server);
    for _ in 0..MANY {
        let mut client = server.client();
        client.send("POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\nfive");
        assert_eq!(client.head().unwrap().status, 200);
    }
    is_not_blamed(&server);
}

#[test]
fn over_http2_uploads_that_are_reset_are_not_the_apps_failures() {
    let server = serve(P2, &[]);
    for _ in 0..MANY {
        crate::http2::reset_upload(server.address(), "/echo");
    }
    is_not_blamed(&server);
}

#[test]
fn uploads_that_do_not_come_are_not_the_apps_failures() {
    let server = serve_kit(P2, "first-byte = \"500ms\"");
    let mut clients: Vec<_> = (0..MANY).map(|_| server.client()).collect();
    for client in &mut clients {
        client.send("POST /count HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\nfive");
    }
    for client in &mut clients {
        refused(&client.response(), 408);
    }
    is_not_blamed(&server);
}

#[test]
fn clients_that_do_not_read_are_not_the_apps_failures() {
    let server = serve_kit(P2, "wall = \"500ms\"");
    let mut clients: Vec<_> = (0..MANY).map(|_| server.client()).collect();
    for client in &mut clients {
        client.send("GET /large/65536 HTTP/1.1\r\nhost: localhost\r\n\r\n");
        assert_eq!(client.head().unwrap().status, 200);
    }
    thread::sleep(Duration::from_secs(1));
    for client in &mut clients {
        while client.chunk().is_ok_and(|chunk| !chunk.is_empty()) {}
    }
    server.logs(&["out of time"]);
    is_not_blamed(&server);
}

#[test]
fn an_app_that_only_fails_is_left_alone_for_a_while_and_no_other() {
    let server = serve_all(&[
        manifest("failing", P2, "routes = \"failing.example\""),
        manifest("well", P2, "routes = \"well.example\""),
    ]);
    let mut failures = 0;
    let open = loop {
        let response = server.get_at("failing.example", "/trap");
        match response.said().0 {
            502 => failures += 1,
            _ => break response,
        }
        // On a slow machine its time may be over before the next request.
        assert!(failures < 200, "it is never left alone");
    };
    assert!(failures >= 20, "after {failures} failures");
    refused(&open, 503);
    let after: u64 = open.head.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=30).contains(&after), "{after}");
    assert_eq!(server.get_at("well.example", "/counter").said(), (200, "1\n"));
    server.logs(&[" failing@0 ", "it only fails, so it is left alone for a while"]);

    let deadline = Instant::now() + PATIENCE;
    while server.get_at("failing.example", "/counter").said().0 != 200 {
        assert!(Instant::now() < deadline, "it never gets another chance");
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(server.get_at("failing.example", "/trap").said().0, 502, "one success and it counts anew");
}
