//! What the interfaces answer.

use std::net::SocketAddr;
use std::sync::Arc;

use holm_grants::Grants;
use holm_manifest::{Services, Variable};
use holm_services::lent::{AppStores, Embedded, LentLimits};
use holm_services::llm::Llm;
use holm_services::variables::{AppVariables, Surroundings};
use holm_spin::Spin;
use holm_wasi::Wasi;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::common::{KIT, ask, granting, guest, http, refused, spin};

/// A server that says what it was asked, or leads elsewhere.
pub(crate) async fn serve(server: Arc<TcpListener>, elsewhere: SocketAddr) {
    while let Ok((mut stream, _)) = server.accept().await {
        let mut asked = Vec::new();
        while !is_whole(&asked) {
            let mut piece = [0; 1024];
            match stream.read(&mut piece).await {
                Ok(read) if read > 0 => asked.extend_from_slice(&piece[..read]),
                _ => break,
            }
        }
        let asked = String::from_utf8(asked).unwrap();
        let response = respond(&asked, elsewhere);
        let _ = stream.write_all(response.as_bytes()).await;
    }
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let line = head.lines().find_map(|line| line.strip_prefix(name));
    line.map_or("none", str::trim)
}

fn is_whole(asked: &[u8]) -> bool {
    let asked = String::from_utf8_lossy(asked);
    let Some((head, body)) = asked.split_once("\r\n\r\n") else { return false };
    body.len() >= header(&head.to_ascii_lowercase(), "content-length:").parse().unwrap_or(0)
}

fn json(text: &str) -> String {
    let length = text.len();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{text}"
    )
}

