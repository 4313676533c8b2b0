//! Deploying, rolling back, removing.

use std::time::Duration;

use serde_json::json;

use crate::server::{Server, name};

fn error(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn a_deploy_is_stored_and_served_and_so_is_the_next() {
    let server = Server::start().await;
    let digest = server.upload(b"guest").await;
    let body = json!({ "manifest": "one", "guests": { "a.wasm": digest }, "notes": "the first" }).to_string();
    let reply = server.json("PUT", "/v1/apps/shop", &body).await;
    assert_eq!((reply.status, reply.json()), (201, json!({ "name": "shop", "version": 1 })));
    assert_eq!(server.active("shop"), Some(("one".to_owned(), 1)));

    let reply = server.json("PUT", "/v1/apps/shop", r#"{"manifest": "two"}"#).await;
    assert_eq!((reply.status, reply.json()), (200, json!({ "name": "shop", "version": 2 })));
    assert_eq!(server.active("shop"), Some(("two".to_owned(), 2)));
    assert_eq!(server.store.current(&name("shop")).unwrap().manifest, "two");

    let reply = server.get("/v1/apps/shop").await;
    let detail = reply.json();
    assert_eq!(
        (&detail["manifest"], &detail["version"], &detail["state"]),
        (&json!("two"), &json!(2), &json!("running"))
    );
    assert_eq!(detail["versions"][0]["notes"], "the first");
    assert_eq!(detail["versions"][1]["current"], true);
    let list = server.get("/v1/apps").await.json();
    assert_eq!(list["apps"][0]["routes"], json!(["shop.example.com"]));
    assert_eq!(list["apps"][0]["requests"], 7);
}

#[tokio::test]
async fn a_rejected_version_answers_every_reason_and_the_old_one_goes_on() {
    let server = Server::start().await;
    server.json("PUT", "/v1/apps/shop", r#"{"manifest": "one"}"#).await;
    let reply = server.json("PUT", "/v1/apps/shop", r#"{"manifest": "bad"}"#).await;
    assert_eq!(reply.error(), error(422, "rejected"));
    assert_eq!(reply.json()["error"]["details"], json!(["no such import: a", "no such import: b"]));
    assert_eq!(server.active("shop"), Some(("one".to_owned(), 1)));
    assert_eq!(server.store.versions(&name("shop")).unwrap(), [1]);
}

#[tokio::test]
async fn missing_guests_are_all_named() {
    let server = Server::start().await;
    let [a, b] = ["a", "b"].map(|text| holm_admin::Digest::of(text.as_bytes()));
    let body = json!({ "manifest": "one", "guests": { "a": a, "b": b, "c": b } }).to_string();
    let reply = server.json("PUT", "/v1/apps/shop", &body).await;
    assert_eq!(reply.error(), error(422, "missing_blobs"));
    assert_eq!(reply.json()["error"]["details"], json!([a, b]));
    assert_eq!(server.active("shop"), None);
}

#[tokio::test]
async fn a_deploy_for_another_version_is_a_conflict() {
    let server = Server::start().await;
    let put = async |if_version: u64| {
        let body = json!({ "manifest": "x", "if_version": if_version }).to_string();
        server.json("PUT", "/v1/apps/shop", &body).await
    };
    assert_eq!(put(1).await.error(), error(409, "version_conflict"));
    assert_eq!(put(0).await.status, 201);
    assert_eq!(put(0).await.error(), error(409, "version_conflict"));
    assert_eq!(put(1).await.status, 200);
    let rollback = r#"{"if_version": 1}"#;
    assert_eq!(server.json("POST", "/v1/apps/shop/rollback", rollback).await.error(), error(409, "version_conflict"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_racing_deploys_for_one_version_one_wins() {
    let server = std::sync::Arc::new(Server::start().await);
    let mut replies = Vec::new();
    for racer in 0..8 {
        let server = std::sync::Arc::clone(&server);
        replies.push(tokio::spawn(async move {
            let body = json!({ "manifest": format!("racer {racer}"), "if_version": 0 }).to_string();
            (racer, server.json("PUT", "/v1/apps/shop", &body).await)
        }));
    }
    let mut winners = Vec::new();
    for reply in replies {
        let (racer, reply) = reply.await.unwrap();
        match reply.status {
            201 => winners.push(racer),
            _ => assert_eq!(reply.error(), error(409, "version_conflict")),
        }
    }
    let [winner] = winners[..] else { panic!("{winners:?} won") };
    assert_eq!(server.active("shop"), Some((format!("racer {winner}"), 1)));
    assert_eq!(server.store.current(&name("shop")).unwrap().manifest, format!("racer {winner}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn racing_deploys_for_any_version_get_one_each_and_the_last_one_serves() {
    let server = std::sync::Arc::new(Server::start().await);
    let mut replies = Vec::new();
    for racer in 0..8 {
        let server = std::sync::Arc::clone(&server);
        replies.push(tokio::spawn(async move {
            let body = json!({ "manifest": format!("racer {racer}") }).to_string();
            (racer, server.json("PUT", "/v1/apps/shop", &body).await.json()["version"].as_u64().unwrap())
        }));
    }
    let mut won = Vec::new();
    for reply in replies {
        let (racer, version) = reply.await.unwrap();
        assert_eq!(server.store.version(&name("shop"), version).unwrap().manifest, format!("racer {racer}"));
        won.push((version, racer));
    }
    won.sort_unstable();
    assert_eq!(won.iter().map(|(version, _)| *version).collect::<Vec<_>>(), (1..=8).collect::<Vec<_>>());
    assert_eq!(server.active("shop"), Some((format!("racer {}", won[7].1), 8)));
}

#[tokio::test]
async fn what_was_written_down_is_activated_though_the_caller_left() {
    use tokio::io::AsyncWriteExt;
    let server = Server::start().await;
    let body = r#"{"manifest": "slow to activate"}"#;
    let length = body.len();
    let head = "PUT /v1/apps/shop HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    let mut stream = tokio::net::UnixStream::connect(server.socket()).await.unwrap();
    stream.write_all(format!("{head}Content-Length: {length}\r\n\r\n{body}").as_bytes()).await.unwrap();
    while server.store.current_version(&name("shop")).is_none() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    drop(stream);
    while server.active("shop").is_none() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_rollback_serves_the_version_before_or_the_one_named() {
    let server = Server::start().await;
    let rollback = async |body: &str| server.json("POST", "/v1/apps/shop/rollback", body).await;
    assert_eq!(rollback("{}").await.error(), error(404, "no_such_app"));
    server.json("PUT", "/v1/apps/shop", r#"{"manifest": "one"}"#).await;
    assert_eq!(rollback("{}").await.error(), error(409, "no_earlier_version"));
    server.json("PUT", "/v1/apps/shop", r#"{"manifest": "two"}"#).await;
    assert_eq!(rollback("{}").await.json()["version"], 1);
    assert_eq!(server.active("shop"), Some(("one".to_owned(), 1)));
    assert_eq!(rollback(r#"{"to": 2}"#).await.json()["version"], 2);
    assert_eq!(server.active("shop"), Some(("two".to_owned(), 2)));
    assert_eq!(rollback(r#"{"to": 3}"#).await.error(), error(404, "no_such_version"));
}

#[tokio::test]
async fn a_removed_app_is_served_no_more() {
    let server = Server::start().await;
    server.json("PUT", "/v1/apps/shop", r#"{"manifest": "one"}"#).await;
    let reply = server.json("DELETE", "/v1/apps/shop", "").await;
    assert_eq!((reply.status, reply.body.as_str()), (204, ""));
    assert_eq!(server.active("shop"), None);
    for (method, path) in [("DELETE", "/v1/apps/shop"), ("GET", "/v1/apps/shop"), ("GET", "/v1/apps/shop/logs")] {
        assert_eq!(server.json(method, path, "").await.error(), error(404, "no_such_app"));
    }
}

#[tokio::test]
async fn an_app_that_the_server_does_not_know_is_listed_as_unavailable() {
    let server = Server::start().await;
    server.json("PUT", "/v1/apps/shop", r#"{"manifest": "one"}"#).await;
    server.backend.active.lock().unwrap().clear();
    assert_eq!(server.get("/v1/apps").await.json()["apps"][0]["state"], "unavailable");
}

#[tokio::test]
async fn names_that_are_tricks_are_no_names() {
    let server = Server::start().await;
    for trick in ["..", "%2e%2e", "..%2f..%2fetc", "a%2fb", "a%00", "Shop", "-a", "", "%ff", "a%20b", &"x".repeat(64)] {
        let reply = server.json("PUT", &format!("/v1/apps/{trick}"), r#"{"manifest": "one"}"#).await;
        assert_eq!(reply.error(), error(400, "bad_name"), "{trick}");
    }
    for path in ["/v1/apps/../apps/a", "/v1/apps/a/", "//v1/apps/a", "/v1/apps/a/b/c", "/v2/apps", "/"] {
        assert_eq!(server.get(path).await.error(), error(404, "no_such_route"), "{path}");
    }
    assert_eq!(std::fs::read_dir(server.dir.path().join("state/apps")).unwrap().count(), 0);
}

#[tokio::test]
async fn json_is_read_strictly_and_what_is_wrong_is_named() {
    let server = Server::start().await;
    let digest = holm_admin::Digest::of(b"");
    let twice = format!(r#"{{"manifest": "x", "guests": {{"a": "{digest}", "a": "{digest}"}}}}"#);
    for (body, named) in [
        (r#"{"manifest": "x", "guest": {}}"#, "guest"),
        ("{}", "manifest"),
        (r#"{"manifest": 1}"#, "string"),
        (r#"{"manifest": "x"} x"#, "trailing"),
        (r#"{"manifest": "x", "manifest": "y"}"#, "manifest"),
        (r#"{"manifest": "x", "guests": {"a": "sha256:../../x"}}"#, "sha256:../../x"),
        (r#"{"manifest": "x", "if_version": -1}"#, "-1"),
        (&twice, "twice"),
        (&"[".repeat(100_000), "JSON"),
        ("\u{feff}", "JSON"),
    ] {
        let reply = server.json("PUT", "/v1/apps/shop", body).await;
        assert_eq!(reply.error(), error(400, "bad_request"), "{body}");
        assert!(reply.body.contains(named), "{}", reply.body);
    }
    let head = "PUT /v1/apps/shop HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n";
    let reply = server.unix(head, br#"{"manifest": "x"}"#).await;
    assert_eq!(reply.error(), error(415, "unsupported_media_type"));
}

#[tokio::test]
async fn what_is_too_large_is_refused_however_it_is_sent() {
    let server = Server::start().await;
    let body = json!({ "manifest": "x".repeat(3 << 20) }).to_string();
    assert_eq!(server.json("PUT", "/v1/apps/shop", &body).await.error(), error(413, "too_large"));
    let head = "PUT /v1/apps/shop HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
        X-No: content-length\r\nTransfer-Encoding: chunked\r\n";
    let chunked = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    assert_eq!(server.unix(head, chunked.as_bytes()).await.error(), error(413, "too_large"));
    let notes = json!({ "manifest": "x", "notes": "n".repeat(5000) }).to_string();
    assert_eq!(server.json("PUT", "/v1/apps/shop", &notes).await.error(), error(413, "too_large"));
    let guests: std::collections::BTreeMap<_, _> =
        (0..300).map(|number| (number.to_string(), holm_admin::Digest::of(b""))).collect();
    let guests = json!({ "manifest": "x", "guests": guests }).to_string();
    assert_eq!(server.json("PUT", "/v1/apps/shop", &guests).await.error(), error(413, "too_large"));
}

#[tokio::test]
async fn a_damaged_version_is_not_rolled_back_to() {
    let server = Server::start().await;
    server.json("PUT", "/v1/apps/shop", r#"{"manifest": "one"}"#).await;
    server.json("PUT", "/v1/apps/shop", r#"{"manifest": "two"}"#).await;
    std::fs::write(server.dir.path().join("state/apps/shop/1.json"), "{").unwrap();
    let reply = server.json("POST", "/v1/apps/shop/rollback", "{}").await;
    assert_eq!(reply.error(), error(500, "damaged"));
    assert_eq!(server.active("shop"), Some(("two".to_owned(), 2)));
    let detail = server.get("/v1/apps/shop").await.json();
    assert!(detail["versions"][0]["problem"].as_str().unwrap().contains("damaged"));
}
