//! Manifests and indexes (OCI image specification 1.1, manifest.md, image-index.md; Docker's image manifest 2, schema 2).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::error::{Failure, RegistryError, Result};
use crate::limits;

/// A manifest of OCI.
pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// An index of OCI.
pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// A manifest of Docker.
pub(crate) const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// An index of Docker.
pub(crate) const DOCKER_INDEX: &str = "application/vnd.docker.distribution.manifest.list.v2+json";

/// Where content is: its digest, its size in bytes, and what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Descriptor {
    /// What it is.
    pub(crate) media_type: String,
    /// Its name.
    pub(crate) digest: Digest,
    /// Bytes of it.
    pub(crate) size: u64,
    /// What is said about it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) annotations: BTreeMap<String, String>,
    /// Of an index's entry: what it runs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) platform: Option<Platform>,
    /// Of an index's entry: what it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) artifact_type: Option<String>,
}

impl Descriptor {
    /// Of `bytes`.
    pub(crate) fn of(bytes: &[u8], media_type: &str) -> Self {
        Self {
            media_type: media_type.to_owned(),
            digest: Digest::of(bytes),
            size: bytes.len() as u64,
            annotations: BTreeMap::new(),
            platform: None,
            artifact_type: None,
        }
    }
}

/// What an image runs on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Platform {
    /// The processor: `wasm` for guests.
    pub(crate) architecture: String,
    /// The operating system: `wasi`, `wasip1`, `wasip2` for guests.
    pub(crate) os: String,
}

/// A configuration and layers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Manifest {
    /// Always 2.
    pub(crate) schema_version: u32,
    /// What it is; some leave it out, and say so in HTTP's headers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) media_type: Option<String>,
    /// What it is for, where its configuration does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) artifact_type: Option<String>,
    /// What describes the layers.
    pub(crate) config: Descriptor,
    /// What it is made of.
    pub(crate) layers: Vec<Descriptor>,
    /// What it is about: of a signature, what was signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<Descriptor>,
    /// What is said about it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) annotations: BTreeMap<String, String>,
}

/// Manifests for several platforms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Index {
    /// Always 2.
    pub(crate) schema_version: u32,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) media_type: Option<String>,
    /// The manifests.
    pub(crate) manifests: Vec<Descriptor>,
    /// What is said about it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) annotations: BTreeMap<String, String>,
}

/// What a tag or a digest turned out to name.
#[derive(Debug)]
pub(crate) enum Document {
    Manifest(Box<Manifest>),
    Index(Index),
}

/// Enough to tell them apart. One file that is both would be read as one thing here and another there (CVE-2021-41190).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    schema_version: Option<u32>,
    media_type: Option<String>,
    manifests: Option<serde::de::IgnoredAny>,
    layers: Option<serde::de::IgnoredAny>,
}

/// Reads a manifest or an index, of which HTTP's headers said that it is `said`.
pub(crate) fn read(bytes: &[u8], said: Option<&str>) -> Result<Document> {
    let wrong = |error: serde_json::Error| {
        let why = match error.classify() {
            serde_json::error::Category::Data => error.to_string(),
            _ => format!("not JSON as it should be, at line {} column {}", error.line(), error.column()),
        };
        RegistryError::invalid(format!("the manifest is broken: {why}"))
    };
    let head: Head = serde_json::from_slice(bytes).map_err(wrong)?;
    if head.manifests.is_some() && head.layers.is_some() {
        return Err(RegistryError::invalid("the manifest says that it is an index as well, so it is neither"));
    }
    let said = said.map(|said| said.split(';').next().unwrap_or(said).trim());
    let inside = head.media_type.as_deref();
    if head.schema_version != Some(2) {
        let error =
            RegistryError::new(Failure::Unsupported, "the manifest is of a form before OCI's and Docker's second");
        return Err(error.note("push it again with a newer tool"));
    }
    match inside.or(said) {
        Some(MANIFEST | DOCKER_MANIFEST) => {
            let manifest: Box<Manifest> = serde_json::from_slice(bytes).map_err(wrong)?;
            bounded(manifest.layers.len(), limits::LAYERS, "layers")?;
            Ok(Document::Manifest(manifest))
        }
        Some(INDEX | DOCKER_INDEX) => {
            let index: Index = serde_json::from_slice(bytes).map_err(wrong)?;
            bounded(index.manifests.len(), limits::PLATFORMS, "manifests")?;
            Ok(Document::Index(index))
        }
        other => {
            let other = other.unwrap_or("nothing that is said").escape_debug().to_string();
            Err(RegistryError::new(Failure::Unsupported, format!("the manifest is {other}, which holds no guest")))
        }
    }
}

fn bounded(count: usize, most: usize, what: &str) -> Result<()> {
    match count <= most {
        true => Ok(()),
        false => Err(RegistryError::invalid(format!("the manifest has {count} {what}; there may be {most}"))),
    }
}