fn respond(asked: &str, elsewhere: SocketAddr) -> String {
    let (head, body) = asked.split_once("\r\n\r\n").unwrap_or((asked, ""));
    let head = head.to_owned();
    let what = head.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1").to_owned();
    let led = |status: u16, to: &str| {
        format!("HTTP/1.1 {status} Led\r\nlocation: {to}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
    };
    match what.split_once(' ').unwrap_or_default().1 {
        "/v1/chat/completions" => {
            let most = body.split("\"max_completion_tokens\":").nth(1).and_then(|rest| rest.split([',', '}']).next());
            let text = format!("made of {} tokens", most.unwrap_or("no"));
            let usage = r#""usage":{"prompt_tokens":3,"completion_tokens":2}"#;
            json(&format!(r#"{{"choices":[{{"message":{{"content":"{text}"}}}}],{usage}}}"#))
        }
        "/v1/embeddings" => json(
            r#"{"data":[{"embedding":[0.5,1.0],"index":0},{"embedding":[-2,0],"index":1}],"usage":{"prompt_tokens":4}}"#,
        ),
        "/303" => led(303, "/to"),
        "/307" => led(307, "to"),
        "/round" => led(302, "/round"),
        "/elsewhere" => led(302, &format!("http://{elsewhere}/")),
        "/broken" => "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 100\r\n\r\nshort".to_owned(),
        _ => {
            let (asked, secret) = (header(&head, "x-asked:"), header(&head, "authorization:"));
            let said = format!("{what} asked {asked} authorization {secret} {body}");
            let length = said.len();
            let head = "HTTP/1.1 200 OK\r\nx-answer: yes\r\nconnection: close";
            format!("{head}\r\ncontent-length: {length}\r\n\r\n{said}")
        }
    }
}

#[tokio::test]
async fn key_value_stores_keep_what_guests_give_them() {
    let handler = http(&spin(), &guest(KIT), &granting(Grants::default())).unwrap();
    for (path, lines, expected) in [
        ("/kv/get", ["default", "k", ""], "error: no such key"),
        ("/kv/set", ["default", "k", "a value"], "ok a value"),
        ("/kv/get", ["default", "k", ""], "ok a value"),
        ("/kv/get", ["other", "k", ""], "error: no such key"),
        ("/kv/set", ["default", "", ""], "ok "),
        ("/kv/exists", ["default", "k", ""], "ok true"),
        ("/kv/keys", ["default", "", ""], r#"ok ["", "k"]"#),
        ("/kv/delete", ["default", "k", ""], "ok "),
        ("/kv/delete", ["default", "k", ""], "ok "),
        ("/kv/exists", ["default", "k", ""], "ok false"),
        ("/kv/closed", ["default", "", ""], "error: invalid store"),
        ("/kv/open", ["default", "256", ""], "ok 255"),
        ("/kv/open", ["default", "257", ""], "error: store table full"),
        ("/kv/keys", ["other", "", ""], "ok []"),
        ("/kv/many", ["other", "2500", ""], "ok 2500"),
    ] {
        assert_eq!(ask(&handler, path, &lines).await, expected, "{path} {lines:?}");
    }
}

#[tokio::test]
async fn a_store_that_is_not_granted_or_lent_is_refused() {
    let host = granting(Grants::default());
    let handler = http(&spin(), &guest(KIT), &host).unwrap();
    assert_eq!(ask(&handler, "/kv/get", &["secret", "k"]).await, "error: access denied");
    assert_eq!(refused(&host), ["--kv=secret"]);
    let lends_nothing = holm_spin::Spin { wasi: holm_wasi::Wasi::default() };
    let handler = http(&lends_nothing, &guest(KIT), &host).unwrap();
    assert_eq!(ask(&handler, "/kv/get", &["default", "k"]).await, "error: access denied");
}

#[tokio::test]
async fn a_key_too_long_is_an_error_of_the_store() {
    let handler = http(&spin(), &guest(KIT), &granting(Grants::default())).unwrap();
    let answer = ask(&handler, "/kv/get", &["default", &"k".repeat(100_000)]).await;
    assert!(answer.starts_with("error: io: "), "{answer}");
}

#[tokio::test]
async fn a_variable_is_told_and_what_is_none_is_an_error() {
    let mut spin = spin();
    let declared = Variable { default: Some("hello".to_owned()), secret: false };
    let declared = [("greeting".to_owned(), declared)].into();
    let app = AppVariables::new(&declared, &[], &Surroundings::default(), None).unwrap();
    let own = [("text".to_owned(), "{{ greeting }} there".parse().unwrap())].into();
    spin.wasi.lent.as_mut().unwrap().variables = Arc::new(app.of_guest(&own));
    let handler = http(&spin, &guest(KIT), &granting(Grants::default())).unwrap();
    assert_eq!(ask(&handler, "/config", &["text"]).await, "ok hello there");
    for (name, case) in [("greeting", "provider"), ("Not A Name", "invalid key")] {
        let answer = ask(&handler, "/config", &[name]).await;
        assert!(answer.starts_with(&format!("error: {case}: ")), "{answer}");
    }
}

#[tokio::test]
async fn databases_keep_rows_and_say_what_is_wrong_with_a_statement() {
    let folder = tempfile::tempdir().unwrap();
    let embedded = Embedded { file: folder.path().join("store"), inside: None };
    let stores = AppStores::new(Some(embedded), None);
    let lent = stores.lend(&Services::default(), &[], &[], LentLimits::default()).unwrap();
    let spin = Spin { wasi: Wasi { lent: Some(lent), ..Wasi::default() } };
    let host = granting(Grants { sql: vec!["default".to_owned()], ..Grants::default() });
    let handler = http(&spin, &guest(KIT), &host).unwrap();
    for (lines, expected) in [
        (&["default", "CREATE TABLE t (a, b, c, d)"][..], "ok [] []"),
        (&["default", "INSERT INTO t VALUES (?, ?, ?, ?)", "int -5", "real 1.5", "text", "blob xy"], "ok [] []"),
        (&["default", "INSERT INTO t (b) VALUES (?)", "null"], "ok [] []"),
        (
            &["default", "SELECT a, b, c, d FROM t"],
            r#"ok ["a", "b", "c", "d"] [["int -5", "real 1.5", "text text", "blob [120, 121]"], ["null", "null", "null", "null"]]"#,
        ),
        (&["other", "SELECT 1"], "error: access denied"),
    ] {
        assert_eq!(ask(&handler, "/sqlite", lines).await, expected, "{lines:?}");
    }
    let wrong = ask(&handler, "/sqlite", &["default", "SELEKT"]).await;
    assert!(wrong.starts_with("error: io: ") && wrong.contains("syntax error"), "{wrong}");
    assert_eq!(ask(&handler, "/sqlite/closed", &["default", "SELECT 1"]).await, "error: invalid connection");
    assert_eq!(refused(&host), ["--sql=other"]);
}

#[tokio::test]
async fn models_answer_where_they_are_granted() {
    let server = Arc::new(TcpListener::bind("127.0.0.1:0").await.unwrap());
    let at = server.local_addr().unwrap();
    tokio::spawn(serve(server, at));
    let named = holm_manifest::Llm { url: format!("http://{at}"), token: "secret".to_owned().into(), openai: true };
    let mut spin = spin();
    spin.wasi.lent.as_mut().unwrap().llm = Some(Llm::new(&named, None).unwrap());
    let host = granting(Grants { models: vec!["m".to_owned()], ..Grants::default() });
    let handler = http(&spin, &guest(KIT), &host).unwrap();
    assert_eq!(ask(&handler, "/llm/infer", &["m", "prompt", "7"]).await, "ok made of 7 tokens 3 2");
    assert_eq!(ask(&handler, "/llm/infer", &["m", "prompt"]).await, "ok made of 100 tokens 3 2");
    assert_eq!(ask(&handler, "/llm/embed", &["m", "a", "b"]).await, "ok [[0.5, 1.0], [-2.0, 0.0]] 4");
    let other = ask(&handler, "/llm/infer", &["other", "prompt"]).await;
    assert!(other.starts_with("error: invalid input: the component may not use the model `other`"), "{other}");
    assert_eq!(refused(&host), ["--model other"]);
}

#[tokio::test]
async fn servers_that_are_not_granted_are_not_reached() {
    let host = granting(Grants::default());
    let handler = http(&spin(), &guest(KIT), &host).unwrap();
    for (path, address) in [
        ("/pg/query", "postgres://u:p@db.example.com/d"),
        ("/pg/execute", "host=db.example.com user=u"),
        ("/mysql/query", "mysql://u:p@db.example.com/d"),
        ("/mysql/execute", "mysql://u:p@db.example.com/d"),
    ] {
        let answer = ask(&handler, path, &[address, "SELECT 1"]).await;
        assert!(answer.starts_with("error: connection failed: ") && answer.contains("is not permitted"), "{answer}");
    }
    assert_eq!(refused(&host), ["--outbound mysql://db.example.com", "--outbound postgres://db.example.com"]);
    assert_eq!(ask(&handler, "/redis/get", &["redis://db.example.com", "k"]).await, "error: error");
}
