//! What guests of WASI 0.2 and 0.3 can do when they are served.

use http::{HeaderMap, HeaderValue};
use tempfile::tempdir;

use crate::http2::exchange;
use rustix::process::Signal;

use crate::server::{Server, manifest, serve, serve_all, start};
use crate::support::holm;

const KITS: [&str; 2] = ["serve-kit.p2.wasm", "serve-kit.p3.wasm"];

#[test]
fn bodies_stream_both_ways_at_once() {
    for kit in KITS {
        let server = serve(kit, &[]);
        let mut client = server.client();
        client.send("POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/x-kit\r\n");
        client.send("transfer-encoding: chunked\r\n\r\n");
        client.send_chunk("chunk 0");
        let head = client.head().unwrap();
        assert_eq!((head.status, head.header("content-type")), (200, Some("text/x-kit")), "{kit}");
        assert_eq!(client.chunk().unwrap(), "chunk 0", "{kit}");
        for number in 1..20 {
            let chunk = format!("chunk {number}");
            client.send_chunk(&chunk);
            // Nothing more is sent before this is back.
            assert_eq!(client.chunk().unwrap(), chunk, "{kit}");
        }
        client.send("0\r\n\r\n");
        assert_eq!(client.chunk().unwrap(), "", "{kit}");
        assert_eq!(client.get("/counter").said().0, 200, "the connection goes on: {kit}");
    }
}

#[test]
fn a_large_body_comes_back_as_it_was_sent() {
    let body: String = (0..200_000).map(|number| format!("{number} ")).collect();
    for kit in KITS {
        let server = serve(kit, &[]);
        let (writer, mut reader) = (std::net::TcpStream::connect(server.address()).unwrap(), body.clone());
        let mut client = crate::client::Client::over(writer.try_clone().unwrap());
        reader.insert_str(0, &format!("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", body.len()));
        let sender = std::thread::spawn(move || std::io::Write::write_all(&mut &writer, reader.as_bytes()).unwrap());
        let response = client.response();
        sender.join().unwrap();
        assert_eq!((response.head.status, response.whole), (200, true), "{kit}");
        assert!(response.body == body, "{kit}: {} of {} bytes", response.body.len(), body.len());
    }
}

#[test]
fn a_guest_sees_the_request_as_it_was_sent() {
    for kit in KITS {
        let server = serve(kit, &[]);
        let mut client = server.client();
        client.send(
            "PURGE /headers?a=b%20c&d HTTP/1.1\r\nhost: example.com:81\r\nX-One: 1\r\nx-two: 2\r\nx-two: 3\r\n\r\n",
        );
        let response = client.response();
        let (status, body) = response.said();
        assert_eq!(status, 200, "{kit}");
        for line in [
            "method PURGE",
            "path /headers?a=b%20c&d",
            "scheme http",
            "authority example.com:81",
            "x-one: 1",
            "x-two: 2",
        ] {
            assert!(body.lines().any(|known| known == line), "{kit}: {line} is missing: {body}");
        }
        assert!(body.contains("x-two: 3"), "{kit}: {body}");
    }
}

#[test]
fn a_guest_chooses_the_status() {
    let server = serve("serve-kit.p2.wasm", &[]);
    let mut client = server.client();
    for code in [200, 201, 299, 302, 404, 418, 500, 503, 599] {
        let response = client.get(&format!("/status/{code}"));
        assert_eq!(response.said(), (code, format!("status {code}\n").as_str()));
        assert_eq!(response.head.header("retry-after"), None, "a guest's own 503 is as the guest made it");
    }
    assert_eq!(client.get("/unknown").said().0, 404);
}

#[test]
fn trailers_go_both_ways_over_http2() {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-mine", HeaderValue::from_static("kept"));
    for kit in KITS {
        let server = serve(kit, &[]);
        let answered = exchange(server.address(), "/trailers", "some body", trailers.clone());
        assert!(answered.whole && answered.status == 200, "{kit}: {answered:?}");
        assert_eq!(answered.body, "trailers follow\n", "{kit}");
        assert_eq!(answered.trailers.get("x-kit").unwrap(), "done", "{kit}: {answered:?}");
        assert_eq!(answered.trailers.get("x-mine").unwrap(), "kept", "{kit}: {answered:?}");
    }
}

#[test]
fn server_sent_events_come_one_by_one() {
    for kit in KITS {
        let server = serve(kit, &[]);
        let mut client = server.client();
        client.send("GET /sse HTTP/1.1\r\nhost: localhost\r\n\r\n");
        assert_eq!(client.head().unwrap().header("content-type"), Some("text/event-stream"));
        for event in 1..=5 {
            // A piece for each: none waited for the next.
            assert_eq!(client.chunk().unwrap(), format!("id: {event}\ndata: event {event}\n\n"), "{kit}");
        }
        assert_eq!(client.chunk().unwrap(), "", "{kit}");
    }
}

#[test]
fn every_request_has_a_fresh_instance() {
    for kit in KITS {
        let server = serve(kit, &[]);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut client = server.client();
                    for _ in 0..25 {
                        assert_eq!(client.get("/counter").said(), (200, "1\n"), "{kit}");
                    }
                });
            }
        });
    }
}

