//! An upstream in the place of a guest.

use std::fs;
use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};

use http::{HeaderMap, HeaderValue};
use tempfile::tempdir;

use crate::http2::exchange;
use crate::server::{Server, serve, serve_all, start};
use crate::support::holm;
use crate::upstream::Upstream;

/// Passes requests on to `url`. `rest` begins with keys of the app and goes on with tables.
fn proxy(url: &str, rest: &str) -> Server {
    serve_all(&[format!("holm = 1\nname = \"front\"\nupstream = \"{url}\"\n{rest}\n")])
}

#[test]
fn a_request_is_passed_on_and_so_is_the_answer() {
    let upstream = Upstream::that_repeats();
    let server = proxy(&upstream.url(), "");
    let mut client = server.client();
    client.send(
        "GET /a/b?c=%20d HTTP/1.1\r\nhost: shop.example\r\nx-own: 1\r\nx-own: 2\r\nconnection: keep-alive, x-hop\r\n\
         x-hop: 1\r\nx-forwarded-for: 203.0.113.9\r\nx-forwarded-proto: https\r\n\r\n",
    );
    let response = client.response();
    let (status, head) = response.said();
    assert_eq!((status, head.lines().next()), (200, Some("GET /a/b?c=%20d HTTP/1.1")));
    let lines: Vec<String> = head.lines().map(str::to_ascii_lowercase).collect();
    for line in [
        "host: shop.example",
        "x-own: 1",
        "x-own: 2",
        "x-forwarded-for: 203.0.113.9, 127.0.0.1",
        "x-forwarded-proto: http",
        "x-forwarded-host: shop.example",
        "x-real-ip: 127.0.0.1",
        "te: trailers",
    ] {
        assert!(lines.iter().any(|known| known == line), "no {line}: {head}");
    }
    assert!(!lines.iter().any(|line| line.starts_with("x-hop")), "{head}");
    server.logs(&["front", "GET shop.example/a/b 200"]);
}

#[test]
fn a_prefix_comes_first_and_the_host_may_be_the_upstreams() {
    let upstream = Upstream::that_repeats();
    let server = proxy(&format!("{}/v1/", upstream.url()), "preserve-host = false\nroutes = \"/api\"\n");
    let response = server.get_at("shop.example", "/api/x");
    let head = response.said().1.to_ascii_lowercase();
    let own = upstream.url().replace("http://", "host: ");
    assert!(head.starts_with("get /v1/api/x http/1.1\r\n") && head.contains(&format!("\r\n{own}\r\n")), "{head}");
    assert!(head.contains("x-forwarded-host: shop.example\r\n"), "{head}");
    assert_eq!(server.get("/apix").head.status, 404);
}

#[test]
fn what_speaks_of_the_upstreams_connection_stays_there() {
    let upstream = Upstream::that_says(
        "HTTP/1.1 418 Teapot\r\nconnection: close, x-hop\r\nx-hop: 1\r\nkeep-alive: timeout=5\r\nproxy-authenticate: a\r\n\
         set-cookie: a=1\r\nset-cookie: b=2\r\ncontent-length: 2\r\n\r\nhi",
    );
    let server = proxy(&upstream.url(), "");
    let mut client = server.client();
    // The client's connection goes on, whatever the upstream's does.
    for _ in 0..2 {
        let response = client.get("/");
        assert_eq!(response.said(), (418, "hi"));
        let gone = ["x-hop", "keep-alive", "proxy-authenticate", "connection"];
        assert!(gone.iter().all(|name| response.head.header(name).is_none()), "{response:?}");
        assert_eq!(response.head.header("set-cookie"), Some("a=1"));
    }
}

#[test]
fn bodies_stream_both_ways() {
    let upstream = Upstream::new(|mut asked| {
        asked.head();
        asked.say("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        loop {
            let piece = asked.chunk();
            asked.say(&format!("{:x}\r\n{piece}\r\n", piece.len()));
            if piece.is_empty() {
                return;
            }
        }
    });
    let server = proxy(&upstream.url(), "");
    let mut client = server.client();
    client.send("POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n");
    client.is_answered_piece_by_piece(10);
}

