//! Reloading a plugin when its file changes.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use tokio::task::AbortHandle;

use crate::builder::From;
use crate::plugin::{Inner, Plugin};
use crate::{Error, Kind, Result};

/// How often the file is looked at. A `stat` sees what editors, compilers and `rsync` do on every file system.
const EVERY: Duration = Duration::from_millis(500);

/// Reloads a plugin when its file changes, for as long as this is there.
#[derive(Debug)]
pub struct Watch(AbortHandle);

impl Watch {
    pub(crate) fn start(plugin: &Plugin) -> Result<Self> {
        let From::File(path) = &plugin.0.spec.from else {
            let why = "it came from no file, so there is none to watch";
            return Err(plugin.about(Error::new(Kind::Usage, why)));
        };
        let (weak, path, seen) = (Arc::downgrade(&plugin.0), path.clone(), Seen::of(path));
        let task = plugin.runtime().0.handle()?.spawn(watch(weak, path, seen));
        Ok(Self(task.abort_handle()))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What a look at a file tells.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Seen {
    size: u64,
    modified: Option<SystemTime>,
}

impl Seen {
    /// `None` for a file that is not there, as while it is replaced.
    fn of(path: &Path) -> Option<Self> {
        let about = std::fs::metadata(path).ok()?;
        Some(Self { size: about.len(), modified: about.modified().ok() })
    }
}

async fn watch(plugin: Weak<Inner>, path: PathBuf, mut loaded: Option<Seen>) {
    let mut before = loaded;
    loop {
        tokio::time::sleep(EVERY).await;
        let now = Seen::of(&path);
        // What still changes is being written.
        let settled = now == before;
        before = now;
        if !settled || now.is_none() || now == loaded {
            continue;
        }
        loaded = now;
        let Some(plugin) = plugin.upgrade().map(Plugin) else { return };
        match plugin.reload_async().await {
            Ok(()) => tracing::info!(target: "holm", plugin = plugin.name(), "reloaded"),
            Err(error) => {
                tracing::warn!(target: "holm", plugin = plugin.name(), %error, "not reloaded: the old code stays");
            }
        }
    }
}
