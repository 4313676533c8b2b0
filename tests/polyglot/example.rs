//! A copy of the example, in a folder that stays where it is, so that compilers find again what they kept.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::compilers::{self, succeeded, with_compilers, within};

/// The example's sources, and what is built of them.
pub(crate) struct Example {
    folder: PathBuf,
    compilers: PathBuf,
}

impl Example {
    /// `None` without compilers, with a word to the reader.
    pub(crate) fn copied(name: &str) -> Option<Self> {
        let example = Example { folder: kept().join(name), compilers: compilers::folder()? };
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/polyglot"), &example.folder);
        Some(example)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// `holm build` with all compilers.
    pub(crate) fn build(&self, manifest: &str) {
        let mut command = with_compilers(&self.folder, &self.compilers, &kept());
        succeeded(&format!("holm build {manifest}"), &command.args(["holm", "build", manifest]).output().unwrap());
    }

    /// `holm`, in the example's folder.
    pub(crate) fn holm(&self) -> Command {
        within(&self.folder, env!("CARGO_BIN_EXE_holm"), &kept())
    }
}

fn kept() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("polyglot")
}

/// Copies sources, and leaves alone what was built where they go.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (source, name) = (entry.as_ref().unwrap().path(), entry.unwrap().file_name());
        let built = name == "target" || name == "__pycache__" || source.extension().is_some_and(|kind| kind == "wasm");
        match source.is_dir() {
            _ if built => {}
            true => copy(&source, &to.join(name)),
            false => drop(fs::copy(&source, to.join(name)).unwrap()),
        }
    }
}
