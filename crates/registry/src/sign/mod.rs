//! Signatures of manifests, as cosign makes and finds them (github.com/sigstore/cosign, specs/SIGNATURE_SPEC.md): a manifest
//! whose layers are texts that name what they are about, each with its signature in an annotation.
//!
//! Keys are all that counts here: neither certificates nor logs are looked at.

mod key;
mod payload;
mod referrers;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

pub use key::{PrivateKey, PublicKey};

use crate::client::{Body, Client, small};
use crate::digest::Digest;
use crate::error::{Failure, RegistryError, Result};
use crate::limits;
use crate::manifest::{self, Descriptor, Document, Index, Manifest};
use crate::pull::fetch;
use crate::push::{put_blob, put_manifest};
use crate::reference::Reference;
use crate::store::Store;

/// The media type of a text that is signed.
const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// What cosign calls a manifest of signatures that refers to what they are about.
const SIGNATURES: &str = "application/vnd.dev.cosign.artifact.sig.v1+json";
/// The annotation with the signature, in base64.
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
/// The configuration of a manifest that needs none (OCI image specification 1.1, manifest.md, "Guidance for an empty
/// descriptor").
const EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// A text and its signature, as the store keeps them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Signed {
    payload: String,
    signature: String,
}

impl Signed {
    /// Whether `key` signed that it is about `manifest`. The text is not looked at before.
    fn holds(&self, manifest: Digest, key: &PublicKey) -> bool {
        let decode = |text: &str| STANDARD.decode(text).unwrap_or_default();
        let (payload, signature) = (decode(&self.payload), decode(&self.signature));
        key.made(&signature, &payload) && payload::is_about(&payload, manifest)
    }
}

/// Checks that `key` signed the manifest with this digest. What was found once is enough where there is no network.
///
/// # Errors
/// Nobody signed it, somebody else did, or the registry fails.
pub(crate) async fn verify(client: &Client, store: &Store, manifest: Digest, key: &PublicKey) -> Result<()> {
    let kept: Vec<Signed> = store.signatures(manifest).unwrap_or_default();
    if kept.iter().any(|signed| signed.holds(manifest, key)) {
        return Ok(());
    }
    let late = |_| RegistryError::new(Failure::TimedOut, format!("the signatures of {manifest} take too long to come"));
    let found = timeout(limits::VERIFYING, find(client, manifest)).await.map_err(late)??;
    if let Some(good) = found.iter().find(|signed| signed.holds(manifest, key)) {
        let mut kept = kept;
        kept.truncate(limits::SIGNATURES - 1);
        kept.push(good.clone());
        return store.keep_signatures(manifest, &kept);
    }
    let refused = |what: &str| RegistryError::new(Failure::Denied, format!("{manifest} {what}"));
    Err(match found.len() {
        0 => refused("is not signed")
            .note("`holm push --sign KEY` signs what it pushes, and `cosign sign --key KEY` what is there"),
        1 => refused("is signed, but not by this key"),
        count => refused(&format!("has {count} signatures, none of them by this key")),
    })
}

/// Every signature that the registry has of `manifest`, up to a number.
async fn find(client: &Client, manifest: Digest) -> Result<Vec<Signed>> {
    let mut layers = Vec::new();
    if let Some(bytes) = referrers::cosign(client, manifest).await? {
        layers.extend(signatures(&bytes));
    }
    let fitting = |entry: &Descriptor| entry.artifact_type.as_deref().is_none_or(|kind| kind == SIGNATURES);
    let referring = referrers::list(client, manifest).await?;
    for entry in referring.iter().filter(|entry| fitting(entry)).take(limits::SIGNATURES) {
        let fetched = fetch(client, &entry.digest.to_string(), Some(entry.digest)).await?;
        layers.extend(signatures(&fetched.bytes));
    }
    let mut found: Vec<Signed> = Vec::new();
    for layer in layers.into_iter().take(limits::SIGNATURES) {
        let Some(signature) = layer.annotations.get(SIGNATURE) else { continue };
        let payload = STANDARD.encode(text(client, &layer).await?);
        let signed = Signed { payload, signature: signature.clone() };
        if !found.contains(&signed) {
            found.push(signed);
        }
    }
    Ok(found)
}

