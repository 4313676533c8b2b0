//! What the front adds to hyper: CPU time of the serving thread per request, for hyper's bare HTTP/1 server and for the
//! front, with tiny requests over keep-alive connections. Says something in an optimised build only.
#![allow(clippy::unwrap_used)]

use std::convert::Infallible;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use holm_serve::front::{Connection, Front, Limits, Listener, ListenerSpec, Local, RequestBody, Service};
use http::{Request, Response};
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustix::time::{ClockId, clock_gettime};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

const CONNECTIONS: usize = 32;
const REQUESTS: usize = 6_000;
const ROUNDS: usize = 9;

struct Hello;

impl Service for Hello {
    type Body = Full<Bytes>;

    async fn call(&self, _: Request<RequestBody>, _: &Arc<Connection>) -> Response<Full<Bytes>> {
        hello()
    }
}

fn hello() -> Response<Full<Bytes>> {
    Response::new(Full::new(Bytes::from_static(b"hello")))
}

async fn front(done: impl FnOnce(SocketAddr) -> oneshot::Receiver<()>) {
    let listener = Listener::bind(&ListenerSpec::new("127.0.0.1:0".parse().unwrap())).unwrap();
    let Local::Tcp(address) = *listener.local() else { unreachable!() };
    let done = done(address);
    Front::new(Hello, Limits::default()).serve(vec![listener], async { drop(done.await) }).await.unwrap();
}

async fn bare(done: impl FnOnce(SocketAddr) -> oneshot::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut done = done(listener.local_addr().unwrap());
    loop {
        let (stream, _) = tokio::select! { accepted = listener.accept() => accepted.unwrap(), _ = &mut done => return };
        stream.set_nodelay(true).unwrap();
        let service = service_fn(|_| async { Ok::<_, Infallible>(hello()) });
        tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

/// Asks over all connections in turn, and then says that it is done.
fn load(address: SocketAddr) -> oneshot::Receiver<()> {
    let (done, is_done) = oneshot::channel();
    std::thread::spawn(move || {
        let mut streams: Vec<_> = (0..CONNECTIONS).map(|_| TcpStream::connect(address).unwrap()).collect();
        let mut answer = [0; 1024];
        for _ in 0..REQUESTS {
            for stream in &mut streams {
                stream
                    .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: cost\r\nAccept: */*\r\n\r\n")
                    .unwrap();
            }
            for stream in &mut streams {
                assert!(stream.read(&mut answer).unwrap() > 0);
            }
        }
        drop((streams, done));
    });
    is_done
}

fn cost<F: Future<Output = ()>>(serve: impl FnOnce(fn(SocketAddr) -> oneshot::Receiver<()>) -> F) -> Duration {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let now = || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap();
    let before = now();
    runtime.block_on(serve(load));
    (now() - before) / u32::try_from(CONNECTIONS * REQUESTS).unwrap()
}

fn main() {
    let rounds: Vec<_> = (0..ROUNDS).map(|_| (cost(bare), cost(front))).collect();
    // Whatever else the machine does only ever adds.
    let (hyper, front) = (rounds.iter().map(|round| round.0).min(), rounds.iter().map(|round| round.1).min());
    println!("hyper: {:?} a request, the front: {:?}", hyper.unwrap(), front.unwrap());
}
