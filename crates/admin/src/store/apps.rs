//! Deploying, rolling back, removing.

use std::fs;
use std::time::SystemTime;

use super::error::failed;
use super::record::{self, Pointer};
use super::{Draft, Entry, Problem, Record, Store, StoreError, files, locked, scan};
use crate::AppName;

impl Store {
    /// The apps that can be served and their current versions, by name.
    #[must_use]
    pub fn list(&self) -> Vec<(AppName, u64)> {
        let index = locked(&self.index);
        index.iter().filter_map(|(name, entry)| Some((name.clone(), entry.current?))).collect()
    }

    /// The current version's number; `None` for an app that is not deployed.
    #[must_use]
    pub fn current_version(&self, name: &AppName) -> Option<u64> {
        self.entry(name)?.current
    }

    /// The current version.
    ///
    /// # Errors
    /// [`StoreError::NoApp`], [`StoreError::CorruptFile`], [`StoreError::Io`].
    pub fn current(&self, name: &AppName) -> Result<Record, StoreError> {
        let version = self.current_version(name).ok_or_else(|| StoreError::NoApp(name.clone()))?;
        scan::read(&self.layout, name, version)
    }

    /// One version.
    ///
    /// # Errors
    /// [`StoreError::NoApp`], [`StoreError::NoVersion`], [`StoreError::CorruptFile`], [`StoreError::Io`].
    pub fn version(&self, name: &AppName, version: u64) -> Result<Record, StoreError> {
        let entry = self.entry(name).ok_or_else(|| StoreError::NoApp(name.clone()))?;
        if version > entry.latest {
            return Err(StoreError::NoVersion { app: name.clone(), version });
        }
        scan::read(&self.layout, name, version)
    }

    /// The numbers of the versions that are kept, ascending.
    ///
    /// # Errors
    /// [`StoreError::NoApp`], [`StoreError::Io`].
    pub fn versions(&self, name: &AppName) -> Result<Vec<u64>, StoreError> {
        let entry = self.entry(name).ok_or_else(|| StoreError::NoApp(name.clone()))?;
        let mut versions = self.layout.versions(name)?;
        versions.retain(|version| *version <= entry.latest);
        Ok(versions)
    }

    /// Makes `draft` the app's current version and answers it, with its number.
    ///
    /// `expected` is the version the app must be at, 0 for an app that must not be there; `None`
    /// replaces whatever there is.
    ///
    /// # Errors
    /// [`StoreError::Conflict`], [`StoreError::MissingBlobs`], [`StoreError::TooLarge`],
    /// [`StoreError::Full`], [`StoreError::Io`]. The app is then as it was.
    pub fn apply(&self, name: &AppName, draft: Draft, expected: Option<u64>) -> Result<Record, StoreError> {
        let _writing = self.begin();
        let before = self.expect(name, expected)?;
        let record = Record {
            version: before.map_or(1, |entry| entry.latest + 1),
            created: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            guests: self.claim_all(&draft.guests)?,
            manifest: draft.manifest,
            hosts: draft.hosts,
            notes: draft.notes,
        };
        if let Err(error) = self.write_version(name, &record, before) {
            // Nobody was told of this version. What cannot be cleaned up is ignored when next opened.
            let _ = fs::remove_file(self.layout.record(name, record.version));
            let _ = fs::remove_dir(self.layout.app(name));
            return Err(error);
        }
        self.prune(name, record.version);
        Ok(record)
    }

    /// What a rollback to `to` would make current: that version, or the newest one before the
    /// current one.
    ///
    /// # Errors
    /// [`StoreError::NoApp`], [`StoreError::NoVersion`], [`StoreError::NoEarlier`],
    /// [`StoreError::CorruptFile`], [`StoreError::Io`].
    pub fn rollback_target(&self, name: &AppName, to: Option<u64>) -> Result<Record, StoreError> {
        if let Some(version) = to {
            return self.version(name, version);
        }
        let current = self.current_version(name).ok_or_else(|| StoreError::NoApp(name.clone()))?;
        let earlier = self.versions(name)?.into_iter().rev().find(|version| *version < current);
        self.version(name, earlier.ok_or_else(|| StoreError::NoEarlier(name.clone()))?)
    }

