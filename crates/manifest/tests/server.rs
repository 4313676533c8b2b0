//! The configuration of a server.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use holm_manifest::server::{Address, Admin, Listener, LogFormat, Tls};
use holm_manifest::{MAX_BYTES, ManifestError, ServeLimits, Server};
use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

fn parse(text: &str) -> Server {
    Server::parse(&format!("holm-server = 1\n{text}"), Path::new("etc/server.toml")).unwrap()
}

fn message(text: &str) -> String {
    Server::parse(text, Path::new("server.toml")).unwrap_err().to_string()
}

const FULL: &str = r#"
listen = [
    "127.0.0.1:3000",
    { address = ":443", tls = { cert = "tls/cert.pem", key = "/keys/key.pem" }, proxy-protocol = true },
    "unix:run/holm.sock",
    "[::1]:0",
]
admin = { listen = "127.0.0.1:9000", token-file = "token" }
state = "state"
apps = ["./hello.wasm", "shop", "/srv/blog/holm.toml"]
drain = "1m"

[ceilings]
memory = "256MiB"
wall = "2m"
concurrency = 10
connections = 8
code = "1GiB"
memory-total = "4GiB"
instances = 1000
client-connections = 20000

[log]
format = "json"
file = "log/holm.log"
access = false

[telemetry]
otlp = "http://127.0.0.1:4318/v1/traces"
service-name = "edge"
sample = 0.25
"#;

#[test]
fn every_key_is_read() {
    let server = parse(FULL);
    let tls = Tls { cert: "etc/tls/cert.pem".into(), key: "/keys/key.pem".into() };
    let addresses: Vec<String> = server.listen.iter().map(|listener| listener.address.to_string()).collect();
    assert_eq!(addresses, ["127.0.0.1:3000", ":443", "unix:etc/run/holm.sock", "[::1]:0"]);
    assert_eq!(server.listen[1], Listener { address: Address::Everywhere(443), tls: Some(tls), proxy_protocol: true });
    assert_eq!((server.listen[0].tls.as_ref(), server.listen[0].proxy_protocol), (None, false));
    let listen = "127.0.0.1:9000".parse().unwrap();
    assert_eq!(server.admin, Some(Admin { listen, token_file: Some("etc/token".into()) }));
    assert_eq!(server.state, Some(PathBuf::from("etc/state")));
    assert_eq!(server.apps, ["etc/hello.wasm", "etc/shop", "/srv/blog/holm.toml"].map(PathBuf::from));
    assert_eq!(server.drain, Duration::from_secs(60));
    assert_eq!(server.ceilings.limits.memory, Some(256 << 20));
    assert_eq!(server.ceilings.limits.wall, Some(Duration::from_secs(120)));
    let serve = ServeLimits { concurrency: Some(10), connections: Some(8), ..ServeLimits::default() };
    assert_eq!(server.ceilings.serve, serve);
    assert_eq!((server.ceilings.code, server.ceilings.memory_total), (Some(1 << 30), Some(4 << 30)));
    assert_eq!((server.ceilings.instances, server.ceilings.client_connections), (Some(1000), Some(20_000)));
    assert_eq!((server.log.format, server.log.access), (LogFormat::Json, false));
    assert_eq!(server.log.file, Some(PathBuf::from("etc/log/holm.log")));
    let telemetry = server.telemetry.unwrap();
    assert_eq!(telemetry.sample, 0.25);
    assert_eq!((telemetry.otlp.as_str(), telemetry.service_name.as_str()), ("http://127.0.0.1:4318/v1/traces", "edge"));
}

#[test]
fn a_version_alone_is_a_configuration() {
    let server = parse("");
    assert_eq!(server, Server::default());
    assert_eq!((server.drain, server.log.access, server.log.file), (Duration::from_secs(30), true, None));
}

#[test]
fn a_configuration_is_loaded_from_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("server.toml");
    fs::write(&path, "holm-server = 1\nlog.file = 'stderr'\nstate = '.'").unwrap();
    let server = Server::load(&path).unwrap();
    assert_eq!((server.state, server.log.file), (Some(folder.path().to_owned()), None));
    fs::write(&path, "#".repeat(MAX_BYTES as usize + 1)).unwrap();
    assert!(matches!(Server::load(&path), Err(ManifestError::TooLarge { .. })));
}

#[test]
fn every_problem_is_told_at_once_in_the_order_of_the_text() {
    let text = r#"holm-server = 1
listen = ["*:3000", ":443", { address = "0.0.0.0:443", tls = { cert = "c" }, proxy = true }, 3]
admin = { listen = "127.0.0.1:443" }
apps = ["a", "./a", ""]
state = ""
drain = "x"
memory = "1GiB"
format = "json"

[ceilings]
instances = 0
memory_total = 1

[log]
format = "yaml"
access = "yes"

[telemetry]
otlp = "127.0.0.1:4317"
sample = 1.5
"#;
    assert_eq!(
        message(text),
        r#"19 problems in server.toml
  server.toml:2:11: `*:3000` is not an address to listen on: write `:3000` for every address of this machine (example: `127.0.0.1:3000`)
  server.toml:2:29: nothing can listen on both `:443` and `0.0.0.0:443`; leave one out
  server.toml:2:62: `tls` needs both `cert` and `key`; `key` is missing
  server.toml:2:78: unknown key `proxy` in [listen]; did you mean `proxy-protocol`?
  server.toml:2:94: `listen` takes an address, or a table with the key `address`; this is 3
  server.toml:3:20: `:443` is for requests to apps; give the admin API an address of its own
  server.toml:3:20: whoever reaches this address could deploy apps; add a `token-file`, or listen on a Unix socket
  server.toml:4:14: `a` is there twice; leave one out
  server.toml:4:21: `apps` takes paths, and this one is empty
  server.toml:5:9: `state` is empty; give it a value, or leave the key out
  server.toml:6:9: `x` is not a duration: it takes numbers with units, such as ms, s, m and h (example: `10s`)
  server.toml:7:1: unknown key `memory`; it belongs in [ceilings]
  server.toml:8:1: unknown key `format`; it belongs in [log]
  server.toml:11:13: `instances` takes a whole number of at least 1; this is 0
  server.toml:12:1: unknown key `memory_total` in [ceilings]; did you mean `memory-total`?
  server.toml:15:10: `format` is "text" or "json"
  server.toml:16:10: `access` takes true or false; this is of type string
  server.toml:19:8: `otlp` takes a URL with http or https, without a user or a query, as in "http://127.0.0.1:4318"
  server.toml:20:10: `sample` takes a number from 0 to 1; this is 1.5"#
    );
}