#[test]
fn a_guest_has_only_the_environment_it_was_granted() {
    let none = serve("serve-kit.p2.wasm", &[]);
    assert_eq!(none.get("/env").said(), (200, ""));
    let flags = serve("serve-kit.p2.wasm", &["--env", "MODE=test", "--env", "PATH"]);
    let response = flags.get("/env");
    let (_, env) = response.said();
    assert!(env.starts_with("MODE=test\nPATH=") && env.lines().count() == 2, "{env}");
    let described = manifest("kit", "serve-kit.p2.wasm", "[grants]\nenv = { MODE = \"prod\", NAME = \"kit\" }");
    let described = serve_all(&[described]);
    assert_eq!(described.get("/env").said(), (200, "MODE=prod\nNAME=kit\n"));
}

#[test]
fn flags_count_for_every_app_and_win_over_its_manifest() {
    let dir = tempdir().unwrap();
    let mut command = holm(["serve", "--addr", "127.0.0.1:0", "--env", "MODE=flag"]);
    for name in ["one", "two"] {
        let text = format!("routes = \"{name}.example\"\n[grants]\nenv = {{ MODE = \"prod\", NAME = \"{name}\" }}");
        let path = dir.path().join(format!("{name}.toml"));
        std::fs::write(&path, manifest(name, "serve-kit.p2.wasm", &text)).unwrap();
        command = command.arg(path);
    }
    let server = start(command);
    for name in ["one", "two"] {
        let env = format!("MODE=flag\nNAME={name}\n");
        assert_eq!(server.get_at(&format!("{name}.example"), "/env").said(), (200, env.as_str()));
    }
}

#[test]
fn a_guest_fetches_only_where_it_was_granted() {
    let upstream = serve("serve-hello.p2.wasm", &[]);
    let url = format!("http://{}", upstream.address());
    for kit in KITS {
        let refused = serve(kit, &[]);
        let response = refused.get(&format!("/fetch?url={url}/"));
        assert_eq!(response.said().0, 502, "{kit}: {response:?}");
        assert!(response.body.contains("HttpRequestDenied"), "{kit}: {response:?}");

        let granted = serve(kit, &["--http", &url]);
        let mut client = granted.client();
        for _ in 0..5 {
            let response = client.get(&format!("/fetch?url={url}/"));
            let (status, body) = response.said();
            assert_eq!((status, body.trim_end()), (200, "Hello from Holm!"), "{kit}");
        }
    }
}

#[test]
fn what_a_guest_fetches_streams_through_it() {
    let upstream = serve("serve-kit.p2.wasm", &[]);
    let url = format!("http://{}", upstream.address());
    for kit in KITS {
        let server = serve(kit, &["--http", &url]);
        let mut client = server.client();
        client.send(format!("GET /fetch?url={url}/sse HTTP/1.1\r\nhost: localhost\r\n\r\n"));
        assert_eq!(client.head().unwrap().header("content-type"), Some("text/event-stream"), "{kit}");
        let mut came = String::new();
        while let Ok(chunk) = client.chunk()
            && !chunk.is_empty()
        {
            came += &chunk;
        }
        assert!(came.starts_with("id: 1\n") && came.ends_with("data: event 5\n\n"), "{kit}: {came}");
        let large = client.get(&format!("/fetch?url={url}/large/3000"));
        assert_eq!((large.said().0, large.body.len()), (200, 3000 << 10), "{kit}");
    }
}

#[test]
fn a_key_value_store_is_shared_by_requests_and_outlives_the_server() {
    let home = tempdir().unwrap();
    let command = |grants: &[&str]| {
        let state = holm(["serve", "--addr", "127.0.0.1:0"]).args(grants).env("HOLM_STATE_DIR", home.path());
        start(state.guest("serve-kv.p2.wasm"))
    };
    let says = |server: &Server, path: &str| server.get(path).said().1.trim_end().to_owned();

    let refused = command(&[]);
    assert_eq!(refused.get("/get/a").said().0, 500);
    let first = command(&["--kv"]);
    assert_eq!(says(&first, "/get/a"), "(none)");
    assert_eq!(says(&first, "/set/a/1"), "ok");
    assert_eq!(says(&first, "/get/a"), "1");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..5).for_each(|_| assert_eq!(first.get("/increment/n/2").said().0, 200)));
        }
    });
    assert_eq!(says(&first, "/increment/n/0"), "40");
    assert_eq!(first.get("/get/a?bucket=other").said().0, 500, "only the store that was granted");
    first.signal(Signal::TERM);
    assert_eq!(first.ends().0, Some(0));
    let second = command(&["--kv"]);
    assert_eq!(says(&second, "/get/a"), "1");
}

#[test]
fn a_response_counts_as_delivered_however_its_end_is_known() {
    let server = serve(KITS[0], &[]);
    let mut client = server.client();
    assert_eq!(client.get("/length/4").said(), (200, "four"));
    assert_eq!(client.get("/status/204").head.status, 204);
    client.send("HEAD /counter HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert_eq!(client.head().unwrap().status, 200);
    assert_eq!(client.get("/counter").said(), (200, "1\n"));
    drop(client);
    server.signal(Signal::TERM);
    let (_, log) = server.ends();
    assert!(log.matches(" 200 ").count() + log.matches(" 204 ").count() == 4 && !log.contains("client="), "{log}");
}