#[test]
fn bodies_larger_than_what_is_kept_pass_through() {
    let kit = serve("serve-kit.p2.wasm", &["--max-output", "200MiB"]);
    let server = proxy(&format!("http://{}", kit.address()), "");
    let before = server.peak();
    let large = server.get("/large/100000");
    assert_eq!((large.body.len(), large.whole), (100_000 << 10, true));
    let body = "x".repeat(30 << 20);
    assert_eq!(server.post("/count", &body).said().1.trim(), (30 << 20).to_string());
    let grown = server.peak() - before;
    assert!(grown < 25, "{grown} MiB");
}

#[test]
fn trailers_go_both_ways() {
    let kit = serve("serve-kit.p2.wasm", &[]);
    let server = proxy(&format!("http://{}", kit.address()), "");
    let mut trailers = HeaderMap::new();
    trailers.insert("x-mine", HeaderValue::from_static("kept"));
    let answered = exchange(server.address(), "/trailers", "some body", trailers);
    assert!(answered.whole && answered.body == "trailers follow\n", "{answered:?}");
    assert_eq!(answered.trailers.get("x-kit").unwrap(), "done", "{answered:?}");
}

#[test]
fn trailers_that_a_client_announces_reach_the_upstream() {
    let (sent, seen) = mpsc::channel();
    let sent = Mutex::new(sent);
    let upstream = Upstream::new(move |mut asked| {
        asked.head();
        assert_eq!(asked.chunk(), "body");
        sent.lock().unwrap_or_else(PoisonError::into_inner).send(asked.chunk()).unwrap();
        asked.say("HTTP/1.1 204 No Content\r\n\r\n");
    });
    let server = proxy(&upstream.url(), "");
    let mut client = server.client();
    client.send("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ntrailer: x-mine\r\n\r\n");
    client.send_chunk("body");
    client.send("0\r\nx-mine: kept\r\n\r\n");
    assert_eq!(client.response().head.status, 204);
    assert_eq!(seen.recv().unwrap().trim(), "x-mine: kept");
}

#[test]
fn an_upstream_that_is_not_there_is_a_502_and_the_log_says_why() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = proxy(&format!("http://{gone}"), "");
    let response = server.get("/");
    assert_eq!((response.head.status, response.whole), (502, true));
    let id = response.id().to_owned();
    server.logs(&[&id, &format!("the upstream http://{gone} failed: the connection was refused")]);

    let server = proxy("http://name.invalid", "");
    assert_eq!(server.get("/").head.status, 502);
    server.logs(&["the upstream http://name.invalid failed: the DNS lookup"]);
}

#[test]
fn an_upstream_that_answers_what_is_no_http_is_a_502() {
    for (answer, why) in [
        ("SSH-2.0-OpenSSH_9.2\r\n", "the server broke the HTTP protocol"),
        ("HTTP/1.1 200 OK\r\ncontent-le", "failed: the"),
        ("", "failed: the"),
        ("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", ""),
    ] {
        let upstream = Upstream::that_says(answer);
        let server = proxy(&upstream.url(), "");
        let response = server.get("/");
        assert_eq!((response.head.status, response.whole), (502, true), "{answer:?}: {response:?}");
        server.logs(&["front", why, "error"]);
    }
}

#[test]
fn a_response_that_breaks_off_does_not_look_whole() {
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ] {
        let upstream = Upstream::that_says(answer);
        let server = proxy(&upstream.url(), "");
        let response = server.get("/");
        assert!(!response.whole, "{response:?}");
        server.logs(&[&format!("the response of the upstream {} broke off", upstream.url())]);
    }
}

#[test]
fn an_upstream_that_is_slow_is_a_504_and_its_connection_is_closed() {
    let (sent, ended) = mpsc::channel();
    let sent = Mutex::new(sent);
    let upstream = Upstream::new(move |mut asked| {
        asked.head();
        asked.wait_for_end();
        sent.lock().unwrap_or_else(PoisonError::into_inner).send(()).unwrap();
    });
    let server = proxy(&upstream.url(), "[limits]\nfirst-byte = \"200ms\"\n");
    let response = server.get("/");
    assert_eq!((response.head.status, response.whole), (504, true));
    server.logs(&[&format!("the upstream {} gave no response within 200ms", upstream.url())]);
    ended.recv().unwrap();
}

#[test]
fn a_response_that_goes_on_for_too_long_is_cut_off() {
    let upstream = Upstream::new(|mut asked| {
        asked.head();
        asked.say("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n");
        asked.wait_for_end();
    });
    let server = proxy(&upstream.url(), "[limits]\nwall = \"300ms\"\n");
    let response = server.get("/");
    assert_eq!((response.head.status, response.body.as_str(), response.whole), (200, "hello", false));
    server.logs(&["broke off: it took longer than limits.wall"]);
}

