//! A server that answers as a test wants it to, be that HTTP or not.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use tempfile::TempDir;

use crate::http::{MANIFEST, digest};
use crate::support::{Holm, holm};

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: String,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let line = self.headers.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}:")))?;
        Some(line.split_once(':')?.1.trim())
    }
}

/// What is sent back, byte for byte; the connection is closed then.
pub(crate) enum Answer {
    Bytes(Vec<u8>),
    /// These, and then these again and again, until nobody reads them.
    Endless(Vec<u8>, Vec<u8>),
    /// These, and then nothing, but the connection stays.
    Silence(Vec<u8>),
}

pub(crate) fn ok(headers: &str, body: &[u8]) -> Answer {
    status("200 OK", &format!("Content-Length: {}\r\n{headers}", body.len()), body)
}

pub(crate) fn status(line: &str, headers: &str, body: &[u8]) -> Answer {
    let mut bytes = format!("HTTP/1.1 {line}\r\nConnection: close\r\n{headers}\r\n").into_bytes();
    bytes.extend(body);
    Answer::Bytes(bytes)
}

pub(crate) fn not_found() -> Answer {
    status("404 Not Found", "Content-Length: 0\r\n", b"")
}

/// A server, for as long as the test lasts, and what its user has.
pub(crate) struct Stranger {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    home: TempDir,
}

pub(crate) fn stranger(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Stranger {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let (asked, answer) = (Arc::<Mutex<Vec<Asked>>>::default(), Arc::new(answer));
    let seen = Arc::clone(&asked);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
            thread::spawn(move || {
                let Some(request) = read(&client) else { return };
                seen.lock().unwrap().push(request.clone());
                send(client, answer(&request));
            });
        }
    });
    Stranger { address, asked, home: tempfile::tempdir().unwrap() }
}

/// A registry that has what it is given: manifests and blobs by their path behind the repository's name.
pub(crate) fn registry_of(content: BTreeMap<String, Vec<u8>>) -> Stranger {
    stranger(move |asked| {
        let wanted = asked.path.strip_prefix("/v2/app/").unwrap_or_default();
        match content.get(wanted) {
            Some(bytes) if wanted.starts_with("manifests/") => ok(&format!("Content-Type: {MANIFEST}\r\n"), bytes),
            Some(bytes) => ok("", bytes),
            None => not_found(),
        }
    })
}

/// A manifest under the tag `1`, and blobs by their digests.
pub(crate) fn content(manifest: &str, blobs: &[&[u8]]) -> BTreeMap<String, Vec<u8>> {
    let mut all: BTreeMap<_, _> = blobs.iter().map(|blob| (format!("blobs/{}", digest(blob)), blob.to_vec())).collect();
    all.insert("manifests/1".to_owned(), manifest.as_bytes().to_vec());
    all.insert(format!("manifests/{}", digest(manifest.as_bytes())), manifest.as_bytes().to_vec());
    all
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        if line == "\r\n" {
            break;
        }
        lines.push(line);
    }
    let mut first = lines.first()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let asked = Asked { method, path, headers: lines[1..].concat() };
    let length = asked.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    reader.take(length).read_to_end(&mut Vec::new()).ok()?;
    Some(asked)
}

fn send(mut to: TcpStream, answer: Answer) {
    // Whoever has heard enough closes the connection.
    let _ = match answer {
        Answer::Bytes(bytes) => to.write_all(&bytes),
        Answer::Endless(first, again) => to.write_all(&first).and_then(|()| {
            loop {
                to.write_all(&again)?;
            }
        }),
        Answer::Silence(bytes) => to.write_all(&bytes).and_then(|()| to.read_to_end(&mut Vec::new()).map(drop)),
    };
}

impl Stranger {
    /// `127.0.0.1:PORT/app:1`
    pub(crate) fn reference(&self) -> String {
        format!("{}/app:1", self.address)
    }

    /// `holm WORDS…` of its user.
    pub(crate) fn holm<const N: usize>(&self, words: [&str; N]) -> Holm {
        let stranger = self.address.to_string();
        holm(words).cache(&self.cache()).naming(self.home.path(), "[home]").naming(stranger.as_ref(), "[stranger]")
    }

    pub(crate) fn home(&self) -> &std::path::Path {
        self.home.path()
    }

    pub(crate) fn cache(&self) -> std::path::PathBuf {
        self.home.path().join("cache")
    }

    /// `holm pull` of what it has, which fails; what it says.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32) -> String {
        self.holm(["pull", &self.reference()]).fails(code)
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// No guest, no tag and no half of anything is in the store.
    #[track_caller]
    pub(crate) fn left_nothing(&self) {
        for folder in ["blobs", "partial", "images", "tags"] {
            let files: Vec<_> = std::fs::read_dir(self.cache().join("oci").join(folder))
                .into_iter()
                .flatten()
                .map(|entry| entry.unwrap().path())
                .collect();
            assert!(files.is_empty(), "{files:?}");
        }
    }
}
