//! Bringing content here, from where the last try ended.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::time::Instant;

use holm_services::http_client::ResponseBody;
use http::header::{CONTENT_RANGE, HeaderValue, RANGE};
use http::{Method, Response, StatusCode};

use crate::client::{Body, Client, broken, length, next};
use crate::digest::Hashing;
use crate::error::{Failure, RegistryError, Result};
use crate::limits;
use crate::manifest::Descriptor;
use crate::progress::{OnProgress, Progress};
use crate::store::Store;

/// Content on its way here.
struct Download<'a> {
    client: &'a Client,
    store: &'a Store,
    wanted: &'a Descriptor,
    tell: OnProgress<'a>,
    file: File,
    /// What is in the file.
    here: Hashing,
}

/// The file with what `wanted` describes: from the store, or brought there.
///
/// What is there after a try that was interrupted is kept, and the next one goes on with it.
///
/// # Errors
/// The registry fails, or sends something else than `wanted` says; nothing of that is kept.
pub(crate) async fn download(
    client: &Client,
    store: &Store,
    wanted: &Descriptor,
    tell: OnProgress<'_>,
) -> Result<PathBuf> {
    if wanted.size > limits::GUEST {
        let (size, most) = (holm_grants::format_size(wanted.size), holm_grants::format_size(limits::GUEST));
        return Err(RegistryError::invalid(format!("{} has {size}; there may be {most}", wanted.digest)));
    }
    if let Some(path) = store.content(wanted.digest, wanted.size) {
        return Ok(path);
    }
    let _turn = store.turn(wanted.digest)?;
    // Whoever had the turn before may have brought it.
    if let Some(path) = store.content(wanted.digest, wanted.size) {
        return Ok(path);
    }
    let mut download = Download::open(client, store, wanted, tell)?;
    let resumed = download.here.bytes > 0;
    let ended = match download.finish().await {
        // What was here may have come from a registry that lies. From the start, it is this one's word alone.
        Err(error) if resumed && error.failure() == Failure::Invalid => {
            download.start_over()?;
            download.finish().await
        }
        ended => ended,
    };
    if ended.as_ref().is_err_and(|error| error.failure() == Failure::Invalid) {
        // The next try is not to go on with a lie. If it stays, the digest will tell.
        let _ = std::fs::remove_file(store.partial(wanted.digest));
    }
    ended
}

impl<'a> Download<'a> {
    fn open(client: &'a Client, store: &'a Store, wanted: &'a Descriptor, tell: OnProgress<'a>) -> Result<Self> {
        let path = store.partial(wanted.digest);
        let opened = OpenOptions::new().create(true).read(true).append(true).mode(0o600).open(&path);
        let file = opened.map_err(|error| RegistryError::io(format_args!("write {}", path.display()), &error))?;
        let mut download = Self { client, store, wanted, tell, file, here: Hashing::default() };
        download.count().map_err(|error| download.unwritable(&error))?;
        if download.here.bytes > wanted.size {
            download.start_over()?;
        }
        Ok(download)
    }

    /// Reads what is there already.
    fn count(&mut self) -> io::Result<()> {
        let mut buffer = vec![0; 128 << 10];
        loop {
            let read = io::Read::read(&mut self.file, &mut buffer)?;
            match buffer.get(..read) {
                None | Some([]) => return Ok(()),
                Some(piece) => self.here.add(piece),
            }
        }
    }

    async fn finish(&mut self) -> Result<PathBuf> {
        let mut broken = 0;
        while self.here.bytes < self.wanted.size {
            let before = self.here.bytes;
            match self.go_on().await {
                Ok(()) => {}
                Err(error) if error.is_passing() && self.here.bytes > before && broken < limits::BROKEN => broken += 1,
                Err(error) => return Err(error),
            }
        }
        let (wanted, got) = (self.wanted.digest, self.here.digest());
        if got != wanted {
            return Err(RegistryError::invalid(format!("the registry sends {got} where {wanted} was asked for")));
        }
        self.store.finish(wanted, &self.file)
    }

    /// One request for what is missing.
    async fn go_on(&mut self) -> Result<()> {
        let from = self.here.bytes;
        let url = self.client.url(&format!("blobs/{}", self.wanted.digest))?;
        let mut headers = Vec::new();
        if from > 0 {
            let range = HeaderValue::try_from(format!("bytes={from}-"));
            headers.extend(range.ok().map(|range| (RANGE, range)));
        }
        let response = self.client.ask(Method::GET, &url, &headers, Body::default()).await?;
        match response.status() {
            StatusCode::OK => {
                if from > 0 {
                    // It knows no ranges.
                    self.start_over()?;
                }
            }
            StatusCode::PARTIAL_CONTENT if from > 0 => {
                if begins_at(&response) != Some(from) {
                    return Err(RegistryError::invalid("the registry sends another part than it was asked for"));
                }
            }
            StatusCode::RANGE_NOT_SATISFIABLE if from > 0 => return self.start_over(),
            _ => return Err(self.client.refusal(response, &self.wanted.digest.to_string()).await),
        }
        let left = self.wanted.size - self.here.bytes;
        if length(response.headers()).is_some_and(|length| length > left) {
            return Err(self.too_much());
        }
        self.receive(response.into_body()).await
    }

    async fn receive(&mut self, mut body: ResponseBody) -> Result<()> {
        let (mut since, mut then) = (Instant::now(), self.here.bytes);
        loop {
            let piece = next(&mut body).await.map_err(|error| broken(&error).about(self.wanted.digest))?;
            let Some(piece) = piece else { break };
            if self.here.bytes + piece.len() as u64 > self.wanted.size {
                return Err(self.too_much());
            }
            self.file.write_all(&piece).map_err(|error| self.unwritable(&error))?;
            self.here.add(&piece);
            (self.tell)(Progress::Pulling { done: self.here.bytes, total: self.wanted.size });
            if since.elapsed() > limits::SLOWEST_OVER {
                if self.here.bytes - then < limits::SLOWEST * limits::SLOWEST_OVER.as_secs() {
                    let message = format!("{}: the registry sends too little to ever be done", self.wanted.digest);
                    return Err(RegistryError::new(Failure::TimedOut, message));
                }
                (since, then) = (Instant::now(), self.here.bytes);
            }
        }
        match self.here.bytes < self.wanted.size {
            true => Err(RegistryError::new(
                Failure::Unreachable,
                format!("{}: the registry sends too little", self.wanted.digest),
            )),
            false => Ok(()),
        }
    }

    fn too_much(&self) -> RegistryError {
        let size = holm_grants::format_size(self.wanted.size);
        RegistryError::invalid(format!("the registry sends more than the {size} that {} has", self.wanted.digest))
    }

    fn start_over(&mut self) -> Result<()> {
        let emptied = self.file.set_len(0).and_then(|()| self.file.seek(SeekFrom::Start(0)));
        emptied.map_err(|error| self.unwritable(&error))?;
        self.here = Hashing::default();
        Ok(())
    }

    fn unwritable(&self, error: &io::Error) -> RegistryError {
        let path = self.store.partial(self.wanted.digest);
        RegistryError::io(format_args!("write {}", path.display()), error)
    }
}

/// Where a part begins, as in `bytes 100-199/200`.
fn begins_at(response: &Response<ResponseBody>) -> Option<u64> {
    let range = response.headers().get(CONTENT_RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split_once('-')?.0.parse().ok()
}
