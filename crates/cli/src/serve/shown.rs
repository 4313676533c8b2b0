//! The files that guests of Spin see: packed when an app is read, shown to its guests when they are loaded.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use async_trait::async_trait;
use holm_abi::{Body, Exchange, HttpHandler};
use holm_engine::shape::Digest;
use holm_engine::{Error, Result};
use holm_manifest::{Guest, Mount};
use http::{Request, Response};
use tempfile::TempDir;

use super::copies::Copies;
use super::files::Files;
use crate::spin::{archive, matching, show};

/// Puts all that `guest` sees into one archive, among the copies, unless it is a folder that it can be lent as it is. `files`
/// takes note of what was looked at. `root` is the manifest's folder.
///
/// # Errors
/// As [`matching::matched`].
pub(super) fn pack(guest: &mut Guest, root: &Path, copies: &Copies, files: &mut Files) -> Result<Option<Digest>> {
    if guest.files.is_empty() {
        return Ok(None);
    }
    if let Some(folder) = matching::only_folder(guest).map(Path::to_owned) {
        show(guest, &folder);
        guest.files.clear();
        return Ok(None);
    }
    let matched = matching::matched(guest, root)?;
    matched.sources().for_each(|file| files.note(file));
    matched.folders.iter().for_each(|folder| files.note(folder));
    let failed = |error| Error::io("keep a component's files", &error);
    let packed = tempfile::NamedTempFile::new().map_err(failed)?;
    archive::write(&matched, std::io::BufWriter::new(packed.as_file()))?;
    let called = format!("the files of {}", guest.name.as_deref().unwrap_or("the component"));
    let (copy, digest) = copies.of(packed.path(), Path::new(&called))?;
    guest.files = vec![Mount::Archive(copy)];
    guest.exclude_files.clear();
    Ok(Some(digest))
}

/// Archives that are unpacked, for as long as somebody sees what is in them.
#[derive(Default)]
pub(super) struct Unpacked(Mutex<HashMap<PathBuf, Weak<TempDir>>>);

impl Unpacked {
    /// The guest with what its archive holds shown to it, for as long as what is returned lives.
    ///
    /// # Errors
    /// The archive is damaged, or there is no room.
    pub(super) fn shown(&self, guest: &Guest, copies: &Copies) -> Result<Option<(Guest, Arc<TempDir>)>> {
        let [Mount::Archive(archive)] = guest.files.as_slice() else { return Ok(None) };
        let folder = self.folder(archive, copies)?;
        let mut shown = guest.clone();
        show(&mut shown, folder.path());
        Ok(Some((shown, folder)))
    }

    fn folder(&self, archive: &Path, copies: &Copies) -> Result<Arc<TempDir>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(folder) = known.get(archive).and_then(Weak::upgrade) {
            return Ok(folder);
        }
        let folder = Arc::new(copies.folder()?);
        archive::unpack(archive, folder.path())?;
        known.retain(|_, folder| folder.strong_count() > 0);
        known.insert(archive.to_owned(), Arc::downgrade(&folder));
        Ok(folder)
    }
}

/// What answers, and the files that it sees meanwhile.
pub(super) struct Seeing {
    pub(super) handler: Arc<dyn HttpHandler>,
    pub(super) _folder: Arc<TempDir>,
}

#[async_trait]
impl HttpHandler for Seeing {
    async fn handle(&self, request: Request<Body>, exchange: Exchange) -> Result<Response<Body>> {
        self.handler.handle(request, exchange).await
    }
}
