//! Sending guests.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use http::Method;
use http_body_util::BodyExt;
use http_body_util::channel::{Channel, Sender};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::send::{QUICK, SLOW, nothing};
use super::{Client, ClientError, Progress};
use crate::wire::BlobInfo;
use crate::{Digest, DigestBuilder};

/// How much is read at once.
const PART: usize = 128 << 10;

impl Client {
    /// Whether the server has a guest.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn has_blob(&self, digest: &Digest) -> Result<bool, ClientError> {
        let path = format!("/v1/blobs/{digest}");
        match self.call_bytes(Method::HEAD, &path, nothing(), QUICK).await {
            Ok(_) => Ok(true),
            Err(ClientError::Refused { status: 404, .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Uploads a file unless the server has it, and answers its digest.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn upload(&self, path: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Digest, ClientError> {
        let (digest, total) = digest(path).await?;
        let step = |sent, known| Progress { path: path.to_owned(), sent, total, known };
        if self.has_blob(&digest).await? {
            progress(step(total, true));
            return Ok(digest);
        }
        let (sender, body) = Channel::<Bytes, io::Error>::new(1);
        let (sent, mut seen) = mpsc::unbounded_channel();
        // Reading ends with the request: the channel is then closed.
        let reading = tokio::spawn(feed(path.to_owned(), sender, sent));
        let url = format!("/v1/blobs/{digest}");
        let mut sending = std::pin::pin!(self.call::<BlobInfo>(Method::PUT, &url, body.boxed_unsync(), SLOW));
        let answer = loop {
            tokio::select! {
                answer = &mut sending => break answer,
                Some(sent) = seen.recv() => progress(step(sent, false)),
            }
        };
        match answer {
            Ok(_) => Ok(digest),
            Err(ClientError::Refused { info, .. }) if info.code == "wrong_digest" => {
                Err(ClientError::Changed { path: path.to_owned(), digest })
            }
            // A file that could not be read to its end is why the request broke off.
            Err(error) => match reading.await {
                Ok(Err(source)) => Err(ClientError::File { path: path.to_owned(), source }),
                _ => Err(error),
            },
        }
    }
}

/// Sends a file as the server takes it.
async fn feed(path: PathBuf, mut body: Sender<Bytes, io::Error>, sent: mpsc::UnboundedSender<u64>) -> io::Result<()> {
    let mut file = spawn_blocking(move || File::open(path)).await??;
    let mut total = 0;
    loop {
        let read = spawn_blocking(move || {
            let mut part = Vec::with_capacity(PART);
            file.by_ref().take(PART as u64).read_to_end(&mut part).map(|_| (file, part))
        });
        let part = match read.await? {
            Ok((rest, part)) => {
                file = rest;
                part
            }
            Err(error) => {
                body.abort(error.kind().into());
                return Err(error);
            }
        };
        total += part.len() as u64;
        if part.is_empty() || body.send_data(part.into()).await.is_err() {
            return Ok(());
        }
        let _ = sent.send(total);
    }
}

/// The digest and the size of a file.
async fn digest(path: &Path) -> Result<(Digest, u64), ClientError> {
    let path = path.to_owned();
    let read = {
        let path = path.clone();
        spawn_blocking(move || {
            let (mut file, mut builder, mut size) = (File::open(path)?, DigestBuilder::default(), 0);
            let mut part = vec![0; PART];
            loop {
                match file.read(&mut part) {
                    Ok(0) => return Ok((builder.finish(), size)),
                    Ok(count) => {
                        builder.update(&part[..count]);
                        size += count as u64;
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
        })
    };
    let read = read.await.unwrap_or_else(|error| Err(error.into()));
    read.map_err(|source| ClientError::File { path, source })
}
