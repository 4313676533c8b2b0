//! What guests of the snapshot of 2023-10-18 find.

use std::sync::Arc;

use holm_abi::Host;
use holm_grants::Grants;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use crate::common::refused;
use crate::handlers::{Form, ask, granted, handler, host, text};
use crate::server::Server;

const NAME: &str = "snapshots-october.wasm";
const BOTH: [Form; 2] = [Form::Component, Form::Lone];

#[tokio::test]
async fn bodies_stream_both_ways() {
    let long = "0123456789".repeat(100_000);
    for form in BOTH {
        let handler = handler(NAME, form, &host());
        assert_eq!(
            ask(&handler, "/echo", &long).await,
            format!("201 {{}} {long} {{\"x-trailers\": \"0\"}}"),
            "{form:?}"
        );
        assert_eq!(ask(&handler, "/forward", &long).await, format!("200 {{}} {long} {} {{}}", long.len()), "{form:?}");
    }
}

#[tokio::test]
async fn headers_are_set_but_for_those_of_the_connection() {
    for form in BOTH {
        let said = ask(&handler(NAME, form, &host()), "/headers", "").await;
        let facts = r#"Method::Post Some(Scheme::Http) Some("app.test") [[49], [50]] 3"#;
        assert_eq!(said, format!(r#"200 {{"x-a": "1", "x-a": "2", "x-b": "3"}} {facts} {{}}"#), "{form:?}");
    }
}

#[tokio::test]
async fn a_header_that_is_none_ends_the_guest() {
    for form in BOTH {
        let said = text(&handler(NAME, form, &host()), "/bad-header").await;
        assert!(said.contains("not valid in HTTP"), "{form:?}: {said}");
    }
}

#[tokio::test]
async fn an_error_for_an_answer_is_said() {
    for form in BOTH {
        let said = text(&handler(NAME, form, &host()), "/error").await;
        assert!(said.starts_with("NoResponse") && said.contains("on purpose"), "{form:?}: {said}");
        assert_eq!(text(&handler(NAME, form, &host()), "/twice").await, "true false", "{form:?}");
    }
}

#[tokio::test]
async fn requests_go_where_grants_say() {
    let server = Server::start().await;
    for form in BOTH {
        let host = granted(&server);
        let handler = handler(NAME, form, &host);
        let said = text(&handler, &format!("/fetch?{}/a", server.address)).await;
        assert_eq!(said, format!("200 0 POST /a\n{}\nasked", server.address), "{form:?}");
        let denied = text(&handler, "/fetch?127.0.0.1:1/").await;
        assert_eq!(denied, "Error::UnexpectedError(\"ErrorCode::HttpRequestDenied\")", "{form:?}");
        assert_eq!(refused(&host), ["--http http://127.0.0.1:1"]);
        let invalid = text(&handler, "/fetch-bad").await;
        assert!(invalid.contains("Error::InvalidUrl"), "{form:?}: {invalid}");
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_in_milliseconds_that_the_guest_chose() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut host = host();
    Arc::make_mut(&mut host.grants).http = vec![format!("http://{address}").parse().unwrap()];
    for form in BOTH {
        let said = text(&handler(NAME, form, &host), &format!("/fetch-late?{address}/")).await;
        assert_eq!(said, "Error::TimeoutError(\"ErrorCode::ConnectionReadTimeout\")", "{form:?}");
    }
}

#[tokio::test]
async fn clocks_chance_and_variables_are_there() {
    let mut host = host();
    Arc::make_mut(&mut host.grants).env.insert("MODE".into(), "prod".into());
    for form in BOTH {
        let handler = handler(NAME, form, &host);
        assert_eq!(text(&handler, "/clocks").await, "true [0] true UTC 0", "{form:?}");
        assert_eq!(text(&handler, "/random").await, "32 true true", "{form:?}");
        assert_eq!(text(&handler, "/env").await, r#"[("MODE", "prod")]"#, "{form:?}");
    }
}

#[tokio::test]
async fn files_are_those_of_directories_that_were_granted() {
    for form in BOTH {
        assert_eq!(text(&handler(NAME, form, &host()), "/files").await, "no directory");
    }
    let dir = tempfile::tempdir().unwrap();
    let grant = |how: &str| {
        let grants = Grants {
            dirs: vec![format!("{}::/data{how}", dir.path().display()).parse().unwrap()],
            ..Grants::default()
        };
        handler(NAME, Form::Component, &Host { grants: Arc::new(grants), ..host() })
    };
    assert_eq!(
        text(&grant(""), "/files").await,
        r#"/data ["note.txt"] Ok("october") Ok("ober") 7 Ok(()) Err(no-entry) true Some(not-permitted)"#
    );
    assert_eq!(std::fs::read_to_string(dir.path().join("note.txt")).unwrap(), "october");
    let read_only = text(&grant(":ro"), "/files").await;
    assert!(["read-only", "not-permitted"].contains(&read_only.as_str()), "{read_only}");
}

#[tokio::test]
async fn sockets_lead_where_grants_say() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.write_all(b"welcome").await.unwrap();
        }
    });
    for form in BOTH {
        let closed = handler(NAME, form, &host());
        assert_eq!(text(&closed, &format!("/tcp?{port}")).await, "access-denied", "{form:?}");
        assert_eq!(text(&closed, "/lookup?localhost").await, "access-denied", "{form:?}");
        let net = [format!("127.0.0.1:{port}"), "localhost".to_owned()].map(|pattern| pattern.parse().unwrap());
        let open = Host { grants: Arc::new(Grants { net: net.into(), ..Grants::default() }), ..host() };
        let open = handler(NAME, form, &open);
        let not = "Err(not-supported)";
        assert_eq!(text(&open, &format!("/tcp?{port}")).await, format!("welcome {not} {not}"), "{form:?}");
        let found = text(&open, "/lookup?localhost").await;
        assert_eq!(found, "IpAddress::Ipv4((127, 0, 0, 1))", "{form:?}: of the family that was asked for");
        assert_eq!(text(&open, "/udp").await, "Some(not-supported)", "{form:?}");
    }
}
