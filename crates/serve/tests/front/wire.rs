//! Clients that send bytes as they are.

use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::server::PATIENCE;

pub(crate) async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.unwrap()
}

/// Sends `bytes` and gives all that comes until the server closes.
pub(crate) async fn talk(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = connect(address).await;
    // The server may close before it has read everything.
    let _ = stream.write_all(bytes).await;
    rest(&mut stream).await
}

/// All that comes until the server closes. A reset is an end too.
pub(crate) async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    let read = async {
        let mut piece = [0; 4096];
        while let Ok(length @ 1..) = stream.read(&mut piece).await {
            bytes.extend_from_slice(&piece[..length]);
        }
    };
    timeout(PATIENCE, read).await.expect("the server closes the connection");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The status of the first response.
pub(crate) fn status(answer: &str) -> u16 {
    let status = answer.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5));
    status.and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("no response: {answer:?}"))
}

/// How many responses there are.
pub(crate) fn responses(answer: &str) -> usize {
    answer.matches("HTTP/1.").count()
}

/// Sends a request over a connection that stays open, and gives the response's body.
pub(crate) async fn get(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    read_response(stream).await
}

/// Reads one response with a length.
pub(crate) async fn read_response(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let read = async {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.expect("a response"));
        }
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        assert_eq!(status(&head.replace("http", "HTTP")), 200, "{head}");
        let (_, length) = head.split_once("content-length: ").expect("a length");
        let mut body = vec![0; length.split_once('\r').unwrap().0.parse().unwrap()];
        stream.read_exact(&mut body).await.unwrap();
        String::from_utf8(body).unwrap()
    };
    timeout(PATIENCE, read).await.expect("an answer")
}

/// A well-behaved client, which has one connection for all its requests.
pub(crate) struct Neighbour(TcpStream);

impl Neighbour {
    pub(crate) async fn of(address: SocketAddr) -> Self {
        let mut neighbour = Self(connect(address).await);
        neighbour.is_answered().await;
        neighbour
    }

    pub(crate) async fn is_answered(&mut self) {
        assert_eq!(get(&mut self.0, "/").await, "hello");
    }
}
