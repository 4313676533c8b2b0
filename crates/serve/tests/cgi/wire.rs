//! Over real sockets.

use std::sync::Arc;

use bytes::Bytes;
use holm_abi::{Body, Exchange, HttpHandler as _};
use holm_serve::cgi::Cgi;
use holm_serve::front::{Connection, Front, Limits, Listener, ListenerSpec, RequestBody, Service};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::program::{cgi, text};

/// The front with nothing but one program behind it.
struct Only(Cgi);

impl Service for Only {
    type Body = Body;

    async fn call(&self, request: Request<RequestBody>, connection: &Arc<Connection>) -> Response<Body> {
        let request = request.map(|body| body.map_err(Into::into).boxed_unsync());
        let exchange = Exchange { peer: connection.peer, ..Exchange::default() };
        self.0.handle(request, exchange).await.unwrap_or_else(|error| {
            let mut response = Response::new(text(Bytes::from(error.to_string())));
            *response.status_mut() = StatusCode::BAD_GATEWAY;
            response
        })
    }
}

/// Everything that comes back for these bytes.
async fn exchange(request: &str) -> String {
    let listener = Listener::bind(&ListenerSpec::new("127.0.0.1:0".parse().unwrap())).unwrap();
    let address = listener.url().strip_prefix("http://").unwrap().trim_end_matches('/').to_owned();
    let front = Front::new(Only(cgi()), Limits::default());
    let served = tokio::spawn(async move { front.serve(vec![listener], std::future::pending()).await });
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A response that is cut off may reset the connection.
    let _ = stream.read_to_end(&mut answer).await;
    served.abort();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_chunked_request_is_echoed() {
    let answer = exchange(
        "POST /?echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: text/x\r\nTransfer-Encoding: chunked\r\n\
         \r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\ncontent-type: text/x\r\n"), "{answer}");
    assert!(answer.contains("abcdefg"), "{answer}");
    assert!(answer.ends_with("\r\n0\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn the_program_knows_its_client() {
    let answer = exchange("GET /?env HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(answer.contains("REMOTE_ADDR=127.0.0.1\n") && answer.contains("CONTENT_LENGTH=0\n"), "{answer}");
}

#[tokio::test]
async fn a_response_that_is_cut_does_not_look_whole() {
    let answer = exchange("GET /?trap HTTP/1.1\r\nHost: a\r\n\r\n").await;
    // As much of it as was sent before the program failed, which may be nothing.
    assert!(!answer.ends_with("0\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn a_head_request_gets_no_body() {
    let answer = exchange("HEAD /?env HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
    assert!(!answer.contains("REQUEST_METHOD"), "{answer}");
}
