//! A gRPC service: `/holm.test.Echo/Echo` sends back each message, `Fail` fails, `Slow` never answers.

use std::net::SocketAddr;
use std::thread;

use bytes::Bytes;
use h2::server::SendResponse;
use http::{HeaderMap, HeaderValue, Request, Response};
use tokio::net::TcpListener;

/// Answers until the process ends.
pub(crate) fn start() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut connection = h2::server::handshake(stream).await?;
                    while let Some(call) = connection.accept().await {
                        let (request, respond) = call?;
                        tokio::spawn(answer(request, respond));
                    }
                    Ok::<_, h2::Error>(())
                });
            }
        });
    });
    address
}

async fn answer(request: Request<h2::RecvStream>, mut respond: SendResponse<Bytes>) -> Result<(), h2::Error> {
    let method = request.uri().path().rsplit('/').next().unwrap_or_default().to_owned();
    if method == "Slow" {
        return std::future::pending().await;
    }
    assert_eq!(request.headers()["x-kit"], "grpc");
    let head = Response::builder().header("content-type", "application/grpc").header("x-initial", "yes");
    let mut body = respond.send_response(head.body(()).unwrap(), false)?;
    let mut trailers = HeaderMap::new();
    trailers.insert("x-trailing", HeaderValue::from_static("yes"));
    if method == "Fail" {
        trailers.insert("grpc-status", HeaderValue::from_static("5"));
        trailers.insert("grpc-message", HeaderValue::from_static("nothing here"));
        return body.send_trailers(trailers);
    }
    let mut from = request.into_body();
    while let Some(data) = from.data().await {
        // Messages are small, and the frame of each goes back as it is.
        let data = data?;
        from.flow_control().release_capacity(data.len())?;
        body.send_data(data, false)?;
    }
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    body.send_trailers(trailers)
}
