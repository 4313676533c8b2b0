//! Uploading guests.

use http::header::{CONTENT_LENGTH, HeaderValue};
use http::{HeaderMap, StatusCode};
use hyper::body::Incoming;
use tokio::task::spawn_blocking;

use super::body;
use super::error::{ApiError, Code};
use super::{Answer, Api};
use crate::Digest;
use crate::store::StoreError;
use crate::wire::BlobInfo;

impl Api {
    pub(super) async fn has_blob(&self, digest: Digest) -> Answer {
        let size = self.blocking(move |store| store.has_blob(&digest)).await??;
        let size = size.ok_or(StoreError::NoBlob(digest))?;
        let mut response = body::empty(StatusCode::OK);
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(size));
        Ok(response)
    }

    /// Writes the body to disk as it comes. No thread waits for the network.
    pub(super) async fn put_blob(&self, digest: Digest, headers: &HeaderMap, body: &mut Incoming) -> Answer {
        let limit = self.0.limits.max_blob;
        body::check_length(headers, "the blob", limit)?;
        let busy = |_| ApiError::new(Code::Busy, "too many uploads at once: try again in a moment");
        let _upload = self.0.uploads.try_acquire().map_err(busy)?;
        let mut writer = self.blocking(move |store| store.blob_writer(digest, limit)).await??;
        while let Some(bytes) = body::next(body).await? {
            let written = spawn_blocking(move || writer.write(&bytes).map(|()| writer));
            writer = written.await.map_err(ApiError::panicked)??;
        }
        let stored = spawn_blocking(move || writer.commit()).await.map_err(ApiError::panicked)??;
        let status = if stored.new { StatusCode::CREATED } else { StatusCode::OK };
        Ok(body::as_json(status, &BlobInfo { digest, size: stored.size }))
    }
}
