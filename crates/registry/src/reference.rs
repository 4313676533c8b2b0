//! `HOST/NAME[:TAG][@DIGEST]`

use std::fmt;
use std::str::FromStr;

use crate::digest::Digest;
use crate::error::{RegistryError, Result};

/// What a reference begins with where files can be named too.
pub const SCHEME: &str = "oci://";
/// The tag that is meant where none is said.
const LATEST: &str = "latest";
/// The longest name with its host that registries take (distribution specification 1.1, "Pulling manifests").
const LONGEST: usize = 255;
/// Docker's registry has one name for people and another for programs.
const DOCKER: &str = "docker.io";

/// A tag, or a digest, in a repository of a registry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reference {
    host: String,
    name: String,
    tag: Option<String>,
    digest: Option<Digest>,
}

impl Reference {
    /// Whether `text` begins like one where files can be named too: `oci://…`.
    pub fn is_one(text: &str) -> bool {
        text.starts_with(SCHEME)
    }

    /// The registry, with its port if it has one: as it is written.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The repository.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The tag; `latest` where neither a tag nor a digest is said.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest, which names one content for ever.
    pub fn digest(&self) -> Option<Digest> {
        self.digest
    }

    /// What names the manifest in the registry's addresses: the digest, else the tag.
    pub(crate) fn wanted(&self) -> String {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => digest.to_string(),
            (None, tag) => tag.clone().unwrap_or_else(|| LATEST.to_owned()),
        }
    }

    /// The same repository at this digest.
    #[must_use]
    pub fn at(&self, digest: Digest) -> Self {
        Self { tag: None, digest: Some(digest), ..self.clone() }
    }

    /// The last part of the repository's name: what the guest is called.
    pub fn short(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }

    /// The repository with its host.
    pub fn repository(&self) -> String {
        format!("{}/{}", self.host, self.name)
    }

    /// The host to ask, with its port: Docker's registry answers under another name.
    pub(crate) fn server(&self) -> &str {
        if self.host == DOCKER { "registry-1.docker.io" } else { &self.host }
    }
}

/// With `oci://`.
impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}/{}", self.host, self.name)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        self.digest.iter().try_for_each(|digest| write!(f, "@{digest}"))
    }
}

impl FromStr for Reference {
    type Err = RegistryError;

    /// Reads it with or without `oci://`.
    fn from_str(text: &str) -> Result<Self> {
        let bare = text.strip_prefix(SCHEME).unwrap_or(text);
        let wrong = |why: &str| {
            let text = text.escape_debug();
            RegistryError::usage(format!("`{text}` is no reference: {why}"))
                .note("write HOST/NAME:TAG or HOST/NAME@sha256:…, as in ghcr.io/someone/app:1.0")
        };
        let (host, rest) = bare.split_once('/').ok_or_else(|| wrong("it has no registry"))?;
        if !is_host(host) {
            return Err(wrong(&format!("`{}` is no registry's host", host.escape_debug())));
        }
        let (rest, digest) = match rest.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.parse().map_err(|why| wrong(&format!("its digest {why}")))?)),
            None => (rest, None),
        };
        let (name, tag) = match rest.split_once(':') {
            Some((name, tag)) => (name, Some(tag.to_owned())),
            None => (rest, digest.is_none().then(|| LATEST.to_owned())),
        };
        if tag.as_deref().is_some_and(|tag| !is_tag(tag)) {
            return Err(wrong(
                "a tag is up to 128 letters, digits, `_`, `.` and `-`, and begins with none of the last two",
            ));
        }
        if host.len() + name.len() > LONGEST || !name.split('/').all(is_component) {
            return Err(wrong(
                "a repository's name is made of lower-case letters and digits, `/` between its parts, and single `.`, `_` \
                 or `-` inside them",
            ));
        }
        let docker = matches!(host, "docker.io" | "index.docker.io" | "registry-1.docker.io");
        let (host, name) = match (docker, name.contains('/')) {
            (true, false) => (DOCKER, format!("library/{name}")),
            (true, true) => (DOCKER, name.to_owned()),
            (false, _) => (host, name.to_owned()),
        };
        Ok(Self { host: host.to_ascii_lowercase(), name, tag, digest })
    }
}

/// A name with a dot, an address, anything with a port, or `localhost`: what else there is in front of a slash is a
/// folder of a registry that was left out.
fn is_host(host: &str) -> bool {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => {
            let Some((address, port)) = rest.split_once(']') else { return false };
            if address.parse::<std::net::Ipv6Addr>().is_err() {
                return false;
            }
            match port.strip_prefix(':') {
                Some(port) => return is_port(port),
                None => return port.is_empty(),
            }
        }
        None => host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port))),
    };
    let label = |label: &str| {
        let plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        plain && !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-')
    };
    name.split('.').all(label)
        && port.is_none_or(is_port)
        && (port.is_some() || name.contains('.') || name.eq_ignore_ascii_case("localhost"))
}

