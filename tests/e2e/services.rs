//! Grants of services: HTTP, key-value stores, configuration.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use tempfile::tempdir;

use crate::servers;
use crate::support::{Holm, holm, run};

/// An HTTP server that answers every request with this until it is dropped.
struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn start(answer: impl Into<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (answer, seen) = (answer.into(), Arc::clone(&requests));
        let thread = thread::spawn(move || {
            // A connection without a request is how it is told to stop.
            while let Some((mut stream, request)) = next(&listener) {
                seen.lock().unwrap().push(request);
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self { address, requests, thread: Some(thread) }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(TcpStream::connect(self.address));
        let _ = self.thread.take().unwrap().join();
    }
}

/// The next request's first line and body.
fn next(listener: &TcpListener) -> Option<(TcpStream, String)> {
    let (stream, _) = listener.accept().unwrap();
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first).ok().filter(|length| *length > 0)?;
    let (mut length, mut chunked, mut line) = (0, false, String::new());
    while reader.read_line(&mut line).unwrap_or(0) > 2 {
        let header = line.to_ascii_lowercase();
        length = header.strip_prefix("content-length:").map_or(length, |value| value.trim().parse().unwrap());
        chunked |= header.starts_with("transfer-encoding: chunked");
        line.clear();
    }
    let body = if chunked { chunks(&mut reader) } else { exactly(&mut reader, length) };
    Some((reader.into_inner(), format!("{} {body}", first.trim_end()).trim_end().to_owned()))
}

fn exactly(reader: &mut BufReader<TcpStream>, length: usize) -> String {
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn chunks(reader: &mut BufReader<TcpStream>) -> String {
    let mut body = String::new();
    loop {
        let mut size = String::new();
        reader.read_line(&mut size).unwrap();
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        let chunk = exactly(reader, size + 2);
        if size == 0 {
            return body;
        }
        body.push_str(chunk.trim_end_matches("\r\n"));
    }
}

const HELLO: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello";

fn http(grants: &[&str], words: &[&str]) -> Holm {
    holm(["run"]).args(grants).guest("http.p2.wasm").args(words)
}

#[test]
fn a_guest_without_an_http_grant_sends_no_requests() {
    let server = Server::start(HELLO);
    let ended = http(&[], &[&server.url("/")]).ends();
    assert_eq!((ended.code, ended.stdout.starts_with("error: ")), (Some(1), true), "{ended:?}");
    let flag = format!("`--http http://{}` would grant it", server.address);
    assert!(ended.stderr.contains(&flag), "{ended:?}");
    assert!(server.requests().is_empty());
}

#[test]
fn a_guest_sends_requests_where_it_was_granted() {
    let server = Server::start(HELLO);
    let granted = http(&["--http", &server.url("")], &[&server.url("/a?b=c")]);
    assert_eq!(granted.prints().trim_end(), "status 200\nhello");
    assert_eq!(server.requests(), ["GET /a?b=c HTTP/1.1"]);
}

#[test]
fn a_guest_sends_a_body() {
    let server = Server::start(HELLO);
    let granted = http(&["--http", &server.url("")], &[&server.url("/"), "POST", "the body"]);
    assert_eq!(granted.prints().trim_end(), "status 200\nhello");
    assert_eq!(server.requests(), ["POST / HTTP/1.1 the body"]);
}

#[test]
fn nobody_answers_for_another_guest_of_an_app_that_is_not_served() {
    let url = "http://images.holm.internal";
    let ended = http(&["--http", url], &[url]).ends();
    assert_eq!((ended.code, ended.stdout.contains("DestinationNotFound")), (Some(1), true), "{ended:?}");
}

#[test]
fn an_http_grant_holds_for_its_scheme_host_port_and_path() {
    let server = Server::start(HELLO);
    let port = server.address.port();
    for grant in [
        "http://example.com".to_owned(),
        "http://127.0.0.1:1".to_owned(),
        format!("https://127.0.0.1:{port}"),
        format!("http://127.0.0.2:{port}"),
        format!("http://127.0.0.1:{port}/v1"),
    ] {
        let ended = http(&["--http", &grant], &[&server.url("/secret")]).ends();
        assert_eq!(ended.code, Some(1), "{grant}: {ended:?}");
    }
    assert!(server.requests().is_empty());
    let below = format!("http://127.0.0.1:{port}/v1");
    assert_eq!(http(&["--http", &below], &[&server.url("/v1/x")]).prints().trim_end(), "status 200\nhello");
}

#[test]
fn a_path_is_judged_as_the_server_will_see_it() {
    let server = Server::start(HELLO);
    let grant = server.url("/v1");
    for path in ["/v1/../secret", "/v1/%2e%2e/secret", "/v10", "/"] {
        let ended = http(&["--http", &grant], &[&server.url(path)]).ends();
        assert_eq!(ended.code, Some(1), "{path}: {ended:?}");
    }
    assert!(server.requests().is_empty(), "{:?}", server.requests());
}

#[test]
fn a_redirect_is_the_guests_to_follow() {
    let server =
        Server::start("HTTP/1.1 302 Found\r\nlocation: /secret\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let granted = http(&["--http", &server.url("/v1")], &[&server.url("/v1")]);
    assert_eq!(granted.prints().trim_end(), "status 302");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_name_does_not_lead_to_this_machine() {
    let server = Server::start(HELLO);
    let url = format!("http://localhost:{}/", server.address.port());
    let ended = http(&["--http", "http://*"], &[&url]).ends();
    assert_ne!(ended.code, Some(0), "{ended:?}");
    assert!(server.requests().is_empty());
}

#[test]
fn nobody_at_the_address_is_an_error_of_the_guest() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{free}/");
    let ended = http(&["--http", &format!("http://{free}")], &[&url]).ends();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), ""), "{ended:?}");
    assert!(ended.stdout.contains("ConnectionRefused"), "{ended:?}");
}

