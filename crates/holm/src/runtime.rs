//! What all plugins of a program share: compiled code, engines, one thread for what they wait for.

use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::sync::Arc;

use holm_engine::{Cache, Loader};
use holm_services::http_client::{ClientConfig, HttpClient};
use holm_wasi::Wasi;

use crate::builder::{From, PluginBuilder};
use crate::signature::Key;
use crate::{Error, Kind, Result};

/// Loads plugins. One for a program is enough; clones are the same runtime.
#[derive(Clone)]
pub struct Runtime(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) loader: Loader,
    /// Instances at once, of all plugins.
    pub(crate) instances: u32,
    /// Who signs plugins; empty: anybody may.
    pub(crate) keys: Vec<Key>,
    /// Sends plugins' requests; each has connections of its own.
    pub(crate) http: Option<HttpClient>,
    tokio: Option<tokio::runtime::Runtime>,
}

/// Settings of a [`Runtime`].
#[derive(Default)]
pub struct RuntimeBuilder {
    cache: Place,
    instances: Option<u32>,
    keys: Vec<Key>,
}

/// Where compiled code is kept.
#[derive(Default)]
enum Place {
    #[default]
    Users,
    Dir(PathBuf),
    Nowhere,
}

/// Instances at once when the host says nothing else.
const INSTANCES: u32 = 1000;

impl Runtime {
    /// A runtime that keeps compiled code in the user's cache, where `holm` keeps it too, if there is one.
    ///
    /// # Errors
    /// [`Kind::Io`] when no thread can be started.
    pub fn new() -> Result<Self> {
        Self::builder().build()
    }

    /// Settings, to begin with the usual ones.
    pub fn builder() -> RuntimeBuilder {
        RuntimeBuilder::default()
    }

    /// A plugin in a file: WebAssembly, binary or text, or what `holm compile` made of it.
    pub fn plugin(&self, path: impl AsRef<Path>) -> PluginBuilder {
        PluginBuilder::new(self.clone(), From::File(path.as_ref().to_owned()))
    }

    /// A plugin that is described by a manifest of Extism's, in JSON or TOML: its modules, and what it is granted. What the
    /// manifest allows is granted, so it must be the host's and not the plugin's.
    ///
    /// # Errors
    /// The file cannot be read, or asks for what cannot be granted.
    pub fn extism(&self, manifest: impl AsRef<Path>) -> Result<PluginBuilder> {
        PluginBuilder::described(self.clone(), manifest.as_ref())
    }

    /// A plugin whose bytes are at hand, binary or text. `name` is for messages.
    pub fn plugin_from(&self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> PluginBuilder {
        PluginBuilder::new(self.clone(), From::Bytes(bytes.into().into())).name(name)
    }
}

impl RuntimeBuilder {
    /// Keeps compiled code in this directory, which must be the user's own.
    #[must_use]
    pub fn cache(self, dir: impl Into<PathBuf>) -> Self {
        Self { cache: Place::Dir(dir.into()), ..self }
    }

    /// Keeps no compiled code: plugins are compiled every time.
    #[must_use]
    pub fn no_cache(self) -> Self {
        Self { cache: Place::Nowhere, ..self }
    }

    /// How many instances there may be at once, of all plugins together; 1000 unless it is said. Each reserves addresses,
    /// not memory.
    #[must_use]
    pub fn instances(self, most: u32) -> Self {
        Self { instances: Some(most), ..self }
    }

    /// Takes plugins that are signed with this key. Once a key is trusted, no others are taken.
    #[must_use]
    pub fn trust(mut self, key: Key) -> Self {
        self.keys.push(key);
        self
    }

    /// The runtime.
    ///
    /// # Errors
    /// [`Kind::Io`] or [`Kind::Denied`] when the cache directory that was named cannot be used, or no thread started.
    pub fn build(self) -> Result<Runtime> {
        let cache = match self.cache {
            Place::Dir(dir) => Some(Cache::open(&dir)?),
            // Without one plugins are compiled every time, and nothing else changes.
            Place::Users => Cache::default_dir().and_then(|dir| Cache::open(&dir).ok()),
            Place::Nowhere => None,
        };
        let on_warning = |text: &str| tracing::warn!(target: "holm", "{text}");
        let loader = Loader { cache, on_warning: Some(Box::new(on_warning)), ..Loader::default() };
        let tokio = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("holm")
            .enable_all()
            .build()
            .map_err(|error| Error::io("start a thread", &error))?;
        let instances = self.instances.unwrap_or(INSTANCES).max(1);
        // Only certificate files of one's own could be unreadable.
        let http = HttpClient::new(ClientConfig::default()).ok();
        Ok(Runtime(Arc::new(Inner { loader, instances, keys: self.keys, http, tokio: Some(tokio) })))
    }
}

impl Inner {
    /// WASI, as all plugins have it.
    pub(crate) fn wasi(&self) -> Wasi {
        Wasi::sending_with(self.http.clone())
    }

    /// The thread that waits for what plugins wait for.
    pub(crate) fn handle(&self) -> Result<&tokio::runtime::Handle> {
        let ended = || Error::new(Kind::Internal, "the runtime has ended");
        self.tokio.as_ref().map(tokio::runtime::Runtime::handle).ok_or_else(ended)
    }

    /// `work`, wherever it is polled. What it waits for, time and sockets, belongs to the runtime's own thread, so that
    /// the caller's executor may be any.
    pub(crate) async fn within<R>(&self, mut work: Pin<&mut impl Future<Output = Result<R>>>) -> Result<R> {
        let handle = self.handle()?;
        poll_fn(|cx| {
            let _entered = handle.enter();
            work.as_mut().poll(cx)
        })
        .await
    }

    /// `work`, waited for by this thread.
    pub(crate) fn block_on<R>(&self, work: impl Future<Output = Result<R>>) -> Result<R> {
        pollster::block_on(self.within(pin!(work)))
    }

    /// `work` that takes long and never waits.
    pub(crate) async fn aside<R: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<R> + Send + 'static,
    ) -> Result<R> {
        let done = self.handle()?.spawn_blocking(work).await;
        done.unwrap_or_else(|_| Err(Error::new(Kind::Internal, "loading broke off")))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Waiting for it would block whoever drops this, which may be an executor.
        if let Some(tokio) = self.tokio.take() {
            tokio.shutdown_background();
        }
    }
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Runtime")
    }
}
