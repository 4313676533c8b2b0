//! A server that is out of files. A process of its own, because the limit is the process's.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use holm_serve::front::{Connection, Front, Limits, Listener, ListenerSpec, Local, RequestBody, Service};
use http::{Request, Response};
use http_body_util::Empty;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

struct Nothing;

impl Service for Nothing {
    type Body = Empty<Bytes>;

    async fn call(&self, _: Request<RequestBody>, _: &Arc<Connection>) -> Response<Empty<Bytes>> {
        Response::new(Empty::<Bytes>::new())
    }
}

#[tokio::test]
async fn a_server_out_of_files_warns_waits_and_accepts_again() {
    let warnings = Arc::<Mutex<Vec<String>>>::default();
    let to = Arc::clone(&warnings);
    let front =
        Front::new(Nothing, Limits::default()).on_warning(move |warning| to.lock().unwrap().push(warning.to_string()));
    let listener = Listener::bind(&ListenerSpec::new("127.0.0.1:0".parse().unwrap())).unwrap();
    let Local::Tcp(address) = *listener.local() else { unreachable!() };
    let counters = Arc::clone(front.counters());
    tokio::spawn(async move { front.serve(vec![listener], std::future::pending()).await });

    let mut neighbour = TcpStream::connect(address).await.unwrap();
    answered(&mut neighbour).await;
    // The client's end is made before there are no more, so that the server's is the one that fails.
    let waiting = tokio::net::TcpSocket::new_v4().unwrap();
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(0), ..limit }).unwrap();
    let mut waiting = waiting.connect(address).await.unwrap();
    while counters.accept_errors.load(Ordering::SeqCst) < 5 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    answered(&mut neighbour).await;
    setrlimit(Resource::Nofile, limit).unwrap();
    answered(&mut waiting).await;
    let warnings = warnings.lock().unwrap();
    assert!(warnings.len() < 5, "{warnings:?}");
    assert!(warnings[0].contains("no connection can be accepted") && warnings[0].contains("ulimit"), "{warnings:?}");
}

async fn answered(stream: &mut TcpStream) {
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut answer = [0; 15];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    let mut rest = vec![0; 1024];
    assert!(stream.read(&mut rest).await.unwrap() > 0);
}
