//! The files that a configuration was read from, and whether they are still as they were.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// What tells a changed file from an unchanged one: also when it was replaced by another, or is a link that leads
/// elsewhere now, which is how Kubernetes replaces files. `None`: it is not there.
type Stamp = Option<(u64, u64, u64, [i64; 4])>;

/// Files by name, as they were just before they were read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Files(BTreeMap<PathBuf, Stamp>);

impl Files {
    /// Takes note of a file that is about to be read, or would be if it was there.
    pub(super) fn note(&mut self, path: &Path) {
        if !self.0.contains_key(path) {
            self.0.insert(path.to_owned(), stamp(path));
        }
    }

    /// Those of `other` as well, where they are not among these.
    pub(super) fn and(&mut self, other: &Files) {
        for (path, stamp) in &other.0 {
            self.0.entry(path.clone()).or_insert(*stamp);
        }
    }

    /// The same files as they are now.
    pub(super) fn now(&self) -> Files {
        Files(self.0.keys().map(|path| (path.clone(), stamp(path))).collect())
    }
}

fn stamp(path: &Path) -> Stamp {
    let meta = path.metadata().ok()?;
    let times = [meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec()];
    Some((meta.dev(), meta.ino(), meta.len(), times))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_file_has_changed_when_it_is_written_replaced_removed_or_linked_elsewhere() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("a"), "1").unwrap();
        fs::write(at("b"), "1").unwrap();
        symlink(at("a"), at("link")).unwrap();
        let seen = || {
            let mut files = Files::default();
            ["a", "link", "missing"].iter().for_each(|name| files.note(&at(name)));
            files
        };
        let (mut before, changes): (_, [&dyn Fn(); 5]) = (
            seen(),
            [
                &|| fs::write(at("a"), "22").unwrap(),
                &|| fs::rename(at("b"), at("a")).unwrap(),
                &|| fs::write(at("missing"), "").unwrap(),
                &|| fs::remove_file(at("missing")).unwrap(),
                &|| {
                    fs::write(at("c"), "22").unwrap();
                    symlink(at("c"), at("new")).unwrap();
                    fs::rename(at("new"), at("link")).unwrap();
                },
            ],
        );
        for (number, change) in changes.iter().enumerate() {
            assert_eq!(before.now(), before);
            change();
            assert_ne!(before.now(), before, "change {number}");
            before = seen();
        }
    }
}
