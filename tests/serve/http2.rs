//! A request over HTTP/2, by prior knowledge.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use tokio::net::TcpStream;

/// A response over HTTP/2.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) body: String,
    pub(crate) trailers: HeaderMap,
    /// It came to its end, and was not reset.
    pub(crate) whole: bool,
}

/// Sends `body` with `trailers` to `path`, and takes the response.
pub(crate) fn exchange(address: SocketAddr, path: &str, body: &'static str, trailers: HeaderMap) -> Answered {
    try_exchange(address, path, body, trailers).unwrap()
}

/// Likewise, where the request may be reset before it is answered.
pub(crate) fn try_exchange(
    address: SocketAddr,
    path: &str,
    body: &'static str,
    trailers: HeaderMap,
) -> Result<Answered, h2::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stream = TcpStream::connect(address).await.unwrap();
        let (requests, connection) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        let request = Request::post(format!("http://{address}{path}")).body(()).unwrap();
        let (response, mut sending) = requests.ready().await.unwrap().send_request(request, false).unwrap();
        sending.send_data(Bytes::from_static(body.as_bytes()), false).unwrap();
        sending.send_trailers(trailers).unwrap();
        Ok(taken(response.await?).await)
    })
}

/// Begins to send a body to `path`, and gives up once the response has begun.
pub(crate) fn reset_upload(address: SocketAddr, path: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stream = TcpStream::connect(address).await.unwrap();
        let (requests, connection) = h2::client::handshake(stream).await.unwrap();
        let connection = tokio::spawn(connection);
        let request = Request::post(format!("http://{address}{path}")).body(()).unwrap();
        let mut requests = requests.ready().await.unwrap();
        let (response, mut sending) = requests.send_request(request, false).unwrap();
        sending.send_data(Bytes::from_static(b"first"), false).unwrap();
        assert_eq!(response.await.unwrap().status(), 200);
        sending.send_reset(h2::Reason::CANCEL);
        drop((sending, requests));
        let _ = connection.await;
    });
}

async fn taken(response: http::Response<h2::RecvStream>) -> Answered {
    let status = response.status();
    let mut stream = response.into_body();
    let (mut body, mut whole) = (Vec::new(), true);
    while let Some(data) = stream.data().await {
        match data {
            Ok(data) => {
                stream.flow_control().release_capacity(data.len()).unwrap();
                body.extend_from_slice(&data);
            }
            Err(_) => {
                whole = false;
                break;
            }
        }
    }
    let trailers = if whole { stream.trailers().await.unwrap().unwrap_or_default() } else { HeaderMap::new() };
    Answered { status, body: String::from_utf8(body).unwrap(), trailers, whole }
}
