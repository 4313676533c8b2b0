//! Which files a component's `files` means, and where it sees them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use glob::{MatchOptions, Pattern};
use holm_engine::{Error, Kind, Result};
use holm_grants::format_size;
use holm_manifest::{Guest, Mount};

/// How deep folders are looked into.
const DEEPEST: usize = 32;
/// How many files one component sees.
pub(super) const MOST_FILES: usize = 20_000;
/// How many bytes they have together: as many as a server takes of one file that is deployed.
pub(super) const MOST_BYTES: u64 = 256 << 20;

/// A component's files.
#[derive(Debug, Default)]
pub(crate) struct Matched {
    /// Where the component sees each, seen from `/`, and where it is.
    pub(super) files: BTreeMap<PathBuf, PathBuf>,
    /// The folders that were looked into: what is new there may belong to it.
    pub(crate) folders: Vec<PathBuf>,
}

impl Matched {
    /// Puts a copy of each below the folder `to`.
    ///
    /// # Errors
    /// One cannot be read, or there is no room.
    pub(super) fn copy(&self, to: &Path) -> Result<()> {
        for (at, source) in &self.files {
            let place = to.join(at);
            let copied = fs::create_dir_all(place.parent().unwrap_or(to)).and_then(|()| fs::copy(source, &place));
            copied.map_err(|error| Error::io(format_args!("copy {}", source.display()), &error))?;
        }
        Ok(())
    }

    /// Where they are.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &Path> {
        self.files.values().map(PathBuf::as_path)
    }
}

/// The files of `guest`, whose manifest lies in `root`. Spin's `crates/loader` says what a pattern means: one that names a
/// file or folder is that; in any other `*` stays within a folder and `**` does not. `exclude_files` is asked for the path
/// from `root`, and there `*` goes on through folders.
///
/// # Errors
/// A file is not there, lies outside of the folder without the manifest saying so, or there is too much.
pub(crate) fn matched(guest: &Guest, root: &Path) -> Result<Matched> {
    let home = if root.as_os_str().is_empty() { Path::new(".") } else { root };
    let within = home.canonicalize().map_err(|error| Error::io(format_args!("find {}", home.display()), &error))?;
    let excluded = guest.exclude_files.iter().map(|pattern| parsed(pattern, "exclude_files"));
    let mut finding = Finding {
        root: home,
        within: vec![within],
        excluded: excluded.collect::<Result<_>>()?,
        found: Matched::default(),
        bytes: 0,
    };
    for mount in &guest.files {
        finding.mount(mount)?;
    }
    Ok(finding.found)
}

/// The folder that is all that a component sees, at `/`: it can be lent as it is.
pub(crate) fn only_folder(guest: &Guest) -> Option<&Path> {
    match guest.files.as_slice() {
        [Mount::At { source, destination }] if guest.exclude_files.is_empty() => {
            (destination.trim_matches('/').is_empty() && source.is_dir()).then_some(source)
        }
        _ => None,
    }
}

struct Finding<'a> {
    root: &'a Path,
    /// The folders that files may lie in, once links are followed: the manifest's, and what it names elsewhere.
    within: Vec<PathBuf>,
    excluded: Vec<Pattern>,
    found: Matched,
    bytes: u64,
}

