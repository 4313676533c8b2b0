//! What a build is made of, and whether it is still as it was.

use glob::{MatchOptions, Pattern};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// How deep folders are looked into.
const DEEPEST: usize = 32;
/// How many files are looked at. A project with more has something in its folder that does not belong there.
const MOST_FILES: usize = 20_000;
/// Larger files have changed when their times have.
const LARGEST_READ: u64 = 16 << 20;

/// In a pattern `*` stays within a folder.
const STRICT: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };

fn is_pattern(name: &OsStr) -> bool {
    name.to_string_lossy().contains(['*', '?', '['])
}

/// What tells a changed file from an unchanged one without reading it: size in bytes, and time of change in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    size: u64,
    time: (i64, i64),
}

impl Stamp {
    pub(crate) fn of(path: &Path) -> Option<Self> {
        path.metadata().ok().as_ref().map(Stamp::from)
    }
}

impl From<&Metadata> for Stamp {
    fn from(meta: &Metadata) -> Self {
        Stamp { size: meta.len(), time: (meta.mtime(), meta.mtime_nsec()) }
    }
}

/// Files by name, as they are or were. `None`: it is not there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inputs(BTreeMap<PathBuf, Option<Stamp>>);

impl Inputs {
    /// The sources below these folders as they are now, without those below `apart`. What is hidden, made by tools
    /// (`target`, `node_modules`, whatever has a CACHEDIR.TAG) or compiled already is no source.
    pub(crate) fn below(folders: &[&Path], apart: &[PathBuf]) -> Self {
        let mut inputs = Inputs::default();
        for folder in folders {
            inputs.walk(folder, apart, 0);
        }
        inputs
    }

    /// The files that `patterns` mean, seen from `folder`: `src/**/*.rs`, `Cargo.toml`. Below the folders in which they may
    /// be, the same is no source as in [`below`](Inputs::below).
    pub(crate) fn matching(folder: &Path, patterns: &[String], apart: &[PathBuf]) -> Self {
        let mut inputs = Inputs::default();
        for pattern in patterns {
            let whole = folder.join(pattern);
            let fixed: PathBuf = whole.components().take_while(|part| !is_pattern(part.as_os_str())).collect();
            if fixed == whole {
                let files = if whole.is_dir() { Inputs::below(&[&whole], apart) } else { Inputs::of_files(&[whole]) };
                inputs.and(files);
                continue;
            }
            let rest = whole.strip_prefix(&fixed).unwrap_or(&whole).to_string_lossy();
            // One that is none means nothing.
            let Ok(pattern) = Pattern::new(&format!("{}/{rest}", Pattern::escape(&fixed.to_string_lossy()))) else {
                continue;
            };
            let mut below = Inputs::below(&[&fixed], apart);
            below.0.retain(|path, _| pattern.matches_path_with(path, STRICT));
            inputs.and(below);
        }
        inputs
    }

    fn walk(&mut self, folder: &Path, apart: &[PathBuf], depth: usize) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        // Where npm's projects put what they make.
        let npm = folder.join("package.json").is_file();
        for entry in entries.flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            if npm && (name == "build" || name == "dist") {
                continue;
            }
            if self.0.len() >= MOST_FILES || is_made(&name.to_string_lossy()) || apart.contains(&path) {
                continue;
            }
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && depth < DEEPEST && !is_of_tools(&path) => {
                    self.walk(&path, apart, depth + 1);
                }
                Ok(kind) if kind.is_dir() => {}
                // A link to a folder is not followed: it may lead back.
                _ => {
                    if let Some(meta) = path.metadata().ok().filter(Metadata::is_file) {
                        self.0.insert(path, Some(Stamp::from(&meta)));
                    }
                }
            }
        }
    }

    /// This file as well.
    pub(crate) fn note(&mut self, path: &Path) {
        self.0.insert(path.to_owned(), Stamp::of(path));
    }

    /// Those of `other` as well, which win.
    pub fn and(&mut self, other: Inputs) {
        self.0.extend(other.0);
    }

    /// The same files as they are now.
    pub fn now(&self) -> Self {
        Inputs(self.0.keys().map(|path| (path.clone(), Stamp::of(path))).collect())
    }

    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.0.keys().map(PathBuf::as_path)
    }

    /// Those that are not the same in `other`.
    pub(crate) fn changed<'a>(&'a self, other: &'a Inputs) -> impl Iterator<Item = &'a Path> {
        let gone = other.0.keys().filter(|path| !self.0.contains_key(*path));
        let others = self.0.iter().filter(|(path, stamp)| other.0.get(*path) != Some(*stamp)).map(|(path, _)| path);
        others.chain(gone).map(PathBuf::as_path)
    }
}

/// A digest of what is in the file, unless it is large or not there.
pub(crate) fn digest(path: &Path) -> Option<String> {
    let size = path.metadata().ok()?.len();
    let bytes = (size <= LARGEST_READ).then(|| fs::read(path).ok())??;
    Some(blake3::hash(&bytes).to_hex().to_string())
}

fn is_made(name: &str) -> bool {
    let hidden = name.starts_with('.') && name != ".cargo";
    let made = ["target", "node_modules", "__pycache__"].contains(&name);
    // Editors keep what is not saved yet beside the file.
    let temporary = name.ends_with('~') || name.ends_with(".swp");
    hidden || made || temporary || [".wasm", ".cwasm", ".pyc"].iter().any(|ending| name.ends_with(ending))
}

fn is_of_tools(folder: &Path) -> bool {
    ["CACHEDIR.TAG", "pyvenv.cfg"].iter().any(|file| folder.join(file).exists())
}

/// What tools write among the sources while they build.
const WRITTEN: [&str; 9] = [
    "Cargo.lock",
    "go.mod",
    "go.sum",
    "package-lock.json",
    "poetry.lock",
    "uv.lock",
    // The bindings for Go.
    "wit_exports.go",
    "wit_bindings.go",
    "empty.s",
];

impl Inputs {
    /// These files, as they are now.
    pub fn of_files(files: &[PathBuf]) -> Self {
        let mut inputs = Inputs::default();
        files.iter().for_each(|file| inputs.note(file));
        inputs
    }

    /// Whether a person has changed anything since, while tools were at work, whose own files do not count.
    pub fn differs_by_hand(&self, before: &Inputs) -> bool {
        self.changed(before).any(|path| !is_written_by_tools(path))
    }

    /// What these are once tools have written what they write.
    pub fn after_tools(mut self, now: &Inputs) -> Self {
        self.settle(now, &[]);
        self
    }

    /// Those of `now` as well that were not there before: a command may write what it likes. What it changed of what was there
    /// may also have been saved meanwhile, so that counts as a change.
    pub(crate) fn take_new(&mut self, now: Inputs) {
        for (path, stamp) in now.0 {
            self.0.entry(path).or_insert(stamp);
        }
    }

    /// Takes over from `now` the files that are among `written`, or called like those that tools write.
    pub(crate) fn settle(&mut self, now: &Inputs, written: &[PathBuf]) {
        for (path, stamp) in &now.0 {
            if is_written_by_tools(path) || written.contains(path) {
                self.0.insert(path.clone(), *stamp);
            }
        }
    }
}

fn is_written_by_tools(path: &Path) -> bool {
    path.file_name().is_some_and(|name| WRITTEN.iter().any(|written| name == *written))
}