#[test]
fn who_gives_up_ends_what_was_asked() {
    let (sent, ended) = mpsc::channel();
    let sent = Mutex::new(sent);
    let upstream = Upstream::new(move |mut asked| {
        asked.head();
        asked.say("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n");
        asked.wait_for_end();
        sent.lock().unwrap_or_else(PoisonError::into_inner).send(()).unwrap();
    });
    let server = proxy(&upstream.url(), "");
    let mut client = server.client();
    client.send("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert_eq!(client.head().unwrap().status, 200);
    drop(client);
    ended.recv().unwrap();
    server.logs(&["front", "client=gone"]);
}

#[test]
fn limits_on_bodies_hold_for_upstreams_too() {
    let upstream = Upstream::new(|mut asked| {
        asked.head();
        asked.wait_for_end();
    });
    let server = proxy(&upstream.url(), "[limits]\nrequest-body = 10\n");
    assert_eq!(server.post("/", "longer than it may be").head.status, 413);
    let mut client = server.client();
    client.send("POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n");
    client.send_chunk("longer than it may be");
    assert_eq!(client.response().head.status, 413);

    let upstream = Upstream::that_says("HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n01234567890123456789");
    let server = proxy(&upstream.url(), "[limits]\nmax-output = 10\n");
    assert!(!server.get("/").whole);
    server.logs(&["its response is longer than 10 bytes"]);
}

#[test]
fn tunnels_and_other_protocols_are_refused_before_the_upstream_hears_of_them() {
    let upstream = Upstream::that_repeats();
    let server = proxy(&upstream.url(), "");
    let mut client = server.client();
    client.send("GET /chat HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n");
    let response = client.response();
    assert_eq!(response.said(), (501, "this server passes on no tunnels and no other protocols\n"));
    assert_eq!(upstream.connections(), 0);
    let mut client = server.client();
    client.send("GET / HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n\r\n");
    let response = client.response();
    let (status, head) = response.said();
    assert!(status == 200 && !head.to_ascii_lowercase().contains("upgrade"), "{head}");
}

#[test]
fn connections_are_used_again() {
    let upstream = Upstream::that_repeats();
    let server = proxy(&upstream.url(), "");
    for _ in 0..20 {
        assert_eq!(server.get("/").head.status, 200);
    }
    assert!(upstream.connections() < 5, "{}", upstream.connections());
}

#[test]
fn an_upstream_may_be_one_guest_among_others() {
    let upstream = Upstream::that_repeats();
    let kit = crate::support::guest("serve-kit.p2.wasm").display().to_string();
    let server = serve_all(&[format!(
        "holm = 1\nname = \"shop\"\n[guest.web]\nfile = \"{kit}\"\nroutes = \"/\"\n[guest.web.grants]\n\
         http = \"http://api.holm.internal\"\n[guest.api]\nupstream = \"{}\"\nroutes = \"/api\"\n",
        upstream.url()
    )]);
    assert_eq!(server.get("/counter").said(), (200, "1\n"));
    assert!(server.get("/api/x").said().1.starts_with("GET /api/x HTTP/1.1\r\n"));
    let asked = server.get("/fetch?url=http://api.holm.internal/y");
    assert!(asked.said().1.starts_with("GET /y HTTP/1.1\r\n"), "{asked:?}");
}

#[test]
fn an_upstream_can_be_deployed_and_there_is_nothing_to_run() {
    let upstream = Upstream::that_repeats();
    let dir = tempdir().unwrap();
    let manifest = dir.path().join("holm.toml");
    fs::write(&manifest, format!("holm = 1\nname = \"front\"\nupstream = \"{}\"\n", upstream.url())).unwrap();
    let state = dir.path().join("state");
    let server = start(holm(["serve", "--addr", "127.0.0.1:0", "--state"]).arg(&state));
    let admin = format!("unix:{}", state.join("admin.sock").display());
    holm(["deploy", "--to", &admin]).arg(dir.path()).prints();
    assert_eq!(server.get("/").head.status, 200);

    let said = holm(["run", "--manifest"]).arg(&manifest).fails(125);
    assert!(said.contains("names an `upstream` and no guest") && said.contains("holm serve"), "{said}");
}
