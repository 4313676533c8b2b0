//! Extism's manifests: which modules make a plugin, and what it is granted.
//!
//! TOML or JSON, with the keys of extism/extism, `manifest/src/lib.rs`, and no others. What they allow becomes grants, what
//! they bound limits; relative paths are taken from the manifest's own folder.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use holm_engine::{Error, Kind, Result, Source};
use holm_grants::{DirGrant, Grants, HttpGrant, Limits};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::Bounds;

/// What a manifest says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The module whose functions are called.
    pub main: Module,
    /// Those that it may import functions of, by name. In the order of the manifest.
    pub modules: Vec<Module>,
    /// What the plugin may touch.
    pub grants: Grants,
    /// How much of it.
    pub limits: Limits,
    /// What Extism bounds beside.
    pub bounds: Bounds,
}

/// One module of a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// What others import from it by; `main` for the plugin's own.
    pub name: String,
    /// Where its bytes are.
    pub wasm: Wasm,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub hash: Option<String>,
}

/// Where the bytes of a module are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wasm {
    /// In this file.
    File(PathBuf),
    /// Here.
    Data(Vec<u8>),
}

impl Module {
    /// Its bytes, under this name in messages, if they are those that the manifest means.
    ///
    /// # Errors
    /// [`Kind::NotFound`] or [`Kind::Io`] when they cannot be read, [`Kind::Invalid`] when their hash is another.
    pub fn source(&self, name: &str) -> Result<Source> {
        let bytes = match &self.wasm {
            Wasm::File(path) => {
                let failed = |error: &std::io::Error| Error::io(format_args!("read {}", path.display()), error);
                std::fs::read(path).map_err(|error| failed(&error))?
            }
            Wasm::Data(bytes) => bytes.clone(),
        };
        self.check(&bytes)?;
        Source::from_bytes(name, bytes)
    }

    /// Whether these are the bytes that the manifest means.
    ///
    /// # Errors
    /// [`Kind::Invalid`] when their hash is another.
    pub fn check(&self, bytes: &[u8]) -> Result<()> {
        let Some(wanted) = &self.hash else { return Ok(()) };
        let digest = Sha256::digest(bytes);
        let mut found = String::with_capacity(64);
        for byte in digest {
            let _ = write!(found, "{byte:02x}");
        }
        match wanted.eq_ignore_ascii_case(&found) {
            true => Ok(()),
            false => {
                let name = &self.name;
                Err(Error::new(Kind::Invalid, format!("the module `{name}` has the hash {found}, not {wanted}")))
            }
        }
    }
}

/// The file's keys.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    wasm: Vec<Listed>,
    #[serde(default)]
    memory: Memory,
    #[serde(default)]
    config: BTreeMap<String, String>,
    allowed_hosts: Option<Vec<String>>,
    allowed_paths: Option<BTreeMap<String, String>>,
    timeout_ms: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory {
    max_pages: Option<u32>,
    max_http_response_bytes: Option<u64>,
    max_var_bytes: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    path: Option<PathBuf>,
    data: Option<String>,
    url: Option<String>,
    #[serde(rename = "headers")]
    _headers: Option<BTreeMap<String, String>>,
    #[serde(rename = "method")]
    _method: Option<String>,
    name: Option<String>,
    hash: Option<String>,
}

/// Reads a manifest that lies in the folder `dir`.
///
/// # Errors
/// [`Kind::Usage`] says what of it is wrong, or cannot be granted.
pub fn parse(text: &str, dir: &Path) -> Result<Manifest> {
    let document = read(text).map_err(|error| wrong(format!("the manifest of the plugin: {}", error.trim_end())))?;
    let (main, modules) = modules(document.wasm, dir)?;
    let usual = Bounds::default();
    let bounds = Bounds {
        vars: document.memory.max_var_bytes.unwrap_or(usual.vars),
        http_response: document.memory.max_http_response_bytes.unwrap_or(usual.http_response),
    };
    let limits = Limits {
        memory: document.memory.max_pages.map(|pages| u64::from(pages) << 16),
        wall: document.timeout_ms.map(Duration::from_millis),
        ..Limits::default()
    };
    let grants = Grants {
        http: document.allowed_hosts.iter().flatten().map(|host| http(host)).collect::<Result<_>>()?,
        dirs: document.allowed_paths.into_iter().flatten().map(|(host, guest)| directory(&host, guest, dir)).collect(),
        config: document.config,
        ..Grants::default()
    };
    Ok(Manifest { main, modules, grants, limits, bounds })
}