fn is_port(port: &str) -> bool {
    port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
}

fn is_tag(tag: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let mut bytes = tag.bytes();
    tag.len() <= 128 && bytes.next().is_some_and(word) && bytes.all(|byte| word(byte) || byte == b'.' || byte == b'-')
}

/// One part of a repository's name: words of lower-case letters and digits, between them `.`, `_`, `__` or any number of
/// `-` (distribution specification 1.1, "Pulling manifests").
fn is_component(part: &str) -> bool {
    let word = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9');
    let bytes = part.as_bytes();
    if !bytes.first().copied().is_some_and(word) || !bytes.last().copied().is_some_and(word) {
        return false;
    }
    part.split(|c: char| c.is_ascii() && word(c as u8))
        .all(|between| matches!(between, "" | "." | "_" | "__") || between.bytes().all(|byte| byte == b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn read(text: &str) -> Reference {
        text.parse().unwrap()
    }

    #[test]
    fn a_reference_is_read_with_and_without_its_scheme() {
        let plain = read("ghcr.io/someone/tools/app:1.0");
        assert_eq!(plain, read("oci://ghcr.io/someone/tools/app:1.0"));
        assert_eq!((plain.host(), plain.name(), plain.tag()), ("ghcr.io", "someone/tools/app", Some("1.0")));
        assert_eq!(plain.to_string(), "oci://ghcr.io/someone/tools/app:1.0");
        assert_eq!(plain.short(), "app");
    }

    #[test]
    fn without_tag_and_digest_the_latest_is_meant() {
        assert_eq!(read("localhost:5000/app").tag(), Some("latest"));
        let by_digest = read(&format!("localhost:5000/app@sha256:{HEX}"));
        assert_eq!((by_digest.tag(), by_digest.digest()), (None, Some(Digest::of(b""))));
        let both = read(&format!("[::1]:5000/app:1@sha256:{HEX}"));
        assert_eq!((both.host(), both.tag(), both.wanted()), ("[::1]:5000", Some("1"), format!("sha256:{HEX}")));
        assert_eq!(both.at(Digest::of(b"")).to_string(), format!("oci://[::1]:5000/app@sha256:{HEX}"));
    }

    #[test]
    fn dockers_registry_has_two_names_and_a_library() {
        let short = read("docker.io/hello:1");
        assert_eq!((short.host(), short.name()), ("docker.io", "library/hello"));
        assert_eq!(short.server(), "registry-1.docker.io");
        assert_eq!(read("index.docker.io/a/b:1"), read("docker.io/a/b:1"));
    }

    #[test]
    fn what_would_lead_elsewhere_is_no_reference() {
        for text in [
            "",
            "app",
            "app:1",
            "someone/app",
            "oci://",
            "oci:///app",
            "ghcr.io/",
            "ghcr.io//app",
            "ghcr.io/../app",
            "ghcr.io/a/../../b:1",
            "ghcr.io/App",
            "ghcr.io/app:",
            "ghcr.io/app:-1",
            "ghcr.io/app:a/b",
            "ghcr.io/app:../x",
            "ghcr.io/app@sha256:00",
            "ghcr.io/app?x=1",
            "ghcr.io/app#x",
            "ghcr.io/a b",
            "user:password@ghcr.io/app",
            "user@ghcr.io/app",
            "https://ghcr.io/app",
            "ghcr.io:0/app",
            "ghcr.io:99999/app",
            "ghcr.io:+80/app",
            "[::1/app",
            "[::1]x/app",
            "-a.example/app",
            "a..example/app",
            "ghcr.io/app\n",
        ] {
            assert!(text.parse::<Reference>().is_err(), "{text:?}");
        }
        assert!(format!("ghcr.io/{}", "a".repeat(300)).parse::<Reference>().is_err());
        assert!(format!("ghcr.io/a:{}", "a".repeat(129)).parse::<Reference>().is_err());
    }

    #[test]
    fn names_may_have_what_the_specification_lets_them_have() {
        for text in
            ["a.b/a.b-c__d/e---f_g:A_1.x-y", "127.0.0.1:80/a", "localhost/a", "xn--e1afmkfd.example/a", "[::1]/a"]
        {
            assert_eq!(
                read(text).to_string(),
                format!("oci://{}{}", text, if text.contains(":A") { "" } else { ":latest" })
            );
        }
    }
}
