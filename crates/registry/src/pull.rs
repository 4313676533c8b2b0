//! From a reference to a guest's file.

use std::fs::File;
use std::path::PathBuf;

use holm_services::http_client::ResponseBody;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use http::{Method, Response};

use crate::access::Access;
use crate::client::{Body, Client, Purpose, small};
use crate::digest::Digest;
use crate::download::download;
use crate::error::{Failure, RegistryError, Result};
use crate::image::{self, Archive, ImageConfig, Place};
use crate::limits;
use crate::manifest::{self, Descriptor, Document, Manifest};
use crate::progress::OnProgress;
use crate::reference::Reference;
use crate::sign::{self, PublicKey};
use crate::store::{Image, Store, read_bounded};
use crate::unpack::{self, Found};

/// The name that an artifact gives its file (OCI image specification 1.1, annotations.md).
pub(crate) const TITLE: &str = "org.opencontainers.image.title";
/// What every WebAssembly binary begins with.
pub(crate) const MAGIC: &[u8] = b"\0asm";

/// How to pull.
pub struct Pull<'a> {
    /// Where guests are kept.
    pub store: &'a Store,
    /// How the registry is reached, and as whom.
    pub access: &'a Access,
    /// Who must have signed the manifest. Asked before anything of it is read.
    pub verify: Option<&'a PublicKey>,
    /// Told how far it is.
    pub progress: OnProgress<'a>,
}

/// A guest that is on this machine.
#[derive(Clone, Debug)]
pub struct Pulled {
    /// Its file in the store, whose content has the digest `guest`.
    pub path: PathBuf,
    /// The manifest's digest, which names all of it for ever.
    pub manifest: Digest,
    /// The guest's own.
    pub guest: Digest,
    /// Its bytes.
    pub size: u64,
    /// What the manifest calls it: its author's choice, and nothing to open or write without a look at it.
    pub title: Option<String>,
    /// What to tell the user: the registry could not be asked whether the tag still names this.
    pub warning: Option<String>,
}

impl Pull<'_> {
    /// The guest that `reference` names. A digest that is in the store needs no network. A tag is asked for again each time;
    /// where the registry cannot be reached, it names what it named last.
    ///
    /// # Errors
    /// The registry has no such thing, or cannot be reached and the store has none either; what it sends is not a guest, is
    /// not what it should be, or is not signed.
    pub async fn pull(&self, reference: &Reference) -> Result<Pulled> {
        if let Some(digest) = reference.digest()
            && let Some(pulled) = self.kept(reference, digest).await?
        {
            return Ok(pulled);
        }
        let client = Client::new(reference, self.access, Purpose::Pull)?;
        match self.asked(&client, reference).await {
            Err(error) if error.is_passing() => self.last(reference, error).await,
            ended => ended.map_err(|error| error.about(reference)),
        }
    }

    /// What the store has.
    async fn kept(&self, reference: &Reference, digest: Digest) -> Result<Option<Pulled>> {
        let Some((image, path)) = self.store.image(digest) else { return Ok(None) };
        if let Some(key) = self.verify {
            let client = Client::new(reference, self.access, Purpose::Pull)?;
            sign::verify(&client, self.store, digest, key).await.map_err(|error| error.about(reference))?;
        }
        let Image { guest, size, title, .. } = image;
        Ok(Some(Pulled { path, manifest: digest, guest, size, title, warning: None }))
    }

    /// What the tag named when it was last asked.
    async fn last(&self, reference: &Reference, error: RegistryError) -> Result<Pulled> {
        let last = self.store.tag(reference).filter(|_| reference.digest().is_none());
        let Some(digest) = last else {
            return Err(error.about(reference).note("it is not in the local store, or not under this name"));
        };
        match self.kept(reference, digest).await? {
            Some(pulled) => {
                let warning = Some(format!("{reference}: {error}; taking {digest}, which it named last"));
                Ok(Pulled { warning, ..pulled })
            }
            None => Err(error.about(reference)),
        }
    }

    async fn asked(&self, client: &Client, reference: &Reference) -> Result<Pulled> {
        let fetched = fetch(client, &reference.wanted(), reference.digest()).await?;
        let digest = fetched.digest;
        if let Some(key) = self.verify {
            sign::verify(client, self.store, digest, key).await?;
        }
        let pulled = match self.store.image(digest) {
            Some((image, path)) => {
                let Image { guest, size, title, .. } = image;
                Pulled { path, manifest: digest, guest, size, title, warning: None }
            }
            None => self.content(client, reference, &fetched).await?,
        };
        if reference.digest().is_none() {
            self.store.keep_tag(reference, digest)?;
        }
        Ok(pulled)
    }

    async fn content(&self, client: &Client, reference: &Reference, fetched: &Fetched) -> Result<Pulled> {
        let manifest = match fetched.read()? {
            Document::Manifest(manifest) => manifest,
            Document::Index(index) => {
                let chosen = manifest::choose(&index)?;
                let below = fetch(client, &chosen.digest.to_string(), Some(chosen.digest)).await?;
                match below.read()? {
                    Document::Manifest(manifest) => manifest,
                    Document::Index(_) => {
                        return Err(RegistryError::invalid("it is an index of indexes, which nobody makes"));
                    }
                }
            }
        };
        let (guest, size, path, title) = match image::find(&manifest)? {
            Place::Layer(layer) => {
                let path = download(client, self.store, layer, self.progress).await?;
                check_magic(&path, layer)?;
                let title = layer.annotations.get(TITLE).or_else(|| manifest.annotations.get(TITLE));
                (layer.digest, layer.size, path, title.cloned())
            }
            Place::Archives(archives) => {
                let found = self.unpack(client, &manifest, &archives).await?;
                let (digest, path) = self.store.keep(&found.bytes)?;
                let name = found.path.rsplit('/').next().map(str::to_owned);
                (digest, found.bytes.len() as u64, path, name)
            }
        };
        let image = Image { guest, size, title: title.clone(), reference: reference.to_string() };
        self.store.keep_image(fetched.digest, &image)?;
        self.store.prune_to_usual();
        Ok(Pulled { path, manifest: fetched.digest, guest, size, title, warning: None })
    }

    /// The guest in a plain image: its only one, or the one that it runs.
    async fn unpack(&self, client: &Client, manifest: &Manifest, archives: &[Archive<'_>]) -> Result<Found> {
        let (mut found, mut left) = (Vec::<Found>::new(), limits::UNPACKED);
        let total = archives.iter().fold(0u64, |total, archive| total.saturating_add(archive.layer.size));
        if total > limits::GUEST {
            let (total, most) = (holm_grants::format_size(total), holm_grants::format_size(limits::GUEST));
            return Err(RegistryError::invalid(format!("its layers have {total}; there may be {most}")));
        }
        for archive in archives {
            let path = download(client, self.store, archive.layer, self.progress).await?;
            let file = File::open(&path);
            let file = file.map_err(|error| RegistryError::io(format_args!("read {}", path.display()), &error))?;
            for new in unpack::guests(file, archive.gzip, &mut left)? {
                // A layer above has the last word.
                found.retain(|old| old.path != new.path);
                found.push(new);
            }
        }
        if found.len() > 1 {
            let config = self.config(client, &manifest.config).await?;
            let program = config.program().unwrap_or_default();
            found.retain(|found| found.path == program);
        }
        match (found.pop(), found.is_empty()) {
            (Some(found), true) if found.bytes.starts_with(MAGIC) => Ok(found),
            (Some(found), true) => Err(not_wasm(&found.path)),
            (Some(_), false) => Err(RegistryError::new(
                Failure::Unsupported,
                "the image has several guests, and does not say which one it runs",
            )),
            (None, _) => {
                let error = RegistryError::new(Failure::Unsupported, "the image has no .wasm that it runs");
                Err(error.note("Holm runs WebAssembly; is this an image for Linux?"))
            }
        }
    }

    async fn config(&self, client: &Client, config: &Descriptor) -> Result<ImageConfig> {
        if config.size > limits::CONFIG {
            return Err(RegistryError::invalid("the image's configuration is too large to be one"));
        }
        let path = download(client, self.store, config, self.progress).await?;
        let bytes = read_bounded(&path, limits::CONFIG);
        let bytes = bytes.map_err(|error| RegistryError::io(format_args!("read {}", path.display()), &error))?;
        serde_json::from_slice(&bytes)
            .map_err(|_| RegistryError::invalid("the image's configuration is not JSON as it should be"))
    }
}