impl Finding<'_> {
    fn mount(&mut self, mount: &Mount) -> Result<()> {
        match mount {
            Mount::Pattern(pattern) => self.pattern(pattern),
            Mount::At { source, destination } => self.placed(source, destination),
            Mount::Archive(_) => Ok(()),
        }
    }

    fn placed(&mut self, source: &Path, destination: &str) -> Result<()> {
        let at = seen(destination)?;
        let meta = fs::metadata(source).map_err(|error| not_there(source, &error))?;
        let real = source.canonicalize().map_err(|error| not_there(source, &error))?;
        if meta.is_dir() {
            self.within.push(real);
            return self.walk(source, source, &at, None, 0);
        }
        if at.as_os_str().is_empty() || destination.ends_with('/') {
            let why = format!("`files` puts the file {} at `{destination}`, which is a folder", source.display());
            return Err(Error::new(Kind::Usage, why).note("a destination of a file ends with the file's name"));
        }
        self.within.push(real);
        self.add(source, at)
    }

    fn pattern(&mut self, pattern: &str) -> Result<()> {
        let last = pattern.rsplit('/').next().unwrap_or_default();
        if matches!(last, "." | "..") {
            let why = format!("`files` has `{pattern}`, and a pattern does not end with `{last}`");
            return Err(Error::new(Kind::Usage, why).note(
                "{ source = \"FOLDER\", destination = \"/\" } shows a folder, and so does a pattern that ends with **/*",
            ));
        }
        let path = self.root.join(pattern);
        let at = inside(pattern).ok_or_else(|| {
            let why = format!("`files` has `{pattern}`, which leads out of the manifest's folder");
            Error::new(Kind::Usage, why).note("{ source = …, destination = … } may name a folder elsewhere")
        })?;
        if path.is_dir() {
            self.walk(&path, &path, &at, None, 0)?;
            // Spin puts what a bare folder holds below the folder's name twice.
            return self.walk(&path, &path, &at.join(&at), None, 0);
        }
        if path.exists() {
            return self.add(&path, at);
        }
        if !pattern.contains(['*', '?', '[']) {
            return Err(not_there(&path, &std::io::ErrorKind::NotFound.into()));
        }
        let matching = parsed(pattern.trim_start_matches("./"), "files")?;
        let fixed = at.components().take_while(|part| !part.as_os_str().to_string_lossy().contains(['*', '?', '[']));
        let fixed: PathBuf = fixed.collect();
        let start = self.root.join(&fixed);
        match start.is_dir() {
            true => self.walk(&start, &start, &fixed, Some(&matching), 0),
            // A pattern may fit nothing.
            false => Ok(()),
        }
    }

    /// What lies below `folder`, which is `top` or below it, and which the component sees from `at` on.
    fn walk(&mut self, folder: &Path, top: &Path, at: &Path, matching: Option<&Pattern>, depth: usize) -> Result<()> {
        let failed = |error| Error::io(format_args!("read {}", folder.display()), &error);
        if depth > DEEPEST {
            let why = format!("{} lies more than {DEEPEST} folders deep", folder.display());
            return Err(Error::new(Kind::Usage, why).note("a link may lead back to a folder around it"));
        }
        self.found.folders.push(folder.to_owned());
        let mut entries = fs::read_dir(folder).map_err(failed)?.collect::<std::io::Result<Vec<_>>>().map_err(failed)?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            let seen = at.join(path.strip_prefix(top).unwrap_or(&path));
            let Ok(meta) = path.metadata() else { continue };
            if meta.is_dir() {
                self.check_within(&path)?;
                self.walk(&path, top, at, matching, depth + 1)?;
            } else if meta.is_file() && matching.is_none_or(|pattern| pattern.matches_path_with(&seen, STRICT)) {
                self.add(&path, seen)?;
            }
        }
        Ok(())
    }

    fn add(&mut self, file: &Path, at: PathBuf) -> Result<()> {
        let from_root = file.strip_prefix(self.root).unwrap_or(file);
        if self.excluded.iter().any(|pattern| pattern.matches_path(from_root)) {
            return Ok(());
        }
        self.check_within(file)?;
        let size = file.metadata().map_err(|error| not_there(file, &error))?.len();
        self.bytes = self.bytes.saturating_add(size);
        if self.found.files.len() >= MOST_FILES || self.bytes > MOST_BYTES {
            let most = format_size(MOST_BYTES);
            let why = format!("`files` of one component are more than {MOST_FILES}, or larger than {most} together");
            return Err(Error::new(Kind::Usage, why).note(
                "{ source = \"FOLDER\", destination = \"/\" } alone shows a folder of any size, as it is on this machine",
            ));
        }
        // The last one that is put at a place is the one that is seen there.
        self.found.files.insert(at, file.to_owned());
        Ok(())
    }

    /// A link may not show what lies elsewhere.
    fn check_within(&self, path: &Path) -> Result<()> {
        let real = path.canonicalize().map_err(|error| not_there(path, &error))?;
        match self.within.iter().any(|folder| real.starts_with(folder)) {
            true => Ok(()),
            false => {
                let why = format!("{} is a link that leads to {}", path.display(), real.display());
                Err(Error::new(Kind::Usage, format!("{why}, out of the folders that `files` names"))
                    .note("exclude it with `exclude_files`, or name the folder that it leads to"))
            }
        }
    }
}

/// In a pattern of files `*` stays within a folder.
const STRICT: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };

fn parsed(pattern: &str, key: &str) -> Result<Pattern> {
    Pattern::new(pattern)
        .map_err(|error| Error::new(Kind::Usage, format!("`{key}` has `{pattern}`, which is no pattern: {error}")))
}

/// A path seen from `/`, by the steps that lead down.
fn seen(destination: &str) -> Result<PathBuf> {
    inside(destination.trim_start_matches('/')).ok_or_else(|| {
        let why = format!("`files` has the destination `{destination}`, which leads out of `/`");
        Error::new(Kind::Usage, why).note("a destination is a path such as /assets")
    })
}

