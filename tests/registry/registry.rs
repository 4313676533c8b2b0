//! A real registry, on a free port of this machine, for as long as a test needs it.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::http;
use crate::support::{Holm, PATIENCE, guest, holm};

/// `ada:lace`, as `htpasswd -B` writes it.
const ADA: &str = "ada:$2b$04$sVG9U8aoHoFNIMbogmbtfezbyaMoBkGkfD9xDe3Ne0vIgqq3z.sSC\n";

/// A registry, which ends when it is dropped, and what a user of it has.
pub(crate) struct Registry {
    child: Option<Child>,
    port: u16,
    home: TempDir,
}

/// A registry that asks nobody who he is, or `None` where there is none.
pub(crate) fn registry() -> Option<Registry> {
    start("")
}

/// A registry that knows Ada, by her password.
pub(crate) fn with_passwords() -> Option<Registry> {
    start("auth: {htpasswd: {realm: test, path: HOME/htpasswd}}\n")
}

fn start(more: &str) -> Option<Registry> {
    if Command::new("docker-registry").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        assert!(std::env::var_os("CI_SERVERS").is_none(), "docker-registry is not installed");
        eprintln!("skipped: docker-registry is not installed");
        return None;
    }
    let home = tempfile::tempdir().unwrap();
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let config = format!(
        "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: HOME/data}}, delete: {{enabled: true}}}}\n\
         http: {{addr: \"127.0.0.1:{port}\"}}\n{more}"
    );
    let config = config.replace("HOME", &home.path().display().to_string());
    fs::write(home.path().join("config.yml"), config).unwrap();
    fs::write(home.path().join("htpasswd"), ADA).unwrap();
    let mut registry = Registry { child: None, port, home };
    registry.start_again();
    Some(registry)
}

impl Registry {
    pub(crate) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// `127.0.0.1:PORT/NAME`
    pub(crate) fn at(&self, name: &str) -> String {
        format!("{}/{name}", self.address())
    }

    /// A folder that goes away with it.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Where its user's store is.
    pub(crate) fn cache(&self) -> std::path::PathBuf {
        self.home().join("cache")
    }

    /// `holm WORDS…` of its user.
    pub(crate) fn holm<const N: usize>(&self, words: [&str; N]) -> Holm {
        holm(words)
            .cache(&self.cache())
            .naming(self.home(), "[home]")
            .naming(Path::new(&self.address().to_string()), "[registry]")
    }

    /// Pushes one of our guests, and returns its reference by digest.
    pub(crate) fn push(&self, name: &str, file: &str) -> String {
        let pushed = holm(["push", &self.at(name)]).cache(&self.cache()).guest(file).prints();
        pushed.trim_end().to_owned()
    }

    /// Puts a blob there without Holm; returns its digest.
    pub(crate) fn put_blob(&self, name: &str, bytes: &[u8]) -> String {
        http::put_blob(self.address(), name, bytes)
    }

    /// Puts a manifest there without Holm.
    pub(crate) fn put_manifest(&self, name: &str, tag: &str, media_type: &str, text: &str) {
        let path = format!("/v2/{name}/manifests/{tag}");
        let answer =
            http::ask(self.address(), "PUT", &path, &format!("Content-Type: {media_type}\r\n"), text.as_bytes());
        assert_eq!(answer.status, 201, "{answer:?}");
    }

    /// A manifest as it is there.
    pub(crate) fn manifest(&self, name: &str, tag: &str) -> serde_json::Value {
        let accept = "Accept: application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json\r\n";
        let answer = http::ask(self.address(), "GET", &format!("/v2/{name}/manifests/{tag}"), accept, b"");
        assert_eq!(answer.status, 200, "{answer:?}");
        serde_json::from_slice(&answer.body).unwrap()
    }

    /// A blob as it is there.
    pub(crate) fn blob(&self, name: &str, digest: &str) -> Vec<u8> {
        let answer = http::ask(self.address(), "GET", &format!("/v2/{name}/blobs/{digest}"), "", b"");
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    }

    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub(crate) fn start_again(&mut self) {
        let mut command = Command::new("docker-registry");
        command.arg("serve").arg(self.home().join("config.yml"));
        command.env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.child = Some(command.spawn().unwrap());
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(self.address()).is_err() {
            assert!(Instant::now() < deadline, "docker-registry did not start");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A module of about so many bytes, which no compression makes smaller and nothing has to compile.
pub(crate) fn large(size: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut noise = vec![1, b'x'];
    while noise.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        noise.extend(state.to_le_bytes());
    }
    let mut module = b"\0asm\x01\0\0\0\0".to_vec();
    let mut length = noise.len();
    while length >= 0x80 {
        module.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    module.push(length as u8);
    module.extend(noise);
    module
}

/// The bytes of one of our guests.
pub(crate) fn bytes(file: &str) -> Vec<u8> {
    fs::read(guest(file)).unwrap()
}