/// No TOML begins with a brace, and all JSON that may be one does.
fn read(text: &str) -> Result<Document, String> {
    match text.trim_start().starts_with('{') {
        true => serde_json::from_str(text).map_err(|error| error.to_string()),
        false => toml::from_str(text).map_err(|error| error.to_string()),
    }
}

const MAIN: &str = "main";

/// The plugin's own module, which is the one called `main`, or else the last; and the others.
fn modules(listed: Vec<Listed>, dir: &Path) -> Result<(Module, Vec<Module>)> {
    let (count, mut modules) = (listed.len(), Vec::<Module>::new());
    for (at, listed) in listed.into_iter().enumerate() {
        let mut module = listed.module(at, dir)?;
        let has = |modules: &[Module], name: &str| modules.iter().any(|module| module.name == name);
        if at + 1 == count && !has(&modules, MAIN) {
            module.name = MAIN.to_owned();
        }
        if has(&modules, &module.name) {
            return Err(wrong(format!("several modules of the plugin are called `{}`", module.name)));
        }
        modules.push(module);
    }
    match modules.iter().position(|module| module.name == MAIN) {
        Some(main) => Ok((modules.remove(main), modules)),
        None => Err(wrong("the manifest of the plugin lists no module under `wasm`")),
    }
}

impl Listed {
    fn module(self, at: usize, dir: &Path) -> Result<Module> {
        let wasm = match (self.path, self.data, self.url) {
            (Some(path), None, None) => Wasm::File(dir.join(path)),
            (None, Some(data), None) => {
                let bytes = BASE64_STANDARD.decode(data);
                Wasm::Data(bytes.map_err(|error| wrong(format!("`data` of wasm[{at}] is not base64: {error}")))?)
            }
            (None, None, Some(url)) => {
                return Err(wrong(format!("the module at {url} would have to be loaded over the network"))
                    .note("fetch it, and name the file with `path`"));
            }
            _ => return Err(wrong(format!("wasm[{at}] needs one of `path`, `data` and `url`"))),
        };
        Ok(Module { name: self.name.unwrap_or_else(|| MAIN.to_owned()), wasm, hash: self.hash })
    }
}

/// A host, on every port and with both schemes, as Extism means it.
fn http(host: &str) -> Result<HttpGrant> {
    let every_port = if host == "*" { host.to_owned() } else { format!("{host}:*") };
    every_port.parse().or_else(|_| host.parse()).map_err(|error| {
        wrong(format!("allowed_hosts has `{host}`, which no grant can say: {error}"))
            .note("a host is a name, an address, `*`, or `*.` and a name for all below it")
    })
}

fn directory(host: &str, guest: String, dir: &Path) -> DirGrant {
    let (path, read_only) = match host.strip_prefix("ro:") {
        Some(path) => (path, true),
        None => (host, false),
    };
    DirGrant { host: dir.join(path), guest, read_only }
}

