use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::SystemTime;

use async_nats::jetstream::Context;
use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::object_store::{Config, InfoErrorKind, Object, ObjectInfo, ObjectStore};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use holm_manifest::Remote;
use tokio::io::AsyncReadExt as _;

use super::spool::{Spool, Spooled};
use super::{BlobError, BlobLimits, Container, Containers, Info, PAGE_NAMES, PIECE, Page, Reader, Writer, limits};
use crate::health::Manners;
use crate::nats::{Link, lost};

type Failure = crate::nats::Failure<BlobError>;

/// Containers in object stores of a NATS server with JetStream.
///
/// A container is the bucket of its own name, or the one that all of them were given. Who names the same server and
/// bucket shares it. An object is spooled here while it is written, and sent when it is finished. Of the limits, only
/// that on one object counts here.
///
/// What differs from other places: an object that is replaced or deleted while it is read breaks off, a range is read
/// from the object's first byte on, and listing looks at all names of the bucket for each page.
///
/// Nothing is connected to before the first operation; see [`NatsStores`](crate::kv::NatsStores) on connections.
#[derive(Clone)]
pub struct NatsContainers {
    link: Arc<Link>,
    bucket: Option<String>,
    limits: BlobLimits,
    spool: Spool,
}

/// How many times the patience of one step listing may take.
const LISTING: u32 = 12;

impl NatsContainers {
    /// Containers on `server`: each in the bucket of its own name, or all in `bucket`.
    pub fn new(server: &Remote, bucket: Option<String>, manners: Manners, limits: BlobLimits, spool: Spool) -> Self {
        Self { link: Link::new(server.clone(), manners), bucket, limits, spool }
    }

    fn container(&self, name: &str) -> Result<NatsContainer, BlobError> {
        limits::check_container(name)?;
        let bucket = self.bucket.clone().unwrap_or_else(|| name.to_owned());
        if !crate::nats::is_bucket(&bucket) {
            return Err(BlobError::Unfit { name: name.to_owned(), why: crate::nats::NO_BUCKET });
        }
        Ok(NatsContainer { all: self.clone(), name: name.to_owned(), bucket })
    }
}

