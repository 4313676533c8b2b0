//! From a guest to a registry, in the CNCF's layout for WebAssembly.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, StatusCode};

use crate::access::Access;
use crate::client::{Body, Client, Purpose};
use crate::config::{self, WasmConfig};
use crate::digest::Digest;
use crate::error::{Failure, RegistryError, Result};
use crate::image::{WASM_CONFIG, WASM_LAYER};
use crate::limits;
use crate::manifest::{self, Descriptor, Manifest};
use crate::progress::Progress;
use crate::pull::TITLE;
use crate::reference::Reference;
use crate::sign::{self, PrivateKey};

/// When an artifact was made (OCI image specification 1.1, annotations.md).
const CREATED: &str = "org.opencontainers.image.created";

/// Told how far it is, from whatever thread sends.
pub type OnPushed = Arc<dyn Fn(Progress) + Send + Sync>;

/// A guest to push.
pub struct Push<'a> {
    /// How the registry is reached, and as whom.
    pub access: &'a Access,
    /// The guest: a binary module or component.
    pub guest: Bytes,
    /// What its file is called.
    pub title: &'a str,
    /// When it was made. The same guest pushed with the same time has the same digest.
    pub created: SystemTime,
    /// What else to say about it. Wins over what the guest says of itself.
    pub annotations: BTreeMap<String, String>,
    /// What to sign it with.
    pub sign: Option<&'a PrivateKey>,
    /// Told how far it is.
    pub progress: OnPushed,
}

/// What is on the registry now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// The repository at the manifest's digest.
    pub reference: Reference,
    /// The manifest's digest.
    pub manifest: Digest,
    /// The guest's own.
    pub guest: Digest,
    /// Its bytes.
    pub size: u64,
}

impl Push<'_> {
    /// Pushes it under the tag of `reference`.
    ///
    /// # Errors
    /// It is no guest, `reference` is a digest, or the registry refuses or fails.
    pub async fn push(&self, reference: &Reference) -> Result<Pushed> {
        let Some(tag) = reference.tag().filter(|_| reference.digest().is_none()) else {
            let error =
                RegistryError::usage(format!("{reference} is a digest, which only follows from what is pushed"));
            return Err(error.note("push to a tag, as in HOST/NAME:1.0; the digest is printed then"));
        };
        if self.guest.len() as u64 > limits::GUEST {
            let most = holm_grants::format_size(limits::GUEST);
            return Err(RegistryError::usage(format!("the guest has more than {most}, which nobody would pull")));
        }
        let guest = Descriptor {
            annotations: BTreeMap::from([(TITLE.to_owned(), self.title.to_owned())]),
            ..Descriptor::of(&self.guest, WASM_LAYER)
        };
        let said = config::describe(&self.guest)?;
        let created = humantime::format_rfc3339_seconds(self.created).to_string();
        let mut annotations = said.annotations;
        annotations.insert(TITLE.to_owned(), self.title.to_owned());
        annotations.insert(CREATED.to_owned(), created.clone());
        annotations.extend(self.annotations.clone());
        let config = json(&WasmConfig::new(created, guest.digest, said.component))?;
        let manifest = Manifest {
            schema_version: 2,
            media_type: Some(manifest::MANIFEST.to_owned()),
            artifact_type: None,
            config: Descriptor::of(&config, WASM_CONFIG),
            layers: vec![guest.clone()],
            subject: None,
            annotations,
        };
        let sent = self.send(reference, tag, &manifest, config).await;
        sent.map_err(|error| error.about(reference))
    }

    async fn send(&self, reference: &Reference, tag: &str, manifest: &Manifest, config: Vec<u8>) -> Result<Pushed> {
        let client = Client::new(reference, self.access, Purpose::Push)?;
        let size = self.guest.len() as u64;
        let guest = manifest.layers.first().map_or(Digest::of(&self.guest), |layer| layer.digest);
        put_blob(&client, self.guest.clone(), guest, &self.tell(size)).await?;
        put_blob(&client, config.into(), manifest.config.digest, &|_| {}).await?;
        let bytes = json(manifest)?;
        let own = Descriptor::of(&bytes, manifest::MANIFEST);
        // By its digest first: the tag does not move before what is to be trusted under it is signed.
        if let Some(key) = self.sign {
            put_manifest(&client, &own.digest.to_string(), manifest::MANIFEST, bytes.clone()).await?;
            sign::sign(&client, reference, &own, key).await.map_err(|error| error.about("the signature"))?;
        }
        put_manifest(&client, tag, manifest::MANIFEST, bytes).await?;
        Ok(Pushed { reference: reference.at(own.digest), manifest: own.digest, guest, size })
    }

    fn tell(&self, total: u64) -> impl Fn(u64) + Send + Sync + 'static + Clone {
        let progress = Arc::clone(&self.progress);
        move |done| progress(Progress::Pushing { done, total })
    }
}

/// Puts content on the registry, unless it is there.
pub(crate) async fn put_blob<T: Fn(u64) + Send + Sync + 'static + Clone>(
    client: &Client,
    bytes: Bytes,
    digest: Digest,
    tell: &T,
) -> Result<()> {
    let what = format!("{digest}");
    let url = client.url(&format!("blobs/{digest}"))?;
    let there = client.ask(Method::HEAD, &url, &[], Body::default()).await?;
    if there.status().is_success() {
        return Ok(());
    }
    let start = client.url("blobs/uploads/")?;
    let opened = client.ask(Method::POST, &start, &[], Body::default()).await?;
    if opened.status() != StatusCode::ACCEPTED {
        return Err(client.refusal(opened, &format!("a place for {what}")).await);
    }
    let mut location = client.location(&start, &opened)?;
    drop(opened);
    location.query_pairs_mut().append_pair("digest", &digest.to_string());
    let headers = [(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"))];
    let body = Body::of(bytes).told(Arc::new(tell.clone()));
    let put = client.ask(Method::PUT, &location, &headers, body).await?;
    match put.status() {
        StatusCode::CREATED | StatusCode::NO_CONTENT | StatusCode::OK => Ok(()),
        _ => Err(client.refusal(put, &what).await),
    }
}

/// Puts a manifest under a tag or its digest. Whether the registry lists what it refers to.
pub(crate) async fn put_manifest(
    client: &Client,
    under: &str,
    media_type: &'static str,
    bytes: Vec<u8>,
) -> Result<bool> {
    let digest = Digest::of(&bytes);
    let url = client.url(&format!("manifests/{under}"))?;
    let headers = [(CONTENT_TYPE, HeaderValue::from_static(media_type))];
    let put = client.ask(Method::PUT, &url, &headers, Body::of(bytes.into())).await?;
    if !put.status().is_success() {
        return Err(client.refusal(put, &format!("the manifest {under}")).await);
    }
    let promised = put.headers().get("docker-content-digest").and_then(|value| value.to_str().ok());
    if let Some(other) = promised.and_then(|text| text.parse::<Digest>().ok()).filter(|other| *other != digest) {
        return Err(RegistryError::invalid(format!("the registry says that it took {other}, and was sent {digest}")));
    }
    Ok(put.headers().contains_key("oci-subject"))
}

fn json(value: &impl serde::Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|error| RegistryError::new(Failure::Io, format!("no JSON: {error}")))
}
