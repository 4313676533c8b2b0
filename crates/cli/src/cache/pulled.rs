//! What was pulled, beside the code that is in the cache.

use std::time::SystemTime;

use holm_engine::{Cache, Pruned};
use serde_json::{Value as Json, json};

use crate::output::{human_size, printable};

/// A guest that was pulled, or a part of one.
pub(super) struct Guest {
    name: String,
    digest: String,
    pub(super) size: u64,
    pub(super) used: SystemTime,
}

/// The guests in the store beside `cache`, most recently used first.
#[cfg(feature = "registry")]
pub(super) fn guests(cache: &Cache) -> Vec<Guest> {
    let entries = store(cache).entries().into_iter().map(|entry| Guest {
        name: entry.name,
        digest: entry.digest.hex(),
        size: entry.size,
        used: entry.used,
    });
    entries.collect()
}

/// There are none where there are no registries.
#[cfg(not(feature = "registry"))]
pub(super) fn guests(_: &Cache) -> Vec<Guest> {
    Vec::new()
}

/// Removes what has been unused longest, code and guests alike, until `max` bytes are left.
pub(super) fn prune(cache: &Cache, max: u64) -> Pruned {
    let code = cache.entries().unwrap_or_default().into_iter().map(|entry| (entry.used, entry.size, true));
    let guests = guests(cache).into_iter().map(|guest| (guest.used, guest.size, false));
    let mut all: Vec<_> = code.chain(guests).collect();
    all.sort_by_key(|(used, ..)| *used);
    let (mut left, mut pulled) = (0_u64, 0);
    // The newest that fit together stay; each of the two removes its own oldest.
    while let Some((_, size, is_code)) = all.pop() {
        left = left.saturating_add(size);
        if left > max {
            break;
        }
        pulled += if is_code { 0 } else { size };
    }
    let pruned = cache.prune(max.saturating_sub(pulled));
    let (files, bytes) = prune_pulled(cache, pulled);
    Pruned { files: pruned.files + files, bytes: pruned.bytes + bytes }
}

#[cfg(feature = "registry")]
fn prune_pulled(cache: &Cache, max: u64) -> (u64, u64) {
    store(cache).prune(max)
}

#[cfg(not(feature = "registry"))]
fn prune_pulled(_: &Cache, _: u64) -> (u64, u64) {
    (0, 0)
}

#[cfg(feature = "registry")]
fn store(cache: &Cache) -> holm_registry::Store {
    holm_registry::Store::new(cache.dir().join(crate::registry::STORE))
}

impl Guest {
    /// Its line among those of compiled code.
    pub(super) fn line(&self, ago: &str) -> String {
        let name = if self.name.is_empty() { "part of something" } else { &self.name };
        let digest: String = self.digest.chars().take(12).collect();
        format!("{digest}  {:>10}  {:<9}  {ago:<14}  {}\n", human_size(self.size), "guest", printable(name))
    }

    /// As JSON.
    pub(super) fn describe(&self) -> Json {
        let used = self.used.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        json!({ "name": self.name, "digest": self.digest, "bytes": self.size, "used": used })
    }
}
