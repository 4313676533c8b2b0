//! Components that lie elsewhere.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;

use sha2::{Digest as _, Sha256};

use crate::app::{App, HELLO, manifest};
use crate::support::guest;

/// A site with one component at `/a.wasm`, to which `/moved` leads, and how often it was asked for it. Ends with this process.
fn site() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, asked) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&asked);
    let bytes = std::fs::read(guest("spin-sdk3-hello.wasm")).unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            let first = lines.next().unwrap_or_default();
            while lines.next().is_some_and(|line| !line.is_empty()) {}
            let (head, body) = if first.starts_with("GET /a.wasm ") {
                counted.fetch_add(1, SeqCst);
                ("200 OK\r\n", bytes.as_slice())
            } else if first.starts_with("GET /moved ") {
                ("302 Found\r\nlocation: /a.wasm\r\n", &[][..])
            } else {
                ("404 Not Found\r\n", &[][..])
            };
            let head = format!("HTTP/1.1 {head}content-length: {}\r\nconnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
        }
    });
    (format!("http://{address}"), asked)
}

fn digest() -> String {
    let bytes = std::fs::read(guest("spin-sdk3-hello.wasm")).unwrap();
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn app(url: &str, digest: &str) -> App {
    App::of(&manifest(&format!("{{ url = \"{url}\", digest = \"sha256:{digest}\" }}"), ""), &[])
}

#[test]
fn a_component_at_a_url_is_downloaded_once() {
    let ((site, asked), cache) = (site(), tempfile::tempdir().unwrap());
    for path in ["a.wasm", "moved", "a.wasm"] {
        let app = app(&format!("{site}/{path}"), &digest());
        let command = app.holm(&["serve", ".", "--addr", "127.0.0.1:0"]).cache(cache.path());
        assert_eq!(crate::server::start(command).get("/").said(), HELLO, "{path}");
    }
    // Once by each of its names.
    assert_eq!(asked.load(SeqCst), 2);
}

#[test]
fn what_is_not_as_the_manifest_says_is_not_served() {
    let ((site, _), cache) = (site(), tempfile::tempdir().unwrap());
    let fails = |path: &str, digest: &str, code| {
        let app = app(&format!("{site}/{path}"), digest);
        app.holm(&["serve", "."]).cache(cache.path()).fails(code)
    };
    let said = fails("a.wasm", &"0".repeat(64), 126);
    assert!(said.contains("is not what the manifest says") && said.contains(&digest()), "{said}");
    let said = fails("none.wasm", &digest(), 125);
    assert!(said.contains("cannot be downloaded: the server answers 404"), "{said}");
}