/// A manifest or an index as it came, whose bytes have the digest.
pub(crate) struct Fetched {
    pub(crate) bytes: Vec<u8>,
    pub(crate) digest: Digest,
    said: Option<String>,
}

impl Fetched {
    pub(crate) fn read(&self) -> Result<Document> {
        manifest::read(&self.bytes, self.said.as_deref())
    }
}

/// The manifest that is `wanted`, a tag or a digest; `digest` is what it has to have.
pub(crate) async fn fetch(client: &Client, wanted: &str, digest: Option<Digest>) -> Result<Fetched> {
    let what = format!("the manifest {wanted}");
    let response = get_manifest(client, wanted).await?;
    if !response.status().is_success() {
        return Err(client.refusal(response, &what).await);
    }
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (said, promised) = (header(CONTENT_TYPE.as_str()), header("docker-content-digest"));
    let bytes = small(response, limits::MANIFEST, &what).await?;
    let got = Digest::of(&bytes);
    if let Some(other) = digest.filter(|digest| *digest != got) {
        return Err(RegistryError::invalid(format!("the registry sends {got} where {other} was asked for")));
    }
    // Another algorithm's is none that we could compare.
    if let Some(other) = promised.and_then(|text| text.parse::<Digest>().ok()).filter(|digest| *digest != got) {
        return Err(RegistryError::invalid(format!("the registry says that it sends {other}, and sends {got}")));
    }
    Ok(Fetched { bytes, digest: got, said })
}

/// The answer to a request for a manifest.
pub(crate) async fn get_manifest(client: &Client, wanted: &str) -> Result<Response<ResponseBody>> {
    let accept = [manifest::MANIFEST, manifest::INDEX, manifest::DOCKER_MANIFEST, manifest::DOCKER_INDEX];
    let headers = accept.map(|kind| (ACCEPT, HeaderValue::from_static(kind)));
    let url = client.url(&format!("manifests/{wanted}"))?;
    client.ask(Method::GET, &url, &headers, Body::default()).await
}

fn check_magic(path: &std::path::Path, layer: &Descriptor) -> Result<()> {
    let failed = |error| RegistryError::io(format_args!("read {}", path.display()), &error);
    let mut head = Vec::new();
    let file = File::open(path).map_err(failed)?;
    std::io::Read::read_to_end(&mut std::io::Read::take(file, MAGIC.len() as u64), &mut head).map_err(failed)?;
    if head != MAGIC {
        let _ = std::fs::remove_file(path);
        return Err(not_wasm(&layer.digest.to_string()));
    }
    Ok(())
}

fn not_wasm(what: &str) -> RegistryError {
    let what: String = what.chars().filter(|c| !c.is_control()).collect();
    RegistryError::invalid(format!("{what} calls itself WebAssembly, and is not"))
}
