//! What refers to a manifest: the referrers API, and where a registry lacks it, a tag (distribution specification 1.1,
//! "Listing Referrers", "Referrers Tag Schema").

use http::Method;

use crate::client::{Body, Client, small};
use crate::digest::Digest;
use crate::error::{Failure, RegistryError, Result};
use crate::limits;
use crate::manifest::{self, Descriptor, Document, Index};
use crate::pull::{fetch, get_manifest};

/// The tag under which the referrers of `manifest` are listed where there is no API.
pub(super) fn tag(manifest: Digest) -> String {
    manifest.to_string().replace(':', "-")
}

/// The tag under which cosign looks for signatures first.
pub(super) fn cosign_tag(manifest: Digest) -> String {
    format!("{}.sig", tag(manifest))
}

/// What refers to `manifest`, as far as the registry lists it.
pub(super) async fn list(client: &Client, manifest: Digest) -> Result<Vec<Descriptor>> {
    let mut listed = from_api(client, manifest).await?.unwrap_or_default();
    for other in from_tag(client, manifest).await?.map(|index| index.manifests).unwrap_or_default() {
        if listed.iter().all(|known| known.digest != other.digest) {
            listed.push(other);
        }
    }
    Ok(listed)
}

/// `None` where there is no such API.
async fn from_api(client: &Client, manifest: Digest) -> Result<Option<Vec<Descriptor>>> {
    let url = client.url(&format!("referrers/{manifest}"))?;
    let response = client.ask(Method::GET, &url, &[], Body::default()).await?;
    let what = format!("the list of what refers to {manifest}");
    match response.status().as_u16() {
        200 => {}
        // Registries without it answer with all sorts of things, one of them with another page.
        300..=499 => return Ok(None),
        _ => return Err(client.refusal(response, &what).await),
    }
    let bytes = small(response, limits::MANIFEST, &what).await?;
    match manifest::read(&bytes, Some(manifest::INDEX)) {
        Ok(Document::Index(index)) => Ok(Some(index.manifests)),
        _ => Ok(None),
    }
}

/// `None` where nothing was ever listed.
pub(super) async fn from_tag(client: &Client, manifest: Digest) -> Result<Option<Index>> {
    match fetch(client, &tag(manifest), None).await {
        Ok(fetched) => match fetched.read()? {
            Document::Index(index) => Ok(Some(index)),
            Document::Manifest(_) => {
                let message =
                    format!("the tag {} should be the list of what refers to it, and is something else", tag(manifest));
                Err(RegistryError::invalid(message))
            }
        },
        Err(error) if error.failure() == Failure::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether the registry has the API.
pub(super) async fn has_api(client: &Client, manifest: Digest) -> Result<bool> {
    Ok(from_api(client, manifest).await?.is_some())
}

/// The manifest under cosign's tag, as it came; `None` if there is none.
pub(super) async fn cosign(client: &Client, manifest: Digest) -> Result<Option<Vec<u8>>> {
    let response = get_manifest(client, &cosign_tag(manifest)).await?;
    match response.status().as_u16() {
        200 => small(response, limits::MANIFEST, "the manifest of signatures").await.map(Some),
        404 => Ok(None),
        _ => Err(client.refusal(response, "the manifest of signatures").await),
    }
}
