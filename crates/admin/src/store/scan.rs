//! What a state directory holds, found when it is opened.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use super::error::failed;
use super::layout::Layout;
use super::record::{self, Pointer};
use super::{Entry, Record, StoreError, files};
use crate::AppName;

/// Something damaged, and what was done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The app, unless it is something else in the directory.
    pub app: Option<AppName>,
    /// What is wrong with what.
    pub what: String,
    /// The version that is served instead; `None`: the app is not served.
    pub serving: Option<u64>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.app, self.serving) {
            (Some(app), Some(version)) => write!(f, "{app}: {}; version {version} is served instead", self.what),
            (Some(app), None) => write!(f, "{app}: {}; the app is not served: deploy it again", self.what),
            (None, _) => write!(f, "{}; it is ignored", self.what),
        }
    }
}

/// Finds every app. Damage to one app is a problem of that app, never an error.
pub(super) fn scan(layout: &Layout) -> Result<(BTreeMap<AppName, Entry>, Vec<Problem>), StoreError> {
    let mut index = BTreeMap::new();
    let mut problems = Vec::new();
    for path in files::entries(&layout.apps)? {
        let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse::<AppName>().ok());
        let Some(name) = name.filter(|_| path.is_dir()) else {
            let what = format!("{} is no app", path.display());
            problems.push(Problem { app: None, what, serving: None });
            continue;
        };
        match find(layout, &name) {
            Ok(Some(entry)) => drop(index.insert(name, entry)),
            Ok(None) => {}
            Err((error, entry)) => {
                problems.push(Problem { app: Some(name.clone()), what: error.to_string(), serving: entry.current });
                index.insert(name, entry);
            }
        }
    }
    Ok((index, problems))
}

/// An app's entry; `None` when its first deploy never finished; with an error when its current
/// version cannot be used.
fn find(layout: &Layout, name: &AppName) -> Result<Option<Entry>, (StoreError, Entry)> {
    let pointer = match record::read::<Pointer>(&layout.current(name)) {
        Ok(Some(pointer)) => pointer,
        Ok(None) => return find_unpointed(layout, name),
        Err(error) => return Err(newest(layout, name, error)),
    };
    let Pointer { version, latest } = pointer;
    match whole(layout, name, version) {
        Ok(_) => Ok(Some(Entry { current: Some(version), latest })),
        Err(error) => Err((error, Entry { current: earlier(layout, name, version), latest })),
    }
}

/// An app without its `current`: that is how a first deploy looks that was killed, and nothing else
/// that Holm does.
fn find_unpointed(layout: &Layout, name: &AppName) -> Result<Option<Entry>, (StoreError, Entry)> {
    let versions = layout.versions(name).unwrap_or_default();
    if versions.iter().all(|version| *version == 1) {
        return Ok(None);
    }
    let missing = StoreError::CorruptFile { path: layout.current(name), why: "it is missing".to_owned() };
    Err(newest(layout, name, missing))
}

/// What is left of an app when nothing says which version is current.
fn newest(layout: &Layout, name: &AppName, error: StoreError) -> (StoreError, Entry) {
    let latest = layout.versions(name).ok().and_then(|versions| versions.last().copied()).unwrap_or(0);
    (error, Entry { current: earlier(layout, name, u64::MAX), latest })
}

/// The newest whole version before `version`.
pub(super) fn earlier(layout: &Layout, name: &AppName, version: u64) -> Option<u64> {
    let versions = layout.versions(name).ok()?;
    let before = versions.into_iter().rev().filter(|earlier| *earlier < version);
    before.into_iter().find(|version| whole(layout, name, *version).is_ok())
}

/// Reads a version's record.
pub(super) fn read(layout: &Layout, name: &AppName, version: u64) -> Result<Record, StoreError> {
    let path = layout.record(name, version);
    match record::read::<Record>(&path)? {
        Some(record) if record.version == version => Ok(record),
        Some(record) => Err(StoreError::CorruptFile { path, why: format!("it holds version {}", record.version) }),
        None => Err(StoreError::NoVersion { app: name.clone(), version }),
    }
}

/// Reads a version's record and looks whether its guests are there.
fn whole(layout: &Layout, name: &AppName, version: u64) -> Result<Record, StoreError> {
    let record = read(layout, name, version)?;
    for guest in record.guests.values() {
        check_size(&layout.blob(&guest.digest), guest.size)?;
    }
    Ok(record)
}

fn check_size(path: &Path, expected: u64) -> Result<(), StoreError> {
    let size = fs::metadata(path).map_err(failed("look at the guest", path))?.len();
    if size == expected {
        return Ok(());
    }
    Err(StoreError::CorruptFile { path: path.to_owned(), why: format!("it has {size} bytes instead of {expected}") })
}