#[async_trait]
impl Containers for NatsContainers {
    async fn open(&self, name: &str) -> Result<Option<Arc<dyn Container>>, BlobError> {
        let container = self.container(name)?;
        match container.created().await {
            Ok(_) => Ok(Some(Arc::new(container))),
            Err(BlobError::NoContainer { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn create(&self, name: &str) -> Result<(Arc<dyn Container>, bool), BlobError> {
        if let Some(found) = self.open(name).await? {
            return Ok((found, false));
        }
        let container = self.container(name)?;
        let bucket = container.bucket.clone();
        let created = self.link.run(1, |session| async move {
            // Creating one that is there, with the same settings, is no error: others may have been faster.
            session.create_object_store(Config { bucket, ..Config::default() }).await.map(drop).map_err(lost)
        });
        created.await.map(|()| (Arc::new(container) as Arc<dyn Container>, true))
    }

    async fn delete(&self, name: &str) -> Result<(), BlobError> {
        if self.open(name).await?.is_none() {
            return Ok(());
        }
        let bucket = self.container(name)?.bucket;
        self.link.run(1, |session| async move { session.delete_object_store(bucket).await.map_err(lost) }).await
    }
}

#[derive(Clone)]
struct NatsContainer {
    all: NatsContainers,
    name: String,
    bucket: String,
}

impl NatsContainer {
    /// Does `work` on the bucket.
    async fn with<T: Send + 'static, F>(
        &self,
        times: u32,
        work: impl FnOnce(ObjectStore) -> F + Send + 'static,
    ) -> Result<T, BlobError>
    where
        F: Future<Output = Result<T, Failure>> + Send,
    {
        let container = self.clone();
        let done = self.all.link.run(times, |session| async move {
            container.stream_created(&session).await?;
            work(session.get_object_store(container.bucket).await.map_err(lost)?).await
        });
        done.await
    }

    /// When the bucket was created. Says whether it is there, which the client tells from other failures only here.
    async fn stream_created(&self, session: &Context) -> Result<SystemTime, Failure> {
        match session.get_stream(format!("OBJ_{}", self.bucket)).await {
            Ok(stream) => Ok(stream.cached_info().created.into()),
            Err(error) => match error.kind() {
                GetStreamErrorKind::JetStream(error) if error.code() == 404 => {
                    Err(Failure::Refused(BlobError::NoContainer { name: self.name.clone() }))
                }
                _ => Err(lost(error)),
            },
        }
    }
}

fn info(found: &ObjectInfo) -> Info {
    Info { size: found.size as u64, created: found.modified.map_or(SystemTime::UNIX_EPOCH, Into::into) }
}

/// What the bucket knows of an object that is there.
async fn find(bucket: &ObjectStore, name: &str) -> Result<Option<ObjectInfo>, Failure> {
    match bucket.info(name).await {
        Ok(found) => Ok(Some(found).filter(|found| !found.deleted)),
        Err(error) if error.kind() == InfoErrorKind::NotFound => Ok(None),
        Err(error) => Err(lost(error)),
    }
}

#[async_trait]
impl Container for NatsContainer {
    fn name(&self) -> &str {
        &self.name
    }

    async fn created(&self) -> Result<SystemTime, BlobError> {
        let container = self.clone();
        self.all.link.run(1, |session| async move { container.stream_created(&session).await }).await
    }

    async fn info(&self, name: &str) -> Result<Option<Info>, BlobError> {
        limits::check_object(name)?;
        let name = name.to_owned();
        let found = self.with(1, |bucket| async move { find(&bucket, &name).await });
        Ok(found.await?.as_ref().map(info))
    }

    async fn read(&self, name: &str, start: u64, end: u64) -> Result<Box<dyn Reader>, BlobError> {
        limits::check_object(name)?;
        let owned = name.to_owned();
        let object = self.with(1, |bucket| async move {
            let found = find(&bucket, &owned).await?;
            let found = found.ok_or_else(|| Failure::Refused(BlobError::NoObject { name: owned.clone() }))?;
            let size = found.size as u64;
            let object = bucket.get(owned).await.map_err(lost)?;
            Ok((object, size))
        });
        let (object, size) = object.await?;
        let (start, size) = limits::part(size, start, end)?;
        Ok(Box::new(NatsReader {
            link: Arc::clone(&self.all.link),
            object: Some(object),
            size,
            skip: start,
            left: size,
        }))
    }

    async fn write(&self, name: &str) -> Result<Box<dyn Writer>, BlobError> {
        limits::check_object(name)?;
        self.created().await?;
        let spooled = self.all.spool.begin();
        Ok(Box::new(NatsWriter { container: self.clone(), name: name.to_owned(), spooled }))
    }

    async fn list(&self, cursor: Option<&str>) -> Result<Page, BlobError> {
        let cursor = cursor.unwrap_or_default().to_owned();
        let listed = self.with(LISTING, |bucket| async move {
            let mut objects = bucket.list().await.map_err(lost)?;
            // The first page of those after the cursor, however many there are.
            let mut first = BTreeSet::new();
            while let Some(object) = objects.try_next().await.map_err(lost)? {
                if object.name > cursor {
                    first.insert(object.name);
                    if first.len() > PAGE_NAMES + 1 {
                        first.pop_last();
                    }
                }
            }
            Ok(first)
        });
        Ok(Page::of(listed.await?.into_iter().collect()))
    }

    async fn delete(&self, names: Vec<String>) -> Result<(), BlobError> {
        limits::check_objects(&names)?;
        let times = 1 + (names.len() / 100) as u32;
        let deleted = self.with(times, |bucket| async move {
            for name in names {
                if find(&bucket, &name).await?.is_some() {
                    bucket.delete(name).await.map_err(lost)?;
                }
            }
            Ok(())
        });
        deleted.await
    }

    async fn clear(&self) -> Result<(), BlobError> {
        loop {
            let page = self.list(None).await?;
            self.delete(page.names).await?;
            if page.cursor.is_none() {
                return Ok(());
            }
        }
    }
}

struct NatsReader {
    link: Arc<Link>,
    /// `None` after a failure.
    object: Option<Object>,
    size: u64,
    skip: u64,
    left: u64,
}

#[async_trait]
impl Reader for NatsReader {
    fn size(&self) -> u64 {
        self.size
    }

    async fn next(&mut self) -> Result<Option<Bytes>, BlobError> {
        while self.left > 0 {
            let Some(mut object) = self.object.take() else { return Ok(None) };
            let read = self.link.run(1, |_| async move {
                let mut piece = vec![0; PIECE];
                match object.read(&mut piece).await.map_err(lost)? {
                    0 => Err(Failure::Server("an object ended early; was it replaced meanwhile?".to_owned())),
                    length => {
                        piece.truncate(length);
                        Ok((object, Bytes::from(piece)))
                    }
                }
            });
            let (object, mut piece) = read.await?;
            self.object = Some(object);
            let skipped = piece.split_to(self.skip.min(piece.len() as u64) as usize);
            self.skip -= skipped.len() as u64;
            piece.truncate(self.left.min(piece.len() as u64) as usize);
            self.left -= piece.len() as u64;
            if !piece.is_empty() {
                return Ok(Some(piece));
            }
        }
        Ok(None)
    }
}

struct NatsWriter {
    container: NatsContainer,
    name: String,
    spooled: Spooled,
}

#[async_trait]
impl Writer for NatsWriter {
    async fn write(&mut self, piece: Bytes) -> Result<(), BlobError> {
        self.container.all.limits.check_size(self.spooled.size() + piece.len() as u64)?;
        self.spooled.write(&piece).await
    }

    async fn finish(self: Box<Self>) -> Result<(), BlobError> {
        let Self { container, name, spooled } = *self;
        // A mebibyte each time should be possible.
        let times = 2 + (spooled.size() >> 20) as u32;
        let mut pieces = spooled.read().await?;
        let (mut feed, mut fed) = tokio::io::duplex(PIECE);
        let sent = container.with(times, |bucket| async move {
            let feeding = async move {
                while let Some(piece) = pieces.next().await.map_err(Failure::Refused)? {
                    tokio::io::AsyncWriteExt::write_all(&mut feed, &piece).await.map_err(lost)?;
                }
                Ok::<_, Failure>(())
            };
            let putting = async { bucket.put(name.as_str(), &mut fed).await.map_err(lost) };
            tokio::try_join!(feeding, putting).map(drop)
        });
        sent.await
    }
}