fn kv(home: &Path, grants: &[&str], words: &str) -> Holm {
    holm(["run"]).args(grants).guest("kv.p2.wasm").args(words.split(' ')).env("HOME", home)
}

#[test]
fn a_guest_without_a_grant_has_no_key_value_store() {
    let home = tempdir().unwrap();
    let ended = kv(home.path(), &[], "get default a").ends();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), "error: access denied\n"));
    insta::assert_snapshot!(ended.stderr, @"note: kv.p2.wasm asked for more than it was granted: `--kv=default` would grant it");
    let ended = kv(home.path(), &["--kv=mine"], "get other a").ends();
    insta::assert_snapshot!(ended.stderr, @"note: kv.p2.wasm asked for more than it was granted: `--kv=other` would grant it");
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn a_key_value_store_is_kept_between_runs() {
    let home = tempdir().unwrap();
    let default = |words: &str| kv(home.path(), &["--kv"], words).prints();
    assert_eq!(default("get default a"), "ok (none)\n");
    assert_eq!(default("set default a 1"), "ok\n");
    assert_eq!(default("get default a"), "ok 1\n");
    assert_eq!(default("increment default n 5"), "ok 5\n");
    assert_eq!(default("increment default n 2"), "ok 7\n");
    assert_eq!(default("set-many default b 2 c 3"), "ok\n");
    assert_eq!(default("get-many default a b z"), "ok a=1 b=2 -\n");
    assert_eq!(default("keys default"), "ok a b c n\n");
    assert_eq!(default("delete default a"), "ok\n");
    assert_eq!(default("exists default a"), "ok false\n");
}

#[test]
fn key_value_stores_of_different_names_are_different() {
    let home = tempdir().unwrap();
    let both = |words: &str| kv(home.path(), &["--kv=one", "--kv=two"], words).prints();
    both("set one a 1");
    assert_eq!(both("get two a"), "ok (none)\n");
    assert_eq!(both("get one a"), "ok 1\n");
}

#[test]
fn runs_at_the_same_time_count_together() {
    let home = tempdir().unwrap();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| kv(home.path(), &["--kv"], "increment default n 1").prints());
        }
    });
    assert_eq!(kv(home.path(), &["--kv"], "increment default n 0").prints(), "ok 8\n");
}

fn blob(home: &Path, grants: &[&str], words: &str) -> Holm {
    holm(["run"]).args(grants).guest("blob.p2.wasm").args(words.split(' ')).env("HOME", home)
}

#[test]
fn a_guest_without_a_grant_has_no_container_of_blobs() {
    let home = tempdir().unwrap();
    let ended = blob(home.path(), &[], "list images").ends();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), "error: access denied\n"));
    insta::assert_snapshot!(ended.stderr, @"note: blob.p2.wasm asked for more than it was granted: `--blob=images` would grant it");
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    let ended = holm(["run", "--audit"]).guest("blob.p2.wasm").args(["list", "images"]).ends();
    assert!(ended.stderr.contains("[grants]\nblob = [\"images\"]\n"), "{ended:?}");
}

#[test]
fn blobs_are_kept_between_runs_and_shared_by_name() {
    let home = tempdir().unwrap();
    let images = |words: &str| blob(home.path(), &["--blob=images", "--blob"], words).prints();
    assert_eq!(images("put images a first"), "ok\n");
    assert_eq!(images("get images a"), "ok 5 first\n");
    assert_eq!(images("list default"), "ok\n");
    assert_eq!(images("copy images a default b"), "ok\n");
    assert_eq!(blob(home.path(), &["--blob"], "get default b").prints(), "ok 5 first\n");
    // Beside key-value stores.
    assert_eq!(kv(home.path(), &["--kv"], "set default a 1").prints(), "ok\n");
    let kept = home.path().join(".local/state/holm");
    assert!(kept.join("stores.sqlite").is_file() && kept.join("stores.sqlite-blobs").is_dir());
}