    /// Makes an earlier version current again: `to`, or the newest one before the current one.
    /// `expected` is as for [`apply`](Self::apply).
    ///
    /// # Errors
    /// As [`rollback_target`](Self::rollback_target), [`StoreError::Conflict`],
    /// [`StoreError::MissingBlobs`] and [`StoreError::Full`]. The app is then as it was.
    pub fn rollback(&self, name: &AppName, to: Option<u64>, expected: Option<u64>) -> Result<Record, StoreError> {
        let _writing = self.begin();
        let before = self.expect(name, expected)?.ok_or_else(|| StoreError::NoApp(name.clone()))?;
        let record = self.rollback_target(name, to)?;
        self.claim_all(&record.guests.iter().map(|(path, guest)| (path.clone(), guest.digest)).collect())?;
        self.point(name, Entry { current: Some(record.version), latest: before.latest }, Some(before))?;
        Ok(record)
    }

    /// Removes the app with all its versions.
    ///
    /// # Errors
    /// [`StoreError::NoApp`], [`StoreError::Io`].
    pub fn remove(&self, name: &AppName) -> Result<(), StoreError> {
        let _writing = self.begin();
        if self.entry(name).is_none() {
            return Err(StoreError::NoApp(name.clone()));
        }
        // One rename makes it go; deleting file by file could be cut short.
        let (dir, tmp) = (self.layout.app(name), &self.layout.tmp);
        let gone = tempfile::tempdir_in(tmp).map_err(failed("write to", tmp))?;
        fs::rename(&dir, gone.path().join("app")).map_err(failed("remove", &dir))?;
        locked(&self.index).remove(name);
        files::sync_parent(&dir)
    }

    /// Stops serving version `bad` in favour of the newest whole version before it, for instance
    /// because a guest of it turned out damaged. Answers that version, if there is one.
    ///
    /// Only this process goes back: when the damage is repaired, a restart serves `bad` again.
    pub fn fall_back(&self, name: &AppName, bad: u64, why: &str) -> Option<u64> {
        let _writing = self.begin();
        let entry = self.entry(name)?;
        if entry.current != Some(bad) {
            return entry.current; // It was replaced meanwhile.
        }
        let current = scan::earlier(&self.layout, name, bad);
        self.set_entry(name, Entry { current, ..entry });
        locked(&self.problems).push(Problem { app: Some(name.clone()), what: why.to_owned(), serving: current });
        current
    }

    fn expect(&self, name: &AppName, expected: Option<u64>) -> Result<Option<Entry>, StoreError> {
        let entry = self.entry(name);
        let found = entry.and_then(|entry| entry.current).unwrap_or(0);
        match expected {
            Some(expected) if expected != found => Err(StoreError::Conflict { app: name.clone(), expected, found }),
            _ => Ok(entry),
        }
    }

    fn write_version(&self, name: &AppName, record: &Record, before: Option<Entry>) -> Result<(), StoreError> {
        let dir = self.layout.app(name);
        files::create_dir(&dir)?;
        files::sync_parent(&dir)?;
        let version = record.version;
        record::write(&self.layout.tmp, &self.layout.record(name, version), record)?;
        self.point(name, Entry { current: Some(version), latest: version }, before)
    }

    /// Makes another version current, on disk and then in the index.
    fn point(&self, name: &AppName, entry: Entry, before: Option<Entry>) -> Result<(), StoreError> {
        let written = self.write_pointer(name, entry);
        if written.is_err() {
            // It may have got its name and then failed to be synced: what is served and what a
            // restart would serve must not differ.
            let restored = before.is_some_and(|before| self.write_pointer(name, before).is_ok());
            if !restored && before.is_none() {
                let _ = fs::remove_file(self.layout.current(name));
            }
            return written;
        }
        self.set_entry(name, entry);
        Ok(())
    }

    fn write_pointer(&self, name: &AppName, entry: Entry) -> Result<(), StoreError> {
        let Some(version) = entry.current else { return Ok(()) };
        record::write(&self.layout.tmp, &self.layout.current(name), &Pointer { version, latest: entry.latest })
    }

    /// Removes versions beyond those that are kept. What cannot be removed stays until the next time.
    fn prune(&self, name: &AppName, current: u64) {
        let Ok(versions) = self.layout.versions(name) else { return };
        let old = versions.iter().rev().skip(self.options.keep_versions);
        for version in old.filter(|version| **version != current) {
            let _ = fs::remove_file(self.layout.record(name, *version));
        }
    }
}
