//! Variables whose values Vault keeps. Vault has no package that CI could install: a small server of the test's speaks in its
//! place, by Vault's documented HTTP API ("KV secrets engine - version 2", "Read secret version").
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use holm_manifest::{Template, Variable, VariableSource};
use holm_services::Report;
use holm_services::variables::{AppVariables, MAX_ANSWER, Surroundings, VariableError, Variables};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const TOKEN: &str = "s.token";

/// What the server was asked, in order: paths.
type Asked = Arc<Mutex<Vec<String>>>;

async fn vault() -> (SocketAddr, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, asked) = (listener.local_addr().unwrap(), Asked::default());
    let noted = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, Arc::clone(&noted)));
        }
    });
    (address, asked)
}

async fn answer(mut stream: TcpStream, asked: Asked) {
    let mut head = Vec::new();
    loop {
        let mut byte = [0];
        if stream.read(&mut byte).await.unwrap_or(0) == 0 {
            return;
        }
        head.push(byte[0]);
        if !head.ends_with(b"\r\n\r\n") {
            continue;
        }
        let text = String::from_utf8_lossy(&head).into_owned();
        head.clear();
        let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
        asked.lock().unwrap().push(path.clone());
        let (status, body) = match text.contains(&format!("x-vault-token: {TOKEN}\r\n")) {
            true => secret(&path),
            false => (403, r#"{"errors":["permission denied"]}"#.to_owned()),
        };
        let reply = format!("HTTP/1.1 {status} -\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        if stream.write_all(reply.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn secret(path: &str) -> (u16, String) {
    let kept = |data: &str| {
        let metadata = r#"{"created_time":"2026-01-01T00:00:00Z","deletion_time":"","destroyed":false,"version":2}"#;
        (200, format!(r#"{{"request_id":"1","data":{{"data":{data},"metadata":{metadata}}}}}"#))
    };
    match path {
        "/v1/secret/data/password" => kept(r#"{"value":"hunter2"}"#),
        "/v1/apps/shop/data/prod/password" => kept(r#"{"value":"prod"}"#),
        "/v1/secret/data/number" => kept(r#"{"value":7}"#),
        "/v1/secret/data/other" => kept(r#"{"password":"hunter2"}"#),
        "/v1/secret/data/huge" => kept(&format!(r#"{{"value":"{}"}}"#, "x".repeat(MAX_ANSWER))),
        "/v1/secret/data/sealed" => (503, r#"{"errors":["Vault is sealed"]}"#.to_owned()),
        _ => (404, r#"{"errors":[]}"#.to_owned()),
    }
}

fn source(url: &str, mount: &str, prefix: Option<&str>, token: &str) -> VariableSource {
    let (url, mount, prefix) = (url.to_owned(), mount.to_owned(), prefix.map(str::to_owned));
    VariableSource::Vault { url, token: token.to_owned().into(), mount, prefix }
}

fn app(source: VariableSource, report: Option<Report>) -> AppVariables {
    let names = ["password", "number", "other", "huge", "sealed", "missing"];
    let required = names.map(|name| (name.to_owned(), Variable { secret: true, ..Variable::default() }));
    let mut declared = BTreeMap::from(required);
    declared.insert("port".to_owned(), Variable { default: Some("80".to_owned()), ..Variable::default() });
    AppVariables::new(&declared, &[source], &Surroundings::default(), report).unwrap()
}

/// A guest whose variables are those of the app.
fn guest(app: &AppVariables) -> Variables {
    let names = ["password", "number", "other", "huge", "sealed", "missing", "port"];
    let templates = names.map(|name| (name.to_owned(), format!("{{{{ {name} }}}}").parse::<Template>().unwrap()));
    app.of_guest(&templates.into())
}

fn why(error: VariableError) -> String {
    let VariableError::Provider(why) = error else { panic!("{error:?}") };
    why
}

#[tokio::test]
async fn a_value_is_read_and_not_asked_for_again_a_moment_later() {
    let (address, asked) = vault().await;
    let app = app(source(&format!("http://{address}"), "secret", None, TOKEN), None);
    let guest = guest(&app);
    for _ in 0..3 {
        assert_eq!(guest.get("password").await.unwrap(), "hunter2");
    }
    assert_eq!(*asked.lock().unwrap(), ["/v1/secret/data/password"]);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(60)).await;
    tokio::time::resume();
    assert_eq!(guest.get("password").await.unwrap(), "hunter2");
    assert_eq!(asked.lock().unwrap().len(), 2, "a value may change");
}

#[tokio::test]
async fn those_who_ask_at_once_ask_once() {
    let (address, asked) = vault().await;
    let app = app(source(&format!("http://{address}"), "secret", None, TOKEN), None);
    let (one, two) = (guest(&app), guest(&app));
    let (one, two) = tokio::join!(one.get("password"), two.get("password"));
    assert_eq!((one.unwrap(), two.unwrap()), ("hunter2".to_owned(), "hunter2".to_owned()));
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn what_it_does_not_know_has_its_default_or_none() {
    let (address, asked) = vault().await;
    let app = app(source(&format!("http://{address}/"), "/apps/shop/", Some("prod"), TOKEN), None);
    let guest = guest(&app);
    assert_eq!(guest.get("password").await.unwrap(), "prod");
    assert_eq!(guest.get("port").await.unwrap(), "80");
    assert!(why(guest.get("missing").await.unwrap_err()).contains("required variable `missing`"));
    assert_eq!(
        *asked.lock().unwrap(),
        ["/v1/apps/shop/data/prod/password", "/v1/apps/shop/data/prod/port", "/v1/apps/shop/data/prod/missing"]
    );
}

#[tokio::test]
async fn answers_that_hold_no_value_are_errors_without_what_they_hold() {
    let (address, _) = vault().await;
    let app = app(source(&format!("http://{address}"), "secret", None, TOKEN), None);
    let guest = guest(&app);
    for (name, part) in [
        ("number", "holds no text called `value`"),
        ("other", "holds no text called `value`"),
        ("huge", "has more than"),
        ("sealed", "503"),
    ] {
        let why = why(guest.get(name).await.unwrap_err());
        assert!(why.contains(part) && !why.contains("hunter2") && !why.contains(&address.to_string()), "{why}");
    }
}

#[tokio::test]
async fn a_token_that_is_refused_is_told_once_and_shown_nowhere() {
    let (address, _) = vault().await;
    let told = Arc::new(Mutex::new(Vec::<String>::new()));
    let noted = Arc::clone(&told);
    let report: Report = Arc::new(move |line: &str| noted.lock().unwrap().push(line.to_owned()));
    let app = app(source(&format!("http://{address}"), "secret", None, "s.wrong"), Some(report));
    let guest = guest(&app);
    for name in ["password", "other"] {
        let why = why(guest.get(name).await.unwrap_err());
        assert!(why.contains("403") && !why.contains("s.wrong"), "{why}");
    }
    let told = told.lock().unwrap().clone();
    assert_eq!(told.len(), 1);
    let (place, name) = (format!("Vault at http://{address} "), "`password`");
    assert!(told[0].contains(&place) && told[0].contains(name) && !told[0].contains("s.wrong"), "{told:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error_and_may_come_back() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let app = app(source(&format!("http://{address}"), "secret", None, TOKEN), None);
    let guest = guest(&app);
    assert!(why(guest.get("password").await.unwrap_err()).contains("Vault has no answer for `password`"));
    let listener = TcpListener::bind(address).await.unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, Asked::default()));
        }
    });
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(2)).await;
    tokio::time::resume();
    assert_eq!(guest.get("password").await.unwrap(), "hunter2");
}

#[test]
fn what_cannot_be_a_vault_is_told_when_the_app_is_loaded() {
    let wrong = |url: &str, mount: &str, token: &str| {
        let declared = BTreeMap::from([("a".to_owned(), Variable::default())]);
        let sources = [source(url, mount, None, token)];
        AppVariables::new(&declared, &sources, &Surroundings::default(), None).unwrap_err().join("\n")
    };
    assert!(wrong("ftp://vault", "secret", TOKEN).contains("http:// or https://"));
    assert!(!wrong("http://user:hunter2@vault", "secret", TOKEN).contains("hunter2"));
    assert!(wrong("http://vault", "a b", TOKEN).contains("parts of a URL's path"));
    let told = wrong("http://vault", "secret", "a\nb");
    assert!(told.contains("cannot be sent") && !told.contains("a\nb"), "{told}");
}
