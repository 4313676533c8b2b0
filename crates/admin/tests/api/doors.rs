//! Who may come in, and from where.

use std::os::unix::fs::PermissionsExt;

use holm_admin::api::{ListenError, Listener, Reach, Token};

use crate::server::{Server, TOKEN};

fn error(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn over_tcp_everything_but_the_probes_wants_the_token() {
    let server = Server::start().await;
    let get = async |path: &str, authorization: &str| {
        server.tcp(&format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{authorization}"), b"").await
    };
    for path in ["/healthz", "/readyz"] {
        assert_eq!(get(path, "").await.status, 200);
    }
    let wrong = [
        String::new(),
        "Authorization: Bearer\r\n".to_owned(),
        "Authorization: Bearer \r\n".to_owned(),
        format!("Authorization: Bearer {TOKEN}0\r\n"),
        format!("Authorization: Bearer {}\r\n", &TOKEN[1..]),
        format!("Authorization: Basic {TOKEN}\r\n"),
        format!("Authorization: {TOKEN}\r\n"),
        format!("Authorization: Bearer {TOKEN}\r\nAuthorization: Bearer {TOKEN}\r\n"),
    ];
    for wrong in &wrong {
        for path in ["/v1/apps", "/metrics", "/v1/openapi.json", "/nothing"] {
            let reply = get(path, wrong).await;
            assert_eq!(reply.error(), error(401, "unauthorized"), "{wrong}");
            assert!(reply.head.contains("www-authenticate: bearer"));
        }
    }
    assert_eq!(get("/v1/apps", &format!("Authorization: Bearer {TOKEN}\r\n")).await.status, 200);
    assert_eq!(get("/v1/apps", &format!("authorization: bearer {TOKEN}\r\n")).await.status, 200);
}

#[tokio::test]
async fn web_pages_get_nothing() {
    let server = Server::start().await;
    let token = format!("Authorization: Bearer {TOKEN}\r\n");
    for header in
        ["Origin: http://127.0.0.1", "Origin: null", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-origin"]
    {
        let head = format!("GET /v1/apps HTTP/1.1\r\nHost: localhost\r\n{token}{header}\r\n");
        assert_eq!(server.tcp(&head, b"").await.error(), error(403, "forbidden"), "{header}");
        assert_eq!(server.unix(&head, b"").await.error(), error(403, "forbidden"), "{header}");
    }
}

#[tokio::test]
async fn a_name_that_resolves_to_this_machine_is_not_this_machine() {
    let server = Server::start().await;
    let get = async |uri: &str, host: &str| {
        server.tcp(&format!("GET {uri} HTTP/1.1\r\n{host}Authorization: Bearer {TOKEN}\r\n"), b"").await
    };
    for host in ["Host: evil.example\r\n", "Host: localhost.evil.example:80\r\n", "Host: 127.0.0.1.nip.io\r\n"] {
        assert_eq!(get("/healthz", host).await.error(), error(403, "forbidden"), "{host}");
    }
    assert_eq!(get("http://evil.example/healthz", "Host: localhost\r\n").await.error(), error(403, "forbidden"));
    for hosts in ["", "Host: localhost\r\nHost: evil.example\r\n"] {
        assert_eq!(get("/healthz", hosts).await.status, 400, "{hosts}");
    }
    for host in ["localhost", "LOCALHOST:7070", "127.0.0.1:1", "[::1]:7070", "10.0.0.7"] {
        assert_eq!(get("/healthz", &format!("Host: {host}\r\n")).await.status, 200, "{host}");
    }
}

#[tokio::test]
async fn the_socket_is_for_its_owner_alone_and_goes_with_the_server() {
    let mut server = Server::start().await;
    let mode = std::fs::metadata(server.socket()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    server.stop().await;
    assert!(!server.socket().exists());
}

#[tokio::test]
async fn a_socket_in_use_is_not_taken_over_and_one_left_over_is() {
    let server = Server::start().await;
    let error = Listener::unix(&server.socket()).err().unwrap();
    assert!(matches!(error, ListenError::InUse(_)), "{error}");

    let left = server.dir.path().join("left.sock");
    drop(std::os::unix::net::UnixListener::bind(&left).unwrap());
    assert!(left.exists());
    Listener::unix(&left).unwrap();

    let file = crate::server::write(server.dir.path(), "file", b"precious");
    assert!(matches!(Listener::unix(&file).err().unwrap(), ListenError::NoSocket(_)));
    let long = server.dir.path().join("x".repeat(120));
    assert!(Listener::unix(&long).is_err());
}

#[tokio::test]
async fn other_machines_are_let_in_only_when_that_was_asked_for() {
    let any = "0.0.0.0:0".parse().unwrap();
    let token = || Token::new(TOKEN).unwrap();
    let error = Listener::tcp(any, token(), Reach::Loopback).await.err().unwrap();
    assert!(matches!(error, ListenError::NotLoopback(_)), "{error}");
    Listener::tcp(any, token(), Reach::Network).await.unwrap();
}

#[tokio::test]
async fn methods_that_a_path_has_not_are_refused_with_those_it_has() {
    let server = Server::start().await;
    let reply = server.json("POST", "/v1/apps/shop", "{}").await;
    assert_eq!(reply.error(), error(405, "method_not_allowed"));
    assert!(reply.head.contains("allow: get, put, delete"), "{reply:?}");
    assert_eq!(server.json("PATCH", "/healthz", "").await.status, 405);
}

#[tokio::test]
async fn query_parameters_that_are_unknown_or_wrong_are_named() {
    let server = Server::start().await;
    server.json("PUT", "/v1/apps/shop", r#"{"manifest": "one"}"#).await;
    for query in ["folow=true", "follow=yes", "since=yesterday", "since=1m&since=2m", "follow"] {
        let reply = server.get(&format!("/v1/apps/shop/logs?{query}")).await;
        assert_eq!(reply.error(), error(400, "bad_request"), "{query}");
    }
    assert_eq!(server.get("/v1/apps?page=2").await.error(), error(400, "bad_request"));
}

#[tokio::test]
async fn a_server_that_is_not_ready_says_why() {
    let server = Server::start().await;
    assert_eq!(server.get("/readyz").await.status, 200);
    assert_eq!(server.json("POST", "/v1/reload", "").await.status, 204);
    *server.backend.unready.lock().unwrap() = Some("draining".to_owned());
    let reply = server.get("/readyz").await;
    assert_eq!(reply.error(), error(503, "not_ready"));
    assert!(reply.body.contains("draining"));
    let reply = server.json("POST", "/v1/reload", "").await;
    assert_eq!(reply.error(), error(422, "rejected"));
    assert_eq!(server.get("/healthz").await.status, 200);
}
