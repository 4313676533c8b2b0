use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;

use crate::blob::{BlobError, Container, Containers};
use crate::kv::{KvError, Store, Stores};

/// Places by the names of what they keep.
pub(super) struct ByName<T: ?Sized>(HashMap<String, Arc<T>>);

impl<T: ?Sized> Default for ByName<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T: ?Sized> ByName<T> {
    pub(super) fn add(&mut self, name: &str, place: Arc<T>) {
        self.0.insert(name.to_owned(), place);
    }
}

/// Whoever asks has looked at the grants, so a name that is not there is none that could be.
#[async_trait]
impl Stores for ByName<dyn Stores> {
    async fn open(&self, name: &str) -> Result<Arc<dyn Store>, KvError> {
        match self.0.get(name) {
            Some(stores) => stores.open(name).await,
            None => Err(KvError::Name { length: name.len() }),
        }
    }
}

#[async_trait]
impl Containers for ByName<dyn Containers> {
    async fn open(&self, name: &str) -> Result<Option<Arc<dyn Container>>, BlobError> {
        match self.0.get(name) {
            Some(containers) => containers.open(name).await,
            None => Ok(None),
        }
    }

    async fn create(&self, name: &str) -> Result<(Arc<dyn Container>, bool), BlobError> {
        match self.0.get(name) {
            Some(containers) => containers.create(name).await,
            None => Err(BlobError::NoContainer { name: name.to_owned() }),
        }
    }

    async fn delete(&self, name: &str) -> Result<(), BlobError> {
        match self.0.get(name) {
            Some(containers) => containers.delete(name).await,
            None => Ok(()),
        }
    }
}
