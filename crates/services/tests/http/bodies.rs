use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use holm_services::http_client::{HttpError, Options};
use http::{HeaderMap, Request};
use http_body_util::channel::Channel;
use http_body_util::{BodyExt, Full};
use tokio::io::AsyncWriteExt;

use crate::server::{accept, answers, read_head, reply, serve};
use crate::{ANYWHERE, client, fetch, text};

#[tokio::test]
async fn bodies_stream_both_ways_at_once() {
    // An echo: the answer starts before the question has ended.
    let server = serve(|request| async {
        let body = request.into_body().map_err(|_| unreachable!());
        http::Response::new(body.boxed_unsync())
    })
    .await;
    let (mut sender, body) = Channel::<Bytes, Infallible>::new(1);
    let request = Request::post(server.uri()).body(body).unwrap();
    let response = client().send(request, &ANYWHERE, &Options::default()).await.unwrap();
    let mut body = response.into_body();
    for text in ["one", "two", "three"] {
        sender.send_data(Bytes::from(text)).await.unwrap();
        let frame = body.frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), text);
    }
    drop(sender);
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn a_large_body_arrives_whole() {
    let server = serve(|request| async {
        let length = request.into_body().collect().await.unwrap().to_bytes().len();
        reply(vec![b'x'; length])
    })
    .await;
    let body = Full::new(Bytes::from(vec![0; 5_000_000]));
    let request = Request::post(server.uri()).body(body).unwrap();
    let response = client().send(request, &ANYWHERE, &Options::default()).await.unwrap();
    assert_eq!(text(response).await.unwrap().len(), 5_000_000);
}

#[tokio::test]
async fn trailers_arrive() {
    let answer = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n\
        2\r\nhi\r\n0\r\nx-sum: 7\r\n\r\n";
    let response = fetch(&client(), answers(answer).await.uri()).await.unwrap();
    let collected = response.into_body().collect().await.unwrap();
    assert_eq!(collected.trailers().unwrap()["x-sum"], "7");
}

#[tokio::test]
async fn headers_about_the_connection_stay_behind() {
    let server = serve(|request| async move {
        let mut names: Vec<_> = request.headers().keys().map(ToString::to_string).collect();
        names.sort();
        reply(format!("{} {}", request.headers()["host"].to_str().unwrap(), names.join(" ")))
    })
    .await;
    let mut request = crate::get(server.uri());
    for (name, value) in [
        ("host", "elsewhere.example"),
        ("connection", "keep-alive, x-secret"),
        ("x-secret", "1"),
        ("x-kept", "1"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "websocket"),
        ("te", "trailers"),
    ] {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    let response = client().send(request, &ANYWHERE, &Options::default()).await.unwrap();
    assert_eq!(text(response).await.unwrap(), format!("{} host x-kept", server.address));

    let options = Options { authority: Some("front.example".parse().unwrap()), ..Options::default() };
    let response = client().send(crate::get(server.uri()), &ANYWHERE, &options).await.unwrap();
    assert_eq!(text(response).await.unwrap(), "front.example host");

    // The client's own, for whoever passes trailers on.
    let options = Options { trailers: true, ..Options::default() };
    let response = client().send(crate::get(server.uri()), &ANYWHERE, &options).await.unwrap();
    assert_eq!(text(response).await.unwrap(), format!("{} connection host te", server.address));
}

#[tokio::test]
async fn the_request_bodys_own_error_comes_back() {
    let server = serve(|request| async {
        let _ = request.into_body().collect().await;
        reply("")
    })
    .await;
    let (sender, body) = Channel::<Bytes, std::io::Error>::new(1);
    sender.abort(std::io::Error::other("guest trapped"));
    let request = Request::post(server.uri()).body(body).unwrap();
    match client().send(request, &ANYWHERE, &Options::default()).await.unwrap_err() {
        HttpError::RequestBody(own) => assert_eq!(own.to_string(), "guest trapped"),
        error => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn a_response_shorter_than_its_content_length_is_incomplete() {
    let server = answers(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort").await;
    let response = fetch(&client(), server.uri()).await.unwrap();
    assert!(matches!(text(response).await, Err(HttpError::HttpResponseIncomplete)));
}

#[tokio::test]
async fn what_follows_a_response_is_not_taken_for_the_next() {
    let server =
        answers(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil")
            .await;
    let client = client();
    for _ in 0..2 {
        let response = fetch(&client, server.uri()).await.unwrap();
        assert_eq!(text(response).await.unwrap(), "hi");
        crate::settle().await;
    }
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_server_that_closes_before_or_within_the_header_section_fails_the_request() {
    for part in [&b""[..], b"HTTP/1.1 200 OK\r\ncontent-le"] {
        let server = answers(part).await;
        let error = fetch(&client(), server.uri()).await.unwrap_err();
        assert!(matches!(error, HttpError::HttpResponseIncomplete), "{part:?}: {error:?}");
    }
}

#[tokio::test]
async fn a_chunked_response_cut_off_is_incomplete() {
    let server = answers(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\nhi").await;
    let response = fetch(&client(), server.uri()).await.unwrap();
    assert!(matches!(text(response).await, Err(HttpError::HttpResponseIncomplete)));
}

#[tokio::test]
async fn what_is_not_http_is_a_protocol_error() {
    for answer in [&b"SSH-2.0-OpenSSH_9.9\r\n\r\n"[..], b"HTTP/1.1 999999 No\r\n\r\n"] {
        let error = fetch(&client(), answers(answer).await.uri()).await.unwrap_err();
        assert!(matches!(error, HttpError::HttpProtocolError(_)), "{error:?}");
    }
}

#[tokio::test]
async fn an_endless_header_section_is_refused() {
    let server = accept(|mut stream| async move {
        read_head(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
        let line = format!("x: {}\r\n", "y".repeat(10_000));
        while stream.write_all(line.as_bytes()).await.is_ok() {}
    })
    .await;
    let client = client();
    let answer = tokio::time::timeout(Duration::from_secs(10), fetch(&client, server.uri()));
    let error = answer.await.unwrap().unwrap_err();
    assert!(matches!(error, HttpError::HttpResponseHeaderSectionSize), "{error:?}");
}

#[tokio::test]
async fn request_trailers_are_sent() {
    let server = serve(|request| async {
        let collected = request.into_body().collect().await.unwrap();
        reply(collected.trailers().unwrap()["x-sum"].as_bytes().to_vec())
    })
    .await;
    let trailers = HeaderMap::from_iter([("x-sum".parse().unwrap(), "7".parse().unwrap())]);
    let (mut sender, body) = Channel::<Bytes, Infallible>::new(2);
    sender.send_data(Bytes::from("hi")).await.unwrap();
    sender.send_trailers(trailers).await.unwrap();
    drop(sender);
    let request = Request::post(server.uri()).header("trailer", "x-sum").body(body).unwrap();
    let response = client().send(request, &ANYWHERE, &Options::default()).await.unwrap();
    assert_eq!(text(response).await.unwrap(), "7");
}
