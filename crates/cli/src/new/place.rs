//! Writing a new folder: all of it or nothing.

use std::path::{Path, PathBuf};
use std::{fs, io, process};

use holm_engine::{Error, Result};

use super::mistaken;

/// Makes `folder` with these files in it. An empty folder of that name may be there already.
///
/// # Errors
/// `Kind::Usage` where something else is there; `Kind::Io` where it cannot be written. Then nothing is.
pub(super) fn write(folder: &Path, files: &[(&str, String)]) -> Result<()> {
    if !is_free(folder).map_err(|error| Error::io(format_args!("look into {}", folder.display()), &error))? {
        let message = format!("there is something in {} already", folder.display());
        return Err(mistaken(message).note("name a folder that is not there yet, or an empty one"));
    }
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let beside = Beside(folder.with_file_name(format!(".{name}-{}", process::id())));
    fill(&beside.0, files)
        .and_then(|()| fs::rename(&beside.0, folder))
        .map_err(|error| Error::io(format_args!("write {}", folder.display()), &error))
}

fn is_free(folder: &Path) -> io::Result<bool> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(fs::symlink_metadata(folder).is_err()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(false),
        Err(error) => Err(error),
    }
}

fn fill(folder: &Path, files: &[(&str, String)]) -> io::Result<()> {
    fs::create_dir(folder)?;
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        fs::write(path, text)?;
    }
    Ok(())
}

/// The folder while it is written; gone afterwards unless it got its own name.
struct Beside(PathBuf);

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Vec<(&'static str, String)> {
        vec![("src/main.rs", "fn main() {}".to_owned()), ("README.md", "# it".to_owned())]
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder");
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn a_folder_that_is_there_and_empty_is_filled() {
        let around = tempfile::tempdir().expect("a folder");
        let folder = around.path().join("app");
        fs::create_dir(&folder).expect("a folder");
        write(&folder, &files()).expect("written");
        assert_eq!(fs::read_to_string(folder.join("src/main.rs")).expect("a file"), "fn main() {}");
        assert_eq!(names(around.path()), ["app"]);
    }

    #[test]
    fn what_is_there_is_left_alone() {
        let around = tempfile::tempdir().expect("a folder");
        let folder = around.path().join("app");
        fs::create_dir(&folder).expect("a folder");
        fs::write(folder.join("mine"), "mine").expect("written");
        assert!(write(&folder, &files()).is_err());
        assert_eq!(names(&folder), ["mine"]);
        assert!(write(&folder.join("mine"), &files()).is_err());
        let dangling = around.path().join("dangling");
        std::os::unix::fs::symlink("nowhere", &dangling).expect("a link");
        assert!(write(&dangling, &files()).is_err());
    }

    #[test]
    fn nothing_is_written_where_not_all_can_be() {
        let around = tempfile::tempdir().expect("a folder");
        // A file cannot be a folder as well.
        let files = [("a", String::new()), ("a/b", String::new())];
        assert!(write(&around.path().join("app"), &files).is_err());
        assert_eq!(names(around.path()), Vec::<String>::new());
    }
}