#[test]
fn another_kind_of_file_and_another_version_are_told_and_nothing_else() {
    assert_eq!(
        message("holm = 1\nguest = 'x'"),
        "1 problem in server.toml\n  server.toml:1:1: this has the key `holm`, so it is not a server configuration: it \
         is an app's manifest, for `holm serve` to take by its name"
    );
    assert_eq!(
        message("listen = ':80'"),
        "1 problem in server.toml\n  server.toml:1:1: the server configuration's version is missing; begin it with \
         `holm-server = 1`"
    );
    assert_eq!(
        message("holm-server = 2\nnew = true"),
        "1 problem in server.toml\n  server.toml:1:15: this Holm reads server configurations of version 1, written \
         `holm-server = 1`; for a newer one, update Holm"
    );
}

#[test]
fn an_admin_listener_that_others_can_reach_has_a_token() {
    assert!(parse("admin.listen = 'unix:a.sock'").admin.unwrap().token_file.is_none());
    assert!(message("holm-server = 1\nadmin.listen = '[::1]:9000'").contains("add a `token-file`"));
    assert!(message("holm-server = 1\nadmin.token-file = 'x'").contains("says where to `listen`"));
}

#[test]
fn listeners_are_told_apart_by_what_the_system_can_bind() {
    let clash = |a: &str, b: &str| {
        let text = format!("holm-server = 1\nlisten = ['{a}', '{b}']");
        Server::parse(&text, Path::new("s.toml")).is_err()
    };
    for (a, b) in [
        (":80", ":80"),
        (":80", "127.0.0.1:80"),
        ("[::1]:80", ":80"),
        ("0.0.0.0:80", "10.0.0.1:80"),
        ("127.0.0.1:80", "127.0.0.1:80"),
        ("unix:a", "unix:./a"),
        ("localhost:80", "LocalHost:80"),
        ("localhost:80", ":80"),
    ] {
        assert!(clash(a, b), "{a} {b}");
    }
    for (a, b) in [
        (":80", ":443"),
        (":0", ":0"),
        ("0.0.0.0:80", "[::]:80"),
        ("127.0.0.1:80", "[::1]:80"),
        ("unix:a", "unix:b"),
        (":80", "unix:80"),
        ("localhost:80", "localhost:81"),
        ("localhost:0", "localhost:0"),
        ("a.example:80", "b.example:80"),
    ] {
        assert!(!clash(a, b), "{a} {b}");
    }
}

#[test]
fn complaints_about_addresses_say_what_to_write_instead() {
    for (text, why) in [
        ("3000", "write `127.0.0.1:3000` for this machine only, or `:3000`"),
        ("127.0.0.1", "the port is missing"),
        ("::1", "a port is a number"),
        ("*:80", "write `:80` for every address"),
        ("localhost", "it is made of an address or a name and a port"),
        ("local host:80", "it is made of an address or a name and a port"),
        ("127.0.0.256:80", "it is made of an address or a name and a port"),
        ("localhost:http", "a port is a number"),
        ("https://[::1]:443", "leave out `https://`"),
        (":65536", "a port is a number"),
        (":+80", "a port is a number"),
        ("unix:", "the path of the socket is missing"),
        ("", "it is made of an address or a name and a port"),
    ] {
        let told = text.parse::<Address>().unwrap_err().to_string();
        assert!(told.contains(why), "{text}: {told}");
    }
    assert!(format!("unix:{}", "a".repeat(104)).parse::<Address>().is_err());
}

#[test]
fn an_address_says_whether_it_is_local() {
    for (text, local) in [
        ("127.0.0.1:80", true),
        ("[::1]:80", true),
        ("[::ffff:127.0.0.1]:80", true),
        ("unix:x", true),
        ("localhost:80", true),
        ("a.example:80", false),
        (":80", false),
        ("0.0.0.0:80", false),
        ("10.0.0.1:80", false),
    ] {
        assert_eq!(text.parse::<Address>().unwrap().is_local(), local, "{text}");
    }
}

proptest! {
    #[test]
    fn no_damage_to_a_configuration_makes_the_parser_panic(
        at in 0..FULL.len(),
        length in 0..40_usize,
        insert in "[\\[\\]{}\"'=.,:#\n0-9a-z\u{fc} -]{0,6}",
    ) {
        let mut text = format!("holm-server = 1{FULL}");
        text.replace_range(at + 15..text.len().min(at + 15 + length), &insert);
        let _ = Server::parse(&text, Path::new("server.toml"));
    }

    #[test]
    fn an_address_reads_back_as_itself(text in "(unix:|[0-9.]{0,9}|\\[[0-9:]{0,6}\\])?:?[0-9a-z]{0,6}") {
        if let Ok(address) = text.parse::<Address>() {
            prop_assert_eq!(address.to_string().parse::<Address>().unwrap(), address);
        }
    }
}
