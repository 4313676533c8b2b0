//! The description says what there is, and all of it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::server::Server;

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];

/// A path with real values for its parameters.
fn fill(path: &str) -> String {
    path.replace("{name}", "shop").replace("{digest}", &holm_admin::Digest::of(b"guest").to_string())
}

#[tokio::test]
async fn exactly_the_routes_described_answer() {
    let server = Server::start().await;
    let document = server.get("/v1/openapi.json").await.json();
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.values().map(|path| path.as_object().unwrap().len()).sum::<usize>(), 14);
    for (path, operations) in paths {
        for method in METHODS {
            // Each on an app that is there, so that 404 can only mean the route.
            server.upload(b"guest").await;
            server.json("PUT", "/v1/apps/shop", r#"{"manifest": "one"}"#).await;
            server.json("PUT", "/v1/apps/shop", r#"{"manifest": "two"}"#).await;
            let (body, path) = (if path.contains("rollback") { "{}" } else { "guest" }, fill(path));
            let body = if method == "PUT" && path.contains("apps") { r#"{"manifest": "three"}"# } else { body };
            let reply = server.json(method, &path, body).await;
            match operations.get(method.to_lowercase()) {
                None => assert_eq!(reply.status, 405, "{method} {path}"),
                Some(operation) => {
                    assert!(reply.status < 300, "{method} {path}: {reply:?}");
                    let described = &operation["responses"][reply.status.to_string()];
                    assert_content(described, &reply.head);
                }
            }
        }
    }
}

/// The type of a body that came is the one described.
fn assert_content(described: &Value, head: &str) {
    assert!(described.is_object(), "a status that is not described: {head}");
    match described["content"].as_object() {
        None => assert!(!head.contains("content-type"), "{head}"),
        Some(content) => {
            let kind = content.keys().next().unwrap();
            assert!(head.contains(&format!("content-type: {kind}")), "{kind}: {head}");
        }
    }
}

#[tokio::test]
async fn every_reference_in_the_description_leads_somewhere() {
    let server = Server::start().await;
    let document = server.get("/v1/openapi.json").await.json();
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    assert!(references.len() > 10, "{references:?}");
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

fn collect(value: &Value, references: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            references.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
            map.values().for_each(|value| collect(value, references));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, references)),
        _ => {}
    }
}

#[tokio::test]
async fn what_needs_no_token_is_described_as_such() {
    let server = Server::start().await;
    let document = server.get("/v1/openapi.json").await.json();
    let paths = document["paths"].as_object().unwrap();
    let open = paths.iter().filter(|(_, path)| path["get"]["security"] == serde_json::json!([]));
    assert_eq!(open.map(|(path, _)| path.as_str()).collect::<Vec<_>>(), ["/healthz", "/readyz"]);
}
