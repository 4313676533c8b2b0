//! Just enough HTTP to look at a registry without Holm.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};

use crate::support::PATIENCE;

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

/// One request on a connection of its own.
pub(crate) fn ask(to: SocketAddr, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.0\r\nHost: {to}\r\nContent-Length: {length}\r\n{headers}\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    let end = all.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(all[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head, body: all[end + 4..].to_vec() }
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        let line = self.head.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}:"))).unwrap();
        line.split_once(':').unwrap().1.trim()
    }
}

/// Puts a blob on a registry; returns its digest.
pub(crate) fn put_blob(to: SocketAddr, name: &str, bytes: &[u8]) -> String {
    let digest = digest(bytes);
    let opened = ask(to, "POST", &format!("/v2/{name}/blobs/uploads/"), "", b"");
    assert_eq!(opened.status, 202, "{opened:?}");
    let location = opened.header("location").to_owned();
    let path = location.strip_prefix(&format!("http://{to}")).unwrap_or(&location);
    let put = ask(to, "PUT", &format!("{path}&digest={digest}"), "Content-Type: application/octet-stream\r\n", bytes);
    assert_eq!(put.status, 201, "{put:?}");
    digest
}

/// `sha256:…`, by another program than the one that is tested.
pub(crate) fn digest(bytes: &[u8]) -> String {
    let mut child = Command::new("sha256sum").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    let output = child.wait_with_output().unwrap();
    format!("sha256:{}", std::str::from_utf8(&output.stdout).unwrap().split(' ').next().unwrap())
}

/// A descriptor, as JSON.
pub(crate) fn descriptor(media_type: &str, bytes: &[u8], more: &str) -> String {
    let mut text = format!(r#"{{"mediaType":"{media_type}","digest":"{}","size":{}"#, digest(bytes), bytes.len());
    write!(text, "{more}}}").unwrap();
    text
}

pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(crate) const WASM: &str = "application/wasm";

/// A manifest with these descriptors as its layers, and an empty configuration.
pub(crate) fn manifest(layers: &str) -> String {
    let config = descriptor("application/vnd.wasm.config.v0+json", b"{}", "");
    format!(r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","config":{config},"layers":[{layers}]}}"#)
}
