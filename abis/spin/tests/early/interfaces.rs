//! What the interfaces answer.

use std::net::SocketAddr;
use std::sync::Arc;

use holm_grants::Grants;
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

fn respond(asked: &str, elsewhere: SocketAddr) -> String {
    let (head, body) = asked.split_once("\r\n\r\n").unwrap_or((asked, ""));
    let head = head.to_owned();
    let what = head.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1").to_owned();
    let led = |status: u16, to: &str| {
        format!("HTTP/1.1 {status} Led\r\nlocation: {to}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
    };
    match what.split_once(' ').unwrap_or_default().1 {
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