/// What a guest says that is run with a manifest whose `[services]` are these.
fn under(home: &Path, file: &str, services: &str, words: &str) -> Holm {
    let manifest = home.join("holm.toml");
    let text = format!("holm = 1\n[grants]\nkv = \"default\"\nblob = \"images\"\n[services]\n{services}\n");
    fs::write(&manifest, text).unwrap();
    holm(["run", "--manifest"]).arg(manifest).guest(file).args(words.split(' ')).env("HOME", home)
}

#[test]
fn a_manifest_says_where_stores_are() {
    let home = tempdir().unwrap();
    let kv = |services: &str, words: &str| under(home.path(), "kv.p2.wasm", services, words).prints();
    assert_eq!(kv("kv.default = \"sqlite:mine/s.db\"", "set default a 1"), "ok\n");
    assert_eq!(kv("kv.default = \"sqlite:mine/s.db\"", "get default a"), "ok 1\n");
    assert!(home.path().join("mine/s.db").is_file());
    assert_eq!(kv("", "get default a"), "ok (none)\n");
    assert_eq!(kv("kv.default = \"memory\"", "set default a 1"), "ok\n");
    assert_eq!(kv("kv.default = \"memory\"", "get default a"), "ok (none)\n");
    let blob = |services: &str, words: &str| under(home.path(), "blob.p2.wasm", services, words).prints();
    assert_eq!(blob("blob.images = \"sqlite:mine/s.db\"", "put images a text"), "ok\n");
    assert_eq!(blob("blob.images = \"sqlite:mine/s.db\"", "get images a"), "ok 4 text\n");
    assert_eq!(blob("", "list images"), "ok\n");
}

#[test]
fn a_manifest_names_the_server_that_a_store_is_on() {
    for mut server in [servers::redis(), servers::nats()].into_iter().flatten() {
        let home = tempdir().unwrap();
        let services = format!("kv.default = \"{}\"", server.url(""));
        let kv = |words: &str| under(home.path(), "kv.p2.wasm", &services, words);
        assert_eq!(kv("increment default n 5").prints(), "ok 5\n");
        assert_eq!(kv("increment default n 2").prints(), "ok 7\n");
        assert_eq!(kv("set-many default b 2 c 3").prints(), "ok\n");
        assert_eq!(kv("get-many default b n z").prints(), "ok b=2 n=7 -\n");
        assert_eq!(kv("keys default").prints(), "ok b c n\n");
        server.stop();
        let ended = kv("get default n").ends();
        let said = "error: the store is unavailable; try again later\n";
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), said), "{ended:?}");
        assert!(ended.stderr.contains(&server.url("")) && ended.stderr.contains("[services]"), "{ended:?}");
        server.start_again();
        assert_eq!(kv("get default n").prints(), "ok 7\n");
    }
}

#[test]
fn a_store_is_reached_over_tls() {
    let home = tempdir().unwrap();
    let (cert, key) = (home.path().join("cert.pem"), home.path().join("key.pem"));
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(&cert, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    for server in [servers::redis_over_tls(&cert, &key), servers::nats_over_tls(&cert, &key)].into_iter().flatten() {
        let services = format!("kv.default = \"{}\"", server.url(""));
        let kv = |words: &str| under(home.path(), "kv.p2.wasm", &services, words);
        let trusting = |words: &str| kv(words).env("SSL_CERT_FILE", &cert).prints();
        assert_eq!(trusting("set default a 1"), "ok\n", "{}", server.url(""));
        assert_eq!(trusting("get default a"), "ok 1\n");
        let ended = kv("get default a").ends();
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (Some(1), "error: the store is unavailable; try again later\n")
        );
    }
}

#[test]
fn blobs_on_redis_are_refused_before_the_guest_runs() {
    let home = tempdir().unwrap();
    let services = "blob.images = \"redis://:hunter2@127.0.0.1:1\"";
    let refused = under(home.path(), "blob.p2.wasm", services, "list images").fails(125);
    assert!(refused.contains("keeps no blobs") && !refused.contains("hunter2"), "{refused}");
}

#[test]
fn a_guest_reads_the_configuration_it_was_given() {
    let config = |words: &str| {
        let given = holm(["run", "--config", "a=1", "--config", "b=x=y"]);
        given.guest("config.p2.wasm").args(words.split(' ')).ends()
    };
    assert_eq!(config("all").stdout, "a=1\nb=x=y\n");
    assert_eq!(config("get b").stdout, "x=y\n");
    assert_eq!(config("get c").stdout, "(none)\n");
    assert_eq!(run("config.p2.wasm").arg("all").prints().trim_end(), "");
}

#[test]
fn an_audit_names_the_configuration_that_was_missed() {
    let ended = holm(["run", "--audit"]).guest("config.p2.wasm").args(["get", "password"]).ends();
    assert_eq!(ended.stdout, "(none)\n");
    insta::assert_snapshot!(ended.stderr, @r#"
    note: it asked for more than it was granted; in a holm.toml this would grant it:
    [grants]
    config = { password = "" }
    "#);
}
