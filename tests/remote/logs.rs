//! `holm logs`

use insta::assert_snapshot;
use rustix::process::Signal;
use serde_json::Value as Json;

use crate::server::Server;

#[test]
fn a_log_is_printed_without_what_could_move_the_cursor() {
    let server = Server::start().with_shop();
    assert_snapshot!(server.holm(["logs", "shop"]).prints(), @r"
    2026-01-31T08:00:00Z v1 server deployed
    2026-01-31T08:00:00Z v1 access GET /cart request=ab12 path=/cart status=200
    2026-01-31T08:00:00Z v1 stdout hello [31mworld
    ");
}

#[test]
fn a_log_as_json_is_a_document_on_each_line() {
    let server = Server::start().with_shop();
    let said = server.holm(["logs", "shop", "--json"]).prints();
    let lines: Vec<Json> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[1]["fields"]["status"], 200);
    assert_eq!(lines[2]["text"], "hello \u{1b}[31mworld");
}

#[test]
fn older_lines_are_left_out() {
    let server = Server::start().with_shop();
    for since in ["10m", "2026-01-31T08:00:00Z"] {
        let said = server.holm(["logs", "shop", "--since", since]).prints();
        assert!(!said.contains("deployed") && said.contains("hello"), "{said}");
    }
    assert_snapshot!(server.holm(["logs", "shop", "--since", "yesterday"]).fails(125), @"error: since is a time such as 2026-01-31T08:00:00Z, or an age such as 10m");
}

#[test]
fn a_log_is_followed_until_the_app_is_gone() {
    let server = Server::start().with_shop();
    let mut following = server.holm(["logs", "shop", "-f"]).starts();
    for _ in 0..3 {
        following.line();
    }
    for text in ["first", "second"] {
        assert!(server.log(text));
        assert_eq!(following.line(), format!("2026-01-31T08:00:00Z v1 stderr {text}\n"));
    }
    server.end_logs();
    let ended = following.ends();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""), "{ended:?}");
}

#[test]
fn ctrl_c_ends_a_log_that_is_followed() {
    let server = Server::start().with_shop();
    let mut following = server.holm(["logs", "shop", "--follow"]).starts();
    following.line();
    following.signal(Signal::INT);
    let ended = following.ends();
    assert_eq!((ended.signal, ended.stderr.as_str()), (Some(Signal::INT.as_raw()), ""), "{ended:?}");
}

#[test]
fn a_server_that_ends_ends_the_log_with_an_error() {
    let mut server = Server::start().with_shop();
    let mut following = server.holm(["logs", "shop", "--follow"]).starts();
    following.line();
    assert!(server.log("last"));
    server.stop();
    let ended = following.ends();
    assert_eq!(ended.code, Some(125), "{ended:?}");
    assert!(ended.stderr.starts_with("error: the connection to unix:[state]/serve/admin.sock broke: "), "{ended:?}");
}
