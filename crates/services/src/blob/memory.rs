use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};

use super::limits::{self, object_size};
use super::{BlobError, BlobLimits, Container, Containers, Info, PAGE_NAMES, PIECE, Page, Reader, Writer};
use crate::tally::Tally;

/// Containers in this process's memory, gone when it ends. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct MemoryContainers {
    limits: BlobLimits,
    containers: Arc<Mutex<HashMap<String, Arc<Kept>>>>,
    total: Arc<Tally>,
}

impl MemoryContainers {
    /// A backend without containers.
    pub fn new(limits: BlobLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// A backend without containers, whose bytes are counted in `total`.
    pub(crate) fn counted(total: &Arc<Tally>) -> Self {
        Self { total: Arc::clone(total), ..Self::default() }
    }

    /// The same containers under other limits.
    pub(crate) fn under(&self, limits: BlobLimits) -> Self {
        Self { limits, ..self.clone() }
    }

    fn container(&self, name: &str, kept: &Arc<Kept>) -> Arc<dyn Container> {
        let (kept, total) = (Arc::clone(kept), Arc::clone(&self.total));
        Arc::new(MemoryContainer { name: name.to_owned(), limits: self.limits, kept, total })
    }
}

#[async_trait]
impl Containers for MemoryContainers {
    async fn open(&self, name: &str) -> Result<Option<Arc<dyn Container>>, BlobError> {
        limits::check_container(name)?;
        Ok(lock(&self.containers).get(name).map(|kept| self.container(name, kept)))
    }

    async fn create(&self, name: &str) -> Result<(Arc<dyn Container>, bool), BlobError> {
        limits::check_container(name)?;
        let mut containers = lock(&self.containers);
        let new = !containers.contains_key(name);
        let kept = containers.entry(name.to_owned()).or_insert_with(|| {
            let objects = Mutex::new(Some(Objects::default()));
            Arc::new(Kept { created: SystemTime::now(), objects })
        });
        Ok((self.container(name, kept), new))
    }

    async fn delete(&self, name: &str) -> Result<(), BlobError> {
        limits::check_container(name)?;
        if let Some(kept) = lock(&self.containers).remove(name) {
            *lock(&kept.objects) = None;
        }
        Ok(())
    }
}

#[derive(Debug)]
struct Kept {
    created: SystemTime,
    /// `None` once the container was deleted.
    objects: Mutex<Option<Objects>>,
}

#[derive(Debug, Default)]
struct Objects {
    by_name: BTreeMap<String, Arc<Object>>,
    bytes: u64,
}

impl Objects {
    fn size_of(&self, name: &str) -> u64 {
        self.by_name.get(name).map_or(0, |object| object_size(name, object.content.size))
    }

    fn remove(&mut self, name: &str) {
        self.bytes -= self.size_of(name);
        self.by_name.remove(name);
    }
}

#[derive(Debug)]
struct Object {
    created: SystemTime,
    content: Content,
}

/// Bytes, which count for as long as anybody holds them.
#[derive(Debug)]
struct Content {
    pieces: Vec<Bytes>,
    size: u64,
    counted: u64,
    total: Arc<Tally>,
}

impl Drop for Content {
    fn drop(&mut self) {
        self.total.shrink(self.counted);
    }
}

// A panic while the lock is held leaves objects that are each whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Debug, Clone)]
struct MemoryContainer {
    name: String,
    limits: BlobLimits,
    kept: Arc<Kept>,
    total: Arc<Tally>,
}

impl MemoryContainer {
    fn with<T>(&self, work: impl FnOnce(&mut Objects) -> Result<T, BlobError>) -> Result<T, BlobError> {
        match &mut *lock(&self.kept.objects) {
            Some(objects) => work(objects),
            None => Err(BlobError::NoContainer { name: self.name.clone() }),
        }
    }
}

#[async_trait]
impl Container for MemoryContainer {
    fn name(&self) -> &str {
        &self.name
    }

    async fn created(&self) -> Result<SystemTime, BlobError> {
        self.with(|_| Ok(self.kept.created))
    }

    async fn info(&self, name: &str) -> Result<Option<Info>, BlobError> {
        limits::check_object(name)?;
        let info = |object: &Arc<Object>| Info { size: object.content.size, created: object.created };
        self.with(|objects| Ok(objects.by_name.get(name).map(info)))
    }