/// The manifest for WebAssembly.
pub(crate) fn choose(index: &Index) -> Result<&Descriptor> {
    let is_wasm = |platform: &Platform| {
        platform.architecture.starts_with("wasm") || platform.os == "wasi" || platform.os.starts_with("wasip")
    };
    let fitting: Vec<&Descriptor> =
        index.manifests.iter().filter(|entry| entry.platform.as_ref().is_some_and(is_wasm)).collect();
    let unsaid: Vec<&Descriptor> = index.manifests.iter().filter(|entry| entry.platform.is_none()).collect();
    match (fitting.as_slice(), unsaid.as_slice()) {
        ([only], _) | ([], [only]) => Ok(only),
        ([], _) => {
            let error = RegistryError::new(Failure::Unsupported, "it is an index, and has nothing for WebAssembly");
            Err(error.note(format!("it has {}", platforms(&index.manifests))))
        }
        (several, _) => {
            let several: Vec<Descriptor> = several.iter().map(|entry| (*entry).clone()).collect();
            let error = RegistryError::usage("it is an index with several manifests for WebAssembly");
            Err(error.note(format!("name one by its digest: {}", platforms(&several))))
        }
    }
}

fn platforms(entries: &[Descriptor]) -> String {
    const SHOWN: usize = 8;
    let of = |entry: &Descriptor| {
        let platform = entry.platform.as_ref().map(|platform| format!("{}/{}", platform.os, platform.architecture));
        let text = format!("{} ({})", platform.as_deref().unwrap_or("no platform"), entry.digest);
        text.chars().filter(|c| !c.is_control()).take(150).collect::<String>()
    };
    let mut shown: Vec<String> = entries.iter().take(SHOWN).map(of).collect();
    match entries.len() {
        0 => return "no manifest at all".to_owned(),
        count if count > SHOWN => shown.push(format!("{} more", count - SHOWN)),
        _ => {}
    }
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(platform: Option<(&str, &str)>, content: &[u8]) -> Descriptor {
        let platform = platform.map(|(os, architecture)| Platform { os: os.into(), architecture: architecture.into() });
        Descriptor { platform, ..Descriptor::of(content, MANIFEST) }
    }

    fn index(manifests: Vec<Descriptor>) -> Index {
        Index { schema_version: 2, media_type: Some(INDEX.into()), manifests, annotations: BTreeMap::new() }
    }

    #[test]
    fn an_index_is_looked_through_for_webassembly() {
        for platform in [("wasi", "wasm"), ("wasip1", "wasm"), ("wasi", "wasm32"), ("linux", "wasm")] {
            let index = index(vec![
                entry(Some(("linux", "amd64")), b"a"),
                entry(Some(platform), b"b"),
                entry(Some(("unknown", "unknown")), b"c"),
            ]);
            assert_eq!(choose(&index).unwrap().digest, Digest::of(b"b"), "{platform:?}");
        }
        assert_eq!(choose(&index(vec![entry(None, b"x")])).unwrap().digest, Digest::of(b"x"));
    }

    #[test]
    fn an_index_that_does_not_decide_says_what_it_has() {
        let error = choose(&index(vec![entry(Some(("linux", "amd64")), b"a")])).unwrap_err();
        assert!(error.notes()[0].starts_with("it has linux/amd64 (sha256:"), "{error:?}");
        let two = index(vec![entry(Some(("wasi", "wasm")), b"a"), entry(Some(("wasip2", "wasm")), b"b")]);
        assert!(choose(&two).unwrap_err().notes()[0].contains("wasip2/wasm"));
        assert_eq!(choose(&index(vec![])).unwrap_err().notes(), ["it has no manifest at all"]);
    }

    #[test]
    fn what_is_two_things_at_once_is_neither() {
        let both =
            r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[],"layers":[]}"#;
        assert_eq!(read(both.as_bytes(), None).unwrap_err().failure(), Failure::Invalid);
    }

    #[test]
    fn hostile_manifests_are_refused() {
        let digest = Digest::of(b"");
        let layer = format!(r#"{{"mediaType":"application/wasm","digest":"{digest}","size":1}}"#);
        let manifest = |layers: &str, config: &str| {
            format!(r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","config":{config},"layers":[{layers}]}}"#)
        };
        assert!(read(manifest(&layer, &layer).as_bytes(), None).is_ok());
        let many = vec![layer.as_str(); 129].join(",");
        let deep = format!(r#"{{"schemaVersion":2,"x":{}"#, "[".repeat(1 << 20));
        let odd_digest = layer.replace("sha256", "md5");
        let negative = layer.replace("\"size\":1", "\"size\":-1");
        for hostile in [
            manifest(&many, &layer),
            deep,
            manifest(&odd_digest, &layer),
            manifest(&negative, &layer),
            manifest(&layer, "null"),
            String::new(),
            "null".to_owned(),
            r#"{"schemaVersion":1,"fsLayers":[]}"#.to_owned(),
            r#"{"schemaVersion":2,"mediaType":"text/html"}"#.to_owned(),
        ] {
            assert!(read(hostile.as_bytes(), None).is_err(), "{}", &hostile[..hostile.len().min(200)]);
        }
        assert!(read(&[0xff; 100], Some(MANIFEST)).is_err());
    }
}