/// The signatures in a manifest, if it is one of signatures.
fn signatures(bytes: &[u8]) -> Vec<Descriptor> {
    let Ok(Document::Manifest(manifest)) = manifest::read(bytes, Some(manifest::MANIFEST)) else { return Vec::new() };
    manifest
        .layers
        .into_iter()
        .filter(|layer| layer.media_type == SIMPLE_SIGNING && layer.size <= limits::PAYLOAD)
        .collect()
}

async fn text(client: &Client, layer: &Descriptor) -> Result<Vec<u8>> {
    let what = "the text of a signature";
    let url = client.url(&format!("blobs/{}", layer.digest))?;
    let response = client.ask(Method::GET, &url, &[], Body::default()).await?;
    if !response.status().is_success() {
        return Err(client.refusal(response, what).await);
    }
    let bytes = small(response, limits::PAYLOAD, what).await?;
    match Digest::of(&bytes) == layer.digest {
        true => Ok(bytes),
        false => Err(RegistryError::invalid(format!("{what} is not the one that was asked for"))),
    }
}

/// Signs the manifest `signed`, which is in the repository of `reference`, and puts the signature beside it: where the
/// referrers API finds it, and under the tag where cosign looks first.
pub(crate) async fn sign(client: &Client, reference: &Reference, signed: &Descriptor, key: &PrivateKey) -> Result<()> {
    let payload = payload::write(signed.digest, &reference.repository());
    let signature = STANDARD.encode(key.sign(&payload)?);
    let layer = Descriptor {
        annotations: BTreeMap::from([(SIGNATURE.to_owned(), signature)]),
        ..Descriptor::of(&payload, SIMPLE_SIGNING)
    };
    let empty = Descriptor::of(b"{}", EMPTY);
    put_blob(client, payload.into(), layer.digest, &|_| {}).await?;
    put_blob(client, b"{}"[..].into(), empty.digest, &|_| {}).await?;
    let manifest = Manifest {
        schema_version: 2,
        media_type: Some(manifest::MANIFEST.to_owned()),
        artifact_type: Some(SIGNATURES.to_owned()),
        config: empty,
        layers: vec![layer.clone()],
        subject: Some(signed.clone()),
        annotations: BTreeMap::new(),
    };
    refer(client, signed.digest, &manifest).await?;
    under_cosigns_tag(client, signed.digest, manifest, layer).await
}

/// Puts a manifest that refers to another where the registry, or its tag, lists it.
async fn refer(client: &Client, subject: Digest, manifest: &Manifest) -> Result<()> {
    let bytes = json(manifest)?;
    let own =
        Descriptor { artifact_type: manifest.artifact_type.clone(), ..Descriptor::of(&bytes, manifest::MANIFEST) };
    let listed = put_manifest(client, &own.digest.to_string(), manifest::MANIFEST, bytes).await?;
    if listed || referrers::has_api(client, subject).await? {
        return Ok(());
    }
    let mut index = referrers::from_tag(client, subject).await?.unwrap_or_else(|| Index {
        schema_version: 2,
        media_type: Some(manifest::INDEX.to_owned()),
        manifests: Vec::new(),
        annotations: BTreeMap::new(),
    });
    if index.manifests.iter().all(|known| known.digest != own.digest) {
        index.manifests.push(own);
    }
    put_manifest(client, &referrers::tag(subject), manifest::INDEX, json(&index)?).await.map(drop)
}

/// Adds a signature to those under cosign's tag.
async fn under_cosigns_tag(client: &Client, subject: Digest, ours: Manifest, layer: Descriptor) -> Result<()> {
    let there = referrers::cosign(client, subject).await?;
    let there = there.and_then(|bytes| match manifest::read(&bytes, Some(manifest::MANIFEST)) {
        Ok(Document::Manifest(manifest)) => Some(manifest),
        _ => None,
    });
    let manifest = match there {
        Some(mut manifest) => {
            if manifest.layers.contains(&layer) {
                return Ok(());
            }
            manifest.layers.push(layer);
            manifest
        }
        None => Box::new(ours),
    };
    put_manifest(client, &referrers::cosign_tag(subject), manifest::MANIFEST, json(&manifest)?).await.map(drop)
}

fn json(value: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|error| RegistryError::new(Failure::Io, format!("no JSON: {error}")))
}
