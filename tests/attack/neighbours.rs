//! One app under each of these, and another that keeps answering, while the server's memory stays bounded.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use crate::attack::{Attack, P2, P3, drain, get, hold};
use crate::server::{manifest, serve_all};

#[test]
fn an_app_in_endless_loops() {
    let bad = |stream: TcpStream| {
        get(&stream, "/loop");
        drain(&stream);
    };
    // All the requests it may have at once, and all that may wait.
    Attack { file: P2, limits: "", clients: 200, bad, memory: 256 }.besides();
}

#[test]
fn an_app_in_endless_loops_after_its_response_began() {
    let bad = |stream: TcpStream| {
        get(&stream, "/loop-after-head");
        drain(&stream);
    };
    Attack { file: P2, limits: "cpu = \"1h\"", clients: 200, bad, memory: 256 }.besides();
}

#[test]
fn an_app_that_takes_memory_without_end() {
    let bad = |stream: TcpStream| {
        get(&stream, "/grow");
        drain(&stream);
    };
    Attack { file: P2, limits: "memory = \"32MiB\"\nconcurrency = 8", clients: 16, bad, memory: 8 * 32 + 128 }
        .besides();
}

#[test]
fn an_app_that_has_the_host_keep_ever_more_for_it() {
    let headers = |stream: TcpStream| {
        get(&stream, "/hoard/headers");
        drain(&stream);
    };
    let names = |stream: TcpStream| {
        get(&stream, "/hoard/names");
        drain(&stream);
    };
    let fields = |stream: TcpStream| {
        get(&stream, "/hoard/fields");
        drain(&stream);
    };
    let responses = |stream: TcpStream| {
        get(&stream, "/hoard/responses");
        drain(&stream);
    };
    let attack = |file, bad: fn(TcpStream)| {
        let limits = "memory = \"32MiB\"\nconcurrency = 8";
        // What was freed is not all given back: small pieces lie scattered.
        Attack { file, limits, clients: 16, bad, memory: 2 * 8 * 32 }.besides();
    };
    attack(P2, headers);
    attack(P2, names);
    attack(P2, fields);
    attack(P3, responses);
}

#[test]
fn an_app_that_recurses_and_traps() {
    let bad = |stream: TcpStream| {
        get(&stream, "/recurse");
        drain(&stream);
    };
    Attack { file: P2, limits: "", clients: 32, bad, memory: 256 }.besides();
}

#[test]
fn an_app_that_fails_in_every_phase_or_answers_twice() {
    let bad = |stream: TcpStream| {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        const WAYS: [&str; 12] = [
            "/trap",
            "/trap-after-head",
            "/trap-after-body",
            "/loop-after-body",
            "/panic",
            "/exit/0",
            "/exit/7",
            "/no-response",
            "/error",
            "/twice",
            "/length-too-long",
            "/length-too-short",
        ];
        get(&stream, WAYS[NEXT.fetch_add(1, Relaxed) % WAYS.len()]);
        drain(&stream);
    };
    Attack { file: P2, limits: "cpu = \"500ms\"", clients: 64, bad, memory: 256 }.besides();
}

#[test]
fn an_app_that_floods_its_log() {
    let bad = |stream: TcpStream| {
        get(&stream, "/log/1000000");
        drain(&stream);
    };
    Attack { file: P2, limits: "", clients: 16, bad, memory: 128 }.besides();
}

#[test]
fn an_app_that_floods_a_log_that_nobody_reads() {
    let server = serve_all(&[
        manifest("bad", "serve-kit.p2.wasm", "routes = \"bad.example\""),
        manifest("good", "serve-kit.p2.wasm", "routes = \"good.example\""),
    ]);
    server.is_not_listened_to();
    let floods: Vec<TcpStream> = (0..8).map(|_| TcpStream::connect(server.address()).unwrap()).collect();
    floods.iter().for_each(|flood| get(flood, "/log/100000"));
    thread::sleep(Duration::from_secs(1));
    let mut client = server.client();
    client.send("GET /counter HTTP/1.1\r\nhost: good.example\r\n\r\n");
    assert_eq!(client.response().said(), (200, "1\n"));
}

#[test]
fn an_app_that_reads_no_bodies() {
    let bad = |mut stream: TcpStream| {
        let head = "POST /sleep/5000 HTTP/1.1\r\nhost: bad.example\r\ncontent-length: 67108864\r\n\r\n";
        let _ = stream.write_all(head.as_bytes());
        stream.set_write_timeout(Some(Duration::from_secs(2))).unwrap();
        let piece = [b'x'; 64 << 10];
        for _ in 0..1024 {
            if stream.write_all(&piece).is_err() {
                break;
            }
        }
        drain(&stream);
    };
    Attack { file: P2, limits: "", clients: 64, bad, memory: 256 }.besides();
}

#[test]
fn an_app_whose_clients_read_nothing() {
    let bad = |stream: TcpStream| {
        get(&stream, "/stream-forever");
        hold(&stream);
    };
    Attack { file: P2, limits: "", clients: 100, bad, memory: 256 }.besides();
}

#[test]
fn an_app_whose_clients_read_slowly() {
    let bad = |mut stream: TcpStream| {
        get(&stream, "/large/65536");
        let mut some = [0; 512];
        for _ in 0..100 {
            if !matches!(stream.read(&mut some), Ok(1..)) {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
    };
    // Not 100: until the sockets' buffers are full, each holds a thread for longer than an endless loop does.
    Attack { file: P2, limits: "", clients: 32, bad, memory: 256 }.besides();
}

#[test]
fn an_app_whose_clients_come_and_go() {
    let bad = |mut stream: TcpStream| {
        get(&stream, "/stream-forever");
        let _ = stream.read(&mut [0; 512]);
    };
    Attack { file: P2, limits: "", clients: 32, bad, memory: 256 }.besides();
}
