//! Connections of guests to elsewhere, and how many of them there may be.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use crate::client::Client;
use crate::server::{Server, manifest, serve_all};
use crate::support::PATIENCE;

const P2: &str = "serve-kit.p2.wasm";
const P3: &str = "serve-kit.p3.wasm";

/// Somewhere that takes connections, says nothing, and gives them to whoever wants to see them.
struct Elsewhere {
    address: SocketAddr,
    taken: Receiver<TcpStream>,
}

impl Elsewhere {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (give, taken) = channel();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                if give.send(stream.unwrap()).is_err() {
                    return;
                }
            }
        });
        Self { address, taken }
    }

    fn next(&self) -> TcpStream {
        let stream = self.taken.recv_timeout(PATIENCE).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// A server whose guest may connect here, so many times at once.
    fn serve(&self, file: &str, connections: u64) -> Server {
        let grants = format!("[grants]\nnet = \"{0}\"\nhttp = \"http://{0}\"\n", self.address);
        serve_all(&[manifest("kit", file, &format!("{grants}[limits]\nconnections = {connections}"))])
    }
}

/// Answers a request.
fn says_hi(mut stream: TcpStream) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        assert_eq!(stream.read(&mut byte).unwrap(), 1);
        request.extend(byte);
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").unwrap();
}

/// Has a guest open connections, and keep them until this is dropped.
#[track_caller]
fn opens(server: &Server, path: &str, says: &str) -> Client<TcpStream> {
    let mut client = server.client();
    client.send(format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n"));
    assert_eq!((client.head().unwrap().status, client.chunk().unwrap().trim_end()), (200, says));
    client
}

#[test]
fn all_instances_of_a_guest_have_their_connections_together() {
    let elsewhere = Elsewhere::new();
    let server = elsewhere.serve(P2, 3);
    let to = |count| format!("/tcp/{count}?to={}", elsewhere.address);
    let first = opens(&server, &to(2), "opened 2");
    let second = opens(&server, &to(2), "opened 1, then new-socket-limit");
    opens(&server, "/udp/1", "opened 0, then new-socket-limit");
    drop(first);
    // Its connections end with its instance.
    for _ in 0..2 {
        assert_eq!(elsewhere.next().read(&mut [0]).unwrap(), 0);
    }
    let third = opens(&server, &to(1), "opened 1");
    opens(&server, "/udp/2", "opened 1, then new-socket-limit");
    drop((second, third));
}

#[test]
fn a_stream_that_outlives_its_socket_is_still_a_connection() {
    let elsewhere = Elsewhere::new();
    let server = elsewhere.serve(P3, 3);
    let path = format!("/tcp/9?to={}", elsewhere.address);
    for _ in 0..3 {
        let response = server.get(&path);
        assert_eq!(response.said(), (200, "opened 3, then ErrorCode::Other(Some(\"new-socket-limit\"))\n"));
    }
    assert_eq!(server.get(&format!("/tcp/3?to={}", elsewhere.address)).said(), (200, "opened 3\n"));
}

#[test]
fn requests_to_elsewhere_count_with_sockets() {
    let elsewhere = Elsewhere::new();
    let server = elsewhere.serve(P2, 2);
    let fetch = format!("/fetch/300?url=http://{}/", elsewhere.address);
    let socket = opens(&server, &format!("/tcp/1?to={}", elsewhere.address), "opened 1");
    elsewhere.next();
    thread::scope(|scope| {
        let answered = scope.spawn(|| server.get(&fetch));
        let upstream = elsewhere.next();
        let refused = server.get(&fetch);
        assert_eq!(refused.said(), (502, "ErrorCode::ConnectionLimitReached\n"));
        opens(&server, &format!("/tcp/1?to={}", elsewhere.address), "opened 0, then new-socket-limit");
        says_hi(upstream);
        assert_eq!(answered.join().unwrap().said(), (200, "hi"));
    });
    drop(socket);
}

#[test]
fn a_socket_that_is_closed_lets_a_request_that_waits_go_on() {
    let elsewhere = Elsewhere::new();
    let server = elsewhere.serve(P2, 1);
    let socket = opens(&server, &format!("/tcp/1?to={}", elsewhere.address), "opened 1");
    elsewhere.next();
    thread::scope(|scope| {
        let waits = scope.spawn(|| server.get(&format!("/fetch/60000?url=http://{}/", elsewhere.address)));
        // Whether it waits already or not, there is nothing else for it to have.
        thread::sleep(Duration::from_millis(200));
        drop(socket);
        says_hi(elsewhere.next());
        assert_eq!(waits.join().unwrap().said(), (200, "hi"));
    });
}
