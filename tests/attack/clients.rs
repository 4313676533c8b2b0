//! Clients that are up to no good, and another app that keeps answering.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use crate::attack::{Attack, P2, drain};

/// How long one slow client goes on.
const SLOW: Duration = Duration::from_secs(5);

fn attack(clients: usize, bad: fn(TcpStream)) {
    Attack { file: P2, limits: "", clients, bad, memory: 256 }.besides();
}

/// Sends what it can: the server may have had enough.
fn send(mut stream: &TcpStream, bytes: impl AsRef<[u8]>) {
    let _ = stream.write_all(bytes.as_ref());
}

/// Sends a byte now and then.
fn trickle(mut stream: &TcpStream, bytes: &[u8]) {
    let until = Instant::now() + SLOW;
    for byte in bytes.iter().cycle() {
        if Instant::now() > until || stream.write_all(&[*byte]).is_err() {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// Sends one of these, whichever comes next, and takes what comes back.
fn one_of(stream: &TcpStream, next: &AtomicUsize, requests: &[Vec<u8>]) {
    send(stream, &requests[next.fetch_add(1, Relaxed) % requests.len()]);
    drain(stream);
}

#[test]
fn heads_that_come_slowly() {
    attack(300, |stream| {
        send(&stream, "GET / HTTP/1.1\r\nhost: bad.example\r\n");
        trickle(&stream, b"x-slow: very\r\n");
    });
}

#[test]
fn bodies_that_come_slowly() {
    // All that the app takes at once, and all that wait.
    attack(220, |stream| {
        send(&stream, "POST /count HTTP/1.1\r\nhost: bad.example\r\ncontent-length: 1000000\r\n\r\n");
        trickle(&stream, b"x");
    });
}

#[test]
fn a_thousand_connections_without_a_request() {
    attack(1000, |mut stream| {
        stream.set_read_timeout(Some(SLOW)).unwrap();
        let _ = stream.read(&mut [0]);
    });
}

#[test]
fn heads_without_measure() {
    attack(32, |stream| {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let head = |target: &str, headers: &str| {
            format!("GET {target} HTTP/1.1\r\nhost: bad.example\r\nconnection: close\r\n{headers}\r\n").into_bytes()
        };
        let requests = [
            head("/counter", &format!("x-long: {}\r\n", "x".repeat(64 << 10))),
            head(&format!("/{}", "x".repeat(64 << 10)), ""),
            head(&format!("/?{}", "x".repeat(64 << 10)), ""),
            head("/counter", &(0..200).map(|number| format!("x-{number}: x\r\n")).collect::<String>()),
            head("/counter", &format!("x-many: {}\r\n", "x".repeat(500)).repeat(100)),
            head("/counter", &format!("{}: x\r\n", "x".repeat(60 << 10))),
            head("/counter", &"x: y\r\n".repeat(100_000)),
        ];
        one_of(&stream, &NEXT, &requests);
    });
}

#[test]
fn requests_that_can_be_read_in_two_ways() {
    attack(32, |stream| {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let smuggled = "GET /loop HTTP/1.1\r\nhost: good.example\r\n\r\n";
        let post = |headers: &str, body: &str| {
            format!("POST /echo HTTP/1.1\r\nhost: bad.example\r\n{headers}\r\n\r\n{body}{smuggled}").into_bytes()
        };
        let requests = [
            post("content-length: 5\r\ncontent-length: 6", "hello"),
            post("content-length: 5, 6", "hello"),
            post("content-length: +5", "hello"),
            post("content-length: -5", "hello"),
            post("content-length: 0x5", "hello"),
            post("content-length: 99999999999999999999", "hello"),
            post("content-length: 5\r\ntransfer-encoding: chunked", "0\r\n\r\n"),
            post("transfer-encoding: chunked\r\ntransfer-encoding: identity", "0\r\n\r\n"),
            post("transfer-encoding: xchunked", "0\r\n\r\n"),
            post("transfer-encoding: chunked", "-5\r\nhello\r\n0\r\n\r\n"),
            post("transfer-encoding: chunked", "5;\nhello\r\n0\r\n\r\n"),
            post("transfer-encoding: chunked", "ffffffffffffffff1\r\nhello"),
            post("x-folded: one\r\n two\r\ncontent-length: 5", "hello"),
            post("content-length : 5", "hello"),
        ];
        one_of(&stream, &NEXT, &requests);
    });
}

/// A frame of HTTP/2 (RFC 9113, section 4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;
const END_STREAM: u8 = 1;
/// `:method: GET`, `:scheme: http`, `:path: /` from the static table (RFC 7541, appendix A), `:authority` written out.
const HEAD: &[u8] = b"\x82\x86\x84\x41\x0bbad.example";

fn http2(stream: &TcpStream) {
    send(stream, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    send(stream, frame(SETTINGS, 0, 0, &[]));
}

/// Sends these frames again and again, until the server has had enough or it was long enough.
fn flood(mut stream: &TcpStream, mut frames: impl FnMut(u32) -> Vec<u8>) {
    let until = Instant::now() + SLOW;
    for number in 0.. {
        if Instant::now() > until || stream.write_all(&frames(2 * number + 1)).is_err() {
            return;
        }
    }
}

#[test]
fn over_http2_requests_that_are_reset_at_once() {
    attack(16, |stream| {
        http2(&stream);
        flood(&stream, |id| {
            let request = frame(HEADERS, END_HEADERS | END_STREAM, id, HEAD);
            [request, frame(RESET, 0, id, &8_u32.to_be_bytes())].concat()
        });
    });
}

#[test]
fn over_http2_a_head_that_does_not_end() {
    attack(16, |stream| {
        http2(&stream);
        send(&stream, frame(HEADERS, END_STREAM, 1, HEAD));
        flood(&stream, |_| frame(CONTINUATION, 0, 1, &[b"\x00\x01x\x7f\x81\x01".as_slice(), &[b'x'; 256]].concat()));
    });
}

#[test]
fn over_http2_a_small_head_that_unpacks_to_a_large_one() {
    attack(16, |stream| {
        http2(&stream);
        // One entry of the dynamic table with 4000 bytes, and then one byte for each time it is meant again.
        let entry = [b"\x40\x01x\x7f\xa1\x1e".as_slice(), &[b'x'; 4000]].concat();
        flood(&stream, |id| {
            let head = [HEAD, &entry, &[0xbe; 8000]].concat();
            frame(HEADERS, END_HEADERS | END_STREAM, id, &head)
        });
    });
}

#[test]
fn over_http2_pings_and_settings_without_end() {
    attack(16, |stream| {
        http2(&stream);
        // Nobody takes the answers.
        flood(&stream, |_| [frame(PING, 0, 0, &[0; 8]), frame(SETTINGS, 0, 0, &[])].concat().repeat(100));
    });
}