    async fn read(&self, name: &str, start: u64, end: u64) -> Result<Box<dyn Reader>, BlobError> {
        limits::check_object(name)?;
        let found = self.with(|objects| Ok(objects.by_name.get(name).cloned()))?;
        let object = found.ok_or_else(|| BlobError::NoObject { name: name.to_owned() })?;
        let (start, size) = limits::part(object.content.size, start, end)?;
        Ok(Box::new(MemoryReader { object, size, piece: 0, skip: start, left: size }))
    }

    async fn write(&self, name: &str) -> Result<Box<dyn Writer>, BlobError> {
        limits::check_object(name)?;
        let counted = object_size(name, 0);
        self.with(|_| Ok(()))?;
        if !self.total.grow(counted, 0, self.limits.max_all) {
            return Err(BlobError::Full { limit: self.limits.max_all });
        }
        let content = Content { pieces: Vec::new(), size: 0, counted, total: Arc::clone(&self.total) };
        let buffer = BytesMut::new();
        Ok(Box::new(MemoryWriter { container: self.clone(), name: name.to_owned(), content, buffer }))
    }

    async fn list(&self, cursor: Option<&str>) -> Result<Page, BlobError> {
        let start = cursor.map_or(Bound::Unbounded, Bound::Excluded);
        self.with(|objects| {
            let names = objects.by_name.range::<str, _>((start, Bound::Unbounded));
            Ok(Page::of(names.map(|(name, _)| name.clone()).take(PAGE_NAMES + 1).collect()))
        })
    }

    async fn delete(&self, names: Vec<String>) -> Result<(), BlobError> {
        limits::check_objects(&names)?;
        self.with(|objects| {
            names.iter().for_each(|name| objects.remove(name));
            Ok(())
        })
    }

    async fn clear(&self) -> Result<(), BlobError> {
        self.with(|objects| {
            *objects = Objects::default();
            Ok(())
        })
    }
}

struct MemoryReader {
    object: Arc<Object>,
    size: u64,
    piece: usize,
    /// Bytes of the pieces from `piece` on that come before the range.
    skip: u64,
    left: u64,
}

#[async_trait]
impl Reader for MemoryReader {
    fn size(&self) -> u64 {
        self.size
    }

    async fn next(&mut self) -> Result<Option<Bytes>, BlobError> {
        while let Some(piece) = self.object.content.pieces.get(self.piece).filter(|_| self.left > 0) {
            self.piece += 1;
            let length = piece.len() as u64;
            if self.skip >= length {
                self.skip -= length;
                continue;
            }
            let end = length.min(self.skip.saturating_add(self.left));
            let part = piece.slice(self.skip as usize..end as usize);
            (self.skip, self.left) = (0, self.left - part.len() as u64);
            return Ok(Some(part));
        }
        Ok(None)
    }
}

struct MemoryWriter {
    container: MemoryContainer,
    name: String,
    content: Content,
    /// What is no whole piece yet: a guest may write byte by byte.
    buffer: BytesMut,
}

#[async_trait]
impl Writer for MemoryWriter {
    async fn write(&mut self, piece: Bytes) -> Result<(), BlobError> {
        let (limits, content) = (&self.container.limits, &mut self.content);
        let length = piece.len() as u64;
        limits.check_size(content.size + length)?;
        if !content.total.grow(length, 0, limits.max_all) {
            return Err(BlobError::Full { limit: limits.max_all });
        }
        content.counted += length;
        content.size += length;
        self.buffer.extend_from_slice(&piece);
        if self.buffer.len() >= PIECE {
            content.pieces.push(self.buffer.split_to(PIECE).freeze());
        }
        Ok(())
    }

    async fn finish(self: Box<Self>) -> Result<(), BlobError> {
        let Self { container, name, mut content, buffer } = *self;
        content.pieces.extend((!buffer.is_empty()).then(|| Bytes::copy_from_slice(&buffer)));
        container.with(|objects| {
            let after = objects.bytes - objects.size_of(&name) + object_size(&name, content.size);
            container.limits.check_total(&container.name, objects.bytes, after)?;
            objects.bytes = after;
            objects.by_name.insert(name, Arc::new(Object { created: SystemTime::now(), content }));
            Ok(())
        })
    }
}
