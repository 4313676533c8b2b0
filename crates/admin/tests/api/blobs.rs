//! Uploading guests.

use holm_admin::Digest;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::server::{MAX_BLOB, Server};

fn put(digest: impl std::fmt::Display) -> String {
    format!("PUT /v1/blobs/{digest} HTTP/1.1\r\nHost: x\r\n")
}

fn head(digest: &Digest) -> String {
    format!("HEAD /v1/blobs/{digest} HTTP/1.1\r\nHost: x\r\n")
}

#[tokio::test]
async fn a_guest_is_stored_once_and_then_known() {
    let server = Server::start().await;
    let digest = Digest::of(b"guest");
    let reply = server.unix(&head(&digest), b"").await;
    assert_eq!((reply.status, reply.body.as_str()), (404, ""));
    let reply = server.unix(&put(digest), b"guest").await;
    assert_eq!((reply.status, reply.json()), (201, json!({ "digest": digest, "size": 5 })));
    assert_eq!(server.unix(&put(digest), b"guest").await.status, 200);
    let reply = server.unix(&head(&digest), b"").await;
    assert_eq!(reply.status, 200);
    assert!(reply.head.contains("content-length: 5"), "{reply:?}");
    assert_eq!(server.store.read_blob(&digest).unwrap(), b"guest");
}

#[tokio::test]
async fn an_escaped_digest_is_the_same_digest() {
    let server = Server::start().await;
    let escaped = Digest::of(b"guest").to_string().replace(':', "%3A");
    assert_eq!(server.unix(&put(escaped), b"guest").await.status, 201);
}

#[tokio::test]
async fn bytes_with_another_digest_are_refused_and_leave_nothing() {
    let server = Server::start().await;
    let reply = server.unix(&put(Digest::of(b"right")), b"wrong").await;
    assert_eq!(reply.error(), (400, "wrong_digest".to_owned()));
    for dir in ["state/tmp", "state/blobs/sha256"] {
        assert_eq!(std::fs::read_dir(server.dir.path().join(dir)).unwrap().count(), 0, "{dir}");
    }
}

#[tokio::test]
async fn what_is_no_digest_is_refused() {
    let server = Server::start().await;
    for bad in ["sha256:..%2f..%2fx", "sha256:", "md5:00", &"0".repeat(64), &format!("sha256:{}", "A".repeat(64))] {
        assert_eq!(server.unix(&put(bad), b"x").await.error(), (400, "bad_request".to_owned()), "{bad}");
    }
}

#[tokio::test]
async fn a_guest_that_is_too_large_is_refused_with_and_without_a_length() {
    let server = Server::start().await;
    let bytes = vec![7; usize::try_from(MAX_BLOB).unwrap() + 1];
    let digest = Digest::of(&bytes);
    assert_eq!(server.unix(&put(digest), &bytes).await.error(), (413, "too_large".to_owned()));
    let head = format!("{}X-No: content-length\r\nTransfer-Encoding: chunked\r\n", put(digest));
    let mut chunked = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunked.extend_from_slice(&bytes);
    chunked.extend_from_slice(b"\r\n0\r\n\r\n");
    assert_eq!(server.unix(&head, &chunked).await.error(), (413, "too_large".to_owned()));
    assert_eq!(server.store.has_blob(&digest).unwrap(), None);

    let most = &bytes[1..];
    assert_eq!(server.unix(&put(Digest::of(most)), most).await.status, 201);
}

#[tokio::test]
async fn uploads_beyond_the_limit_are_told_to_come_back_and_those_cut_short_leave_nothing() {
    let server = Server::start().await;
    let digest = Digest::of(b"guest");
    let mut slow = Vec::new();
    for _ in 0..2 {
        let mut stream = UnixStream::connect(server.socket()).await.unwrap();
        // The interim answer says that the server has begun to read, and so that the place is taken.
        let head = format!("{}Content-Length: 5\r\nExpect: 100-continue\r\n\r\n", put(digest));
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut interim = [0; 25];
        stream.read_exact(&mut interim).await.unwrap();
        assert_eq!(&interim[..12], b"HTTP/1.1 100");
        slow.push(stream);
    }
    assert_eq!(server.unix(&put(digest), b"guest").await.error(), (503, "busy".to_owned()));
    drop(slow);
    while server.unix(&put(digest), b"guest").await.status == 503 {}
    assert_eq!(server.store.read_blob(&digest).unwrap(), b"guest");
    assert_eq!(std::fs::read_dir(server.dir.path().join("state/tmp")).unwrap().count(), 0);
}
