use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use holm_services::kv::{KvError, SqliteStores, Store, StoreLimits, Stores};
use tokio::sync::OnceCell;

/// Stores in an SQLite file that is opened, and created, when a guest first opens one of them: most guests
/// never do, and opening takes longer than running many of them.
pub struct LazyStores {
    path: PathBuf,
    limits: StoreLimits,
    opened: OnceCell<SqliteStores>,
}

impl LazyStores {
    /// Stores in the file at `path`, which is not touched yet.
    pub fn new(path: impl Into<PathBuf>, limits: StoreLimits) -> Self {
        Self { path: path.into(), limits, opened: OnceCell::new() }
    }

    async fn open_file(&self) -> Result<SqliteStores, KvError> {
        let (path, limits) = (self.path.clone(), self.limits);
        let opened = tokio::task::spawn_blocking(move || SqliteStores::open(path, limits)).await;
        opened.unwrap_or(Err(KvError::Stopped))
    }
}

#[async_trait]
impl Stores for LazyStores {
    async fn open(&self, name: &str) -> Result<Arc<dyn Store>, KvError> {
        self.opened.get_or_try_init(|| self.open_file()).await?.open(name).await
    }
}
