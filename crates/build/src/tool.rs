//! Finding the programs that languages are built by.

use crate::error::BuildError;
use std::env;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program that was found, with what it is always given.
#[derive(Debug, Clone)]
pub(crate) struct Tool {
    /// What it is called in messages.
    pub(crate) name: String,
    pub(crate) file: PathBuf,
    first: Vec<OsString>,
}

impl Tool {
    pub(crate) fn new(file: PathBuf) -> Self {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Tool { name, file, first: Vec::new() }
    }

    /// With these arguments in front of all others.
    pub(crate) fn with(mut self, first: &[&str]) -> Self {
        self.first.extend(first.iter().map(OsString::from));
        self
    }

    /// Called by another name in messages.
    pub(crate) fn called(self, name: &str) -> Self {
        Tool { name: name.to_owned(), ..self }
    }

    pub(crate) fn command(&self, within: &Path) -> Command {
        let mut command = Command::new(&self.file);
        command.current_dir(within).args(&self.first);
        command
    }
}

/// The program of this name on the PATH.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).filter(|folder| folder.is_absolute()).find_map(|folder| runnable(folder.join(name)))
}

/// The program that this variable names, by a path or by a name on the PATH.
pub(crate) fn from_env(variable: &str) -> Option<PathBuf> {
    let value = PathBuf::from(env::var_os(variable).filter(|value| !value.is_empty())?);
    match value.components().count() {
        1 => on_path(&value.to_string_lossy()),
        _ => runnable(value),
    }
}

/// The program of this name in `inner` (as in `node_modules/.bin`) of `folder` or of a folder around it, else on the PATH.
pub(crate) fn of_project(folder: &Path, inner: &str, name: &str) -> Option<PathBuf> {
    let own = folder.ancestors().find_map(|folder| runnable(folder.join(inner).join(name)));
    own.or_else(|| on_path(name))
}

/// The folder of a set of programs that this variable names.
pub(crate) fn folder_from_env(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).map(PathBuf::from).filter(|path| path.is_dir())
}

fn runnable(file: PathBuf) -> Option<PathBuf> {
    let meta = file.metadata().ok()?;
    (meta.is_file() && meta.permissions().mode() & 0o111 != 0).then_some(file)
}

pub(crate) fn missing(tool: &'static str, needs: impl Into<String>, install: impl Into<String>) -> BuildError {
    BuildError::MissingTool { tool, needs: needs.into(), install: install.into() }
}
