//! Which server is asked, and what is said when none answers.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use insta::assert_snapshot;

use crate::server::{Server, TOKEN, folder};
use crate::support::holm;

const NOTHING: &str = "no app is deployed; `holm deploy APP` deploys one\n";

#[test]
fn a_server_is_named_by_a_flag_or_the_environment_or_is_the_users_own() {
    let server = Server::start();
    let socket = server.socket().display().to_string();
    for to in [format!("unix:{socket}"), socket] {
        assert_eq!(holm(["apps", "--to", &to]).prints(), NOTHING);
        assert_eq!(holm(["apps"]).env("HOLM_SERVER", &to).prints(), NOTHING);
        // The flag wins.
        assert_eq!(holm(["apps", "--to", &to]).env("HOLM_SERVER", "unix:/nowhere").prints(), NOTHING);
    }
    assert_eq!(server.holm(["apps"]).prints(), NOTHING);
}

#[test]
fn a_server_that_is_not_there_is_said_with_where_it_was_looked_for() {
    assert_snapshot!(holm(["apps"]).fails(125), @r"
    error: no server answers at unix:/nonexistent/.local/state/holm/serve/admin.sock: is `holm serve` running? (No such file or directory)
    hint: --to URL, or HOLM_SERVER, names another server
    ");
    assert_snapshot!(holm(["apps"]).without_env("HOME").fails(125), @r"
    error: which server? There is no home directory to look for one in
    hint: --to unix:/path/to/admin.sock names one
    ");
    let app = folder(&[("a.wasm", b"a")]);
    let deploy = holm(["deploy", "a.wasm", "--to", "unix:./admin.sock"]).within(app.path());
    assert_snapshot!(deploy.fails(125), @r"
    error: no server answers at unix:./admin.sock: is `holm serve` running? (No such file or directory)
    hint: --to URL, or HOLM_SERVER, names another server
    ");
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let said = holm(["top", "--to", &format!("http://{free}")]).env("HOLM_TOKEN", TOKEN).fails(125);
    assert_eq!(
        said.lines().next().unwrap(),
        format!("error: no server answers at http://{free}: is `holm serve` running? (Connection refused)")
    );
}

#[test]
fn what_names_no_server_is_refused() {
    assert_snapshot!(holm(["apps", "--to", "shop.example.com"]).fails(125), @r#"error: "shop.example.com" is no server: unix:/path/to/socket or http://address:port is expected"#);
    assert_snapshot!(holm(["apps", "--to", "https://127.0.0.1"]).fails(125), @"error: the admin API does not speak TLS: use an SSH tunnel (ssh -L 7070:127.0.0.1:7070 host)");
}

#[test]
fn a_server_over_tcp_wants_its_token() {
    let server = Server::start();
    let files = folder(&[
        ("token", format!("{TOKEN}\n").as_bytes()),
        ("wrong", b"another-token-that-is-wrong"),
        ("empty", b"\n"),
    ]);
    let apps = || server.holm(["apps", "--to", &server.url]).within(files.path());
    assert_eq!(apps().args(["--token-file", "token"]).prints(), NOTHING);
    assert_eq!(apps().env("HOLM_TOKEN", TOKEN).prints(), NOTHING);
    // The flag wins.
    assert_eq!(apps().args(["--token-file", "token"]).env("HOLM_TOKEN", "wrong").prints(), NOTHING);
    assert_snapshot!(apps().fails(125), @r"
    error: [url] wants a token
    hint: --token-file FILE names the file with it, or HOLM_TOKEN holds it
    ");
    assert_snapshot!(apps().args(["--token-file", "wrong"]).fails(125), @r"
    error: the header `Authorization: Bearer <token>` is missing or wrong
    hint: --token-file FILE, or HOLM_TOKEN, gives the token that the server was started with
    ");
    assert_snapshot!(apps().args(["--token-file", "empty"]).fails(125), @"error: empty holds no token: it is empty");
    assert_snapshot!(apps().args(["--token-file", "gone"]).fails(127), @"error: cannot read the token in gone: No such file or directory");
    assert_snapshot!(apps().env("HOLM_TOKEN", "a\u{1}b").fails(125), @"error: the token holds characters that cannot be sent");
}

#[test]
fn something_else_that_answers_is_not_taken_for_holm() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", other.local_addr().unwrap());
    let answering = std::thread::spawn(move || {
        let (mut stream, _) = other.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").unwrap();
    });
    let said = holm(["apps", "--to", &url]).env("HOLM_TOKEN", TOKEN).fails(125);
    assert!(said.starts_with(&format!("error: {url} does not answer like `holm serve` does: ")), "{said}");
    answering.join().unwrap();
}

#[test]
fn every_command_has_an_example_in_its_help() {
    for command in ["deploy", "apps", "rollback", "remove", "logs", "top", "reload"] {
        let help = holm([command, "--help"]).prints();
        assert!(help.contains("Example") && help.contains(&format!("  holm {command}")), "{help}");
        assert!(help.contains("--to <URL>") && help.contains("--token-file <FILE>"), "{help}");
    }
}