fn wrong(message: impl Into<String>) -> Error {
    Error::new(Kind::Usage, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Manifest {
        parse(text, Path::new("/plugins")).unwrap()
    }

    fn refused(text: &str) -> String {
        parse(text, Path::new("/plugins")).unwrap_err().to_string()
    }

    #[test]
    fn everything_a_manifest_says_is_a_grant_a_limit_or_a_bound() {
        let toml = r#"
            allowed_hosts = ["api.example.com", "*.example.org", "127.0.0.1"]
            timeout_ms = 1500
            [[wasm]]
            path = "plugin.wasm"
            hash = "abc"
            [memory]
            max_pages = 16
            max_http_response_bytes = 5
            max_var_bytes = 0
            [config]
            vowels = "aeiou"
            [allowed_paths]
            "data" = "/data"
            "ro:/etc" = "/etc"
        "#;
        let json = r#"{"wasm": [{"path": "plugin.wasm", "hash": "abc"}], "config": {"vowels": "aeiou"},
            "allowed_hosts": ["api.example.com", "*.example.org", "127.0.0.1"], "timeout_ms": 1500,
            "allowed_paths": {"data": "/data", "ro:/etc": "/etc"},
            "memory": {"max_pages": 16, "max_http_response_bytes": 5, "max_var_bytes": 0}}"#;
        let manifest = of(toml);
        assert_eq!(manifest, of(json));
        assert_eq!(manifest.main.wasm, Wasm::File("/plugins/plugin.wasm".into()));
        assert_eq!(manifest.limits.memory, Some(1 << 20));
        assert_eq!(manifest.limits.wall, Some(Duration::from_millis(1500)));
        assert_eq!(manifest.bounds, Bounds { vars: 0, http_response: 5 });
        assert_eq!(manifest.grants.config["vowels"], "aeiou");
        let dirs: Vec<_> = manifest.grants.dirs.iter().map(ToString::to_string).collect();
        assert_eq!(dirs, ["/plugins/data::/data", "/etc:ro"]);
        let allows = |scheme: &str, host: &str, port| manifest.grants.allows_http(scheme, host, port, "/");
        assert!(allows("http", "api.example.com", 8080) && allows("https", "a.b.example.org", 443));
        assert!(allows("http", "127.0.0.1", 9) && !allows("https", "example.org", 443));
    }

    #[test]
    fn a_manifest_that_says_little_grants_nothing() {
        let manifest = of(r#"{"wasm": [{"data": "AGFzbQ=="}], "allowed_hosts": null, "allowed_paths": null}"#);
        assert_eq!(manifest.main.wasm, Wasm::Data(b"\0asm".to_vec()));
        assert!(manifest.grants.is_empty() && manifest.limits == Limits::default());
        assert_eq!(manifest.bounds, Bounds::default());
    }

    #[test]
    fn the_main_module_is_the_one_called_so_or_the_last() {
        let names = |wasm: &str| {
            let manifest = of(&format!(r#"{{"wasm": [{wasm}]}}"#));
            let others: Vec<_> = manifest.modules.iter().map(|module| module.name.clone()).collect();
            (manifest.main.wasm, others)
        };
        let file = |name: &str| Wasm::File(Path::new("/plugins").join(name));
        let (a, b, main) =
            (r#"{"path":"a","name":"a"}"#, r#"{"path":"b","name":"b"}"#, r#"{"path":"m","name":"main"}"#);
        assert_eq!(names(a), (file("a"), vec![]));
        assert_eq!(names(&format!("{a},{b}")), (file("b"), vec!["a".into()]));
        assert_eq!(names(&format!("{main},{a},{b}")), (file("m"), vec!["a".into(), "b".into()]));
        assert!(refused(&format!(r#"{{"wasm": [{a},{a},{b}]}}"#)).contains("called `a`"));
        assert!(refused(r#"{"wasm": [{"path":"x"},{"path":"y"}]}"#).contains("called `main`"));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, says) in [
            ("", "lists no module"),
            ("{}", "lists no module"),
            ("wasm = 5", "invalid type"),
            (r#"{"wasm": [], "more": 1}"#, "unknown field `more`"),
            (r#"{"wasm": [{}]}"#, "wasm[0] needs one of"),
            (r#"{"wasm": [{"path": "a", "data": ""}]}"#, "wasm[0] needs one of"),
            (r#"{"wasm": [{"data": "=="}]}"#, "not base64"),
            (r#"{"wasm": [{"data": {"ptr": 1, "len": 9}}]}"#, "expected a string"),
            (r#"{"wasm": [{"url": "https://a.example/p.wasm"}]}"#, "over the network"),
            (r#"{"wasm": [{"path": "a"}], "allowed_hosts": ["a.*.example"]}"#, "`a.*.example`, which no grant can say"),
            (r#"{"wasm": [{"path": "a"}], "memory": {"max_pages": -1}}"#, "invalid value"),
        ] {
            assert!(refused(text).contains(says), "{text}: {}", refused(text));
        }
    }

    #[test]
    fn a_module_is_the_one_that_was_meant() {
        let module = |hash: Option<&str>| Module {
            name: "main".into(),
            wasm: Wasm::Data(vec![]),
            hash: hash.map(str::to_owned),
        };
        let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert!(module(None).check(b"x").is_ok() && module(Some(&hash.to_uppercase())).check(b"").is_ok());
        assert!(module(Some(hash)).check(b"x").unwrap_err().to_string().contains(hash));
    }
}
