//! What is signed: the "simple signing" text (github.com/containers/image, containers-signature(5)), as cosign has it.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// What cosign writes as the text's type, and compares it with.
const TYPE: &str = "cosign container image signature";

#[derive(Serialize, Deserialize)]
struct Payload {
    critical: Critical,
    optional: Option<serde_json::Map<String, serde_json::Value>>,
}

#[derive(Serialize, Deserialize)]
struct Critical {
    identity: Identity,
    image: Image,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Identity {
    docker_reference: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Image {
    docker_manifest_digest: String,
}

/// The text to sign about `manifest`, in the repository `name`.
pub(super) fn write(manifest: Digest, name: &str) -> Vec<u8> {
    let identity = Identity { docker_reference: name.to_owned() };
    let image = Image { docker_manifest_digest: manifest.to_string() };
    let critical = Critical { identity, image, kind: TYPE.to_owned() };
    // Made of strings alone, so that there is nothing that could fail.
    serde_json::to_vec(&Payload { critical, optional: None }).unwrap_or_default()
}

/// Whether a text, whose signature was verified, is about `manifest`.
pub(super) fn is_about(text: &[u8], manifest: Digest) -> bool {
    let Ok(payload) = serde_json::from_slice::<Payload>(text) else { return false };
    let critical = payload.critical;
    // Podman's tools write another type for the same thing.
    let known = critical.kind == TYPE || critical.kind == "atomic container signature";
    known && critical.image.docker_manifest_digest == manifest.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_cosigns() {
        let digest = Digest::of(b"");
        let text = String::from_utf8(write(digest, "ghcr.io/a/b")).unwrap();
        let expected = format!(
            r#"{{"critical":{{"identity":{{"docker-reference":"ghcr.io/a/b"}},"image":{{"docker-manifest-digest":"{digest}"}},"type":"cosign container image signature"}},"optional":null}}"#
        );
        assert_eq!(text, expected);
        assert!(is_about(text.as_bytes(), digest) && !is_about(text.as_bytes(), Digest::of(b"x")));
    }

    #[test]
    fn a_text_about_something_else_is_none() {
        let digest = Digest::of(b"");
        let text = String::from_utf8(write(digest, "a")).unwrap();
        for other in ["", "{}", "null", &text.replace("cosign container", "some other"), &text[1..]] {
            assert!(!is_about(other.as_bytes(), digest), "{other}");
        }
    }
}