/// A path that leads down, without the steps that do not lead anywhere.
pub(super) fn inside(path: &str) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for part in Path::new(path).components() {
        match part {
            Component::Normal(name) => plain.push(name),
            Component::CurDir => {}
            _ => return None,
        }
    }
    Some(plain)
}

fn not_there(path: &Path, error: &std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::NotFound => {
            Error::new(Kind::NotFound, format!("`files` names {}, which does not exist", path.display()))
                .note("patterns are seen from the manifest's folder")
        }
        _ => Error::io(format_args!("read {}", path.display()), error),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn folder() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.txt", "static/b.txt", "static/deep/c.txt", "static/deep/c.secret", ".hidden"] {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
        dir
    }

    fn of(root: &Path, files: Vec<Mount>, exclude: &[&str]) -> Result<Vec<String>> {
        let exclude_files = exclude.iter().map(ToString::to_string).collect();
        let guest = Guest { files, exclude_files, ..Guest::default() };
        let found = matched(&guest, root)?;
        Ok(found.files.keys().map(|at| at.display().to_string()).collect())
    }

    fn patterns(root: &Path, pattern: &str, exclude: &[&str]) -> Result<Vec<String>> {
        of(root, vec![Mount::Pattern(pattern.to_owned())], exclude)
    }

    #[test]
    fn patterns_mean_the_files_that_spin_shows() {
        let dir = folder();
        let all = ["static/b.txt", "static/deep/c.secret", "static/deep/c.txt"];
        for (pattern, seen) in [
            ("a.txt", vec!["a.txt"]),
            ("*.txt", vec!["a.txt"]),
            ("./*.txt", vec!["a.txt"]),
            ("static/*", vec!["static/b.txt"]),
            ("static/**/*", all.to_vec()),
            ("**/*.txt", vec!["a.txt", "static/b.txt", "static/deep/c.txt"]),
            ("*", vec![".hidden", "a.txt"]),
            ("nothing/*", vec![]),
        ] {
            assert_eq!(patterns(dir.path(), pattern, &[]).unwrap(), seen, "{pattern}");
        }
        assert_eq!(patterns(dir.path(), "static", &[]).unwrap().len(), 6);
    }

    #[test]
    fn excluded_files_are_not_seen_however_deep() {
        let dir = folder();
        assert_eq!(patterns(dir.path(), "static/**/*", &["static/*.secret"]).unwrap().len(), 2);
        assert_eq!(patterns(dir.path(), "**/*", &["*"]).unwrap(), [""; 0]);
    }

    #[test]
    fn a_file_or_folder_is_seen_where_the_manifest_puts_it() {
        let dir = folder();
        let at = |source: &str, destination: &str| {
            let mount = Mount::At { source: dir.path().join(source), destination: destination.to_owned() };
            of(dir.path(), vec![mount], &[])
        };
        assert_eq!(at("static/deep", "/").unwrap(), ["c.secret", "c.txt"]);
        assert_eq!(at("static/deep", "/x/y").unwrap(), ["x/y/c.secret", "x/y/c.txt"]);
        assert_eq!(at("a.txt", "/b").unwrap(), ["b"]);
        for (source, destination) in [("a.txt", "/"), ("a.txt", "/x/"), ("static", "/../x"), ("none", "/x")] {
            assert!(at(source, destination).is_err(), "{source} at {destination}");
        }
    }

    #[test]
    fn what_is_not_there_or_leads_out_is_told() {
        let (dir, other) = (folder(), folder());
        for pattern in ["none.txt", "..", "static/..", ".", "../*", "a[.txt*"] {
            assert!(patterns(dir.path(), pattern, &[]).is_err(), "{pattern}");
        }
        symlink(other.path().join("a.txt"), dir.path().join("static/out")).unwrap();
        let error = patterns(dir.path(), "static/*", &[]).unwrap_err();
        assert!(error.to_string().contains("static/out is a link"), "{error}");
        assert_eq!(patterns(dir.path(), "static/*", &["static/out"]).unwrap(), ["static/b.txt"]);
        symlink("..", dir.path().join("static/deep/back")).unwrap();
        assert!(patterns(dir.path(), "static/deep/**/*", &[]).unwrap_err().to_string().contains("folders deep"));
    }

    #[test]
    fn a_folder_that_is_all_there_is_can_be_lent_as_it_is() {
        let dir = folder();
        let at = |destination: &str| Mount::At { source: dir.path().to_owned(), destination: destination.to_owned() };
        let guest = |files: Vec<Mount>| Guest { files, ..Guest::default() };
        assert_eq!(only_folder(&guest(vec![at("/")])), Some(dir.path()));
        assert_eq!(only_folder(&guest(vec![at("/a")])), None);
        assert_eq!(only_folder(&guest(vec![at("/"), at("/a")])), None);
    }
}
