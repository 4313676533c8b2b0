//! A folder of sources, and `holm` in it with all compilers.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use tempfile::{TempDir, tempdir};

use crate::compilers;
use crate::support::{Holm, holm};

/// A folder that goes away with it.
pub(crate) struct Project(TempDir);

impl Project {
    /// A folder with these files, by name and text.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let project = Self(tempdir().unwrap());
        files.iter().for_each(|(name, text)| project.write(name, text));
        project
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    /// Writes a file as editors do: whole, by a new name first.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::create_dir_all(self.at(name).parent().unwrap()).unwrap();
        let new = self.at(".new");
        fs::write(&new, text).unwrap();
        fs::rename(new, self.at(name)).unwrap();
    }

    /// `holm WORDS…` in this folder, with nothing of the user's but the PATH.
    pub(crate) fn holm(&self, words: &[&str]) -> Holm {
        holm(words).within(self.folder())
    }

    /// How `holm WORDS…` in this folder ends. Guests with a whole engine inside take a minute to compile, so this takes as long as
    /// it takes, and their code is kept between runs.
    pub(crate) fn patiently(&self, words: &[&str]) -> Output {
        let mut holm = Command::new(env!("CARGO_BIN_EXE_holm"));
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("build-cache");
        holm.current_dir(self.folder()).args(words).env("HOLM_CACHE_DIR", cache).output().unwrap()
    }

    /// `holm WORDS…` with what `compilers` say.
    pub(crate) fn holm_with(&self, compilers: &Compilers, words: &[&str]) -> Holm {
        let packages = self.at("node_modules");
        if !packages.exists() {
            symlink(compilers.folder.join("js/node_modules"), packages).unwrap();
        }
        let holm = compilers.variables.iter().fold(self.holm(words), |holm, (name, value)| holm.env(name, value));
        // Where cargo, go and npm keep what they fetched.
        holm.env("HOME", std::env::var_os("HOME").unwrap())
    }
}

/// What `tests/toolchains/fetch` got.
pub(crate) struct Compilers {
    folder: PathBuf,
    variables: Vec<(String, String)>,
}

/// The compilers, or `None` with a word to the reader.
pub(crate) fn compilers() -> Option<&'static Compilers> {
    static COMPILERS: OnceLock<Option<Compilers>> = OnceLock::new();
    COMPILERS.get_or_init(find).as_ref()
}

fn find() -> Option<Compilers> {
    let folder = compilers::folder()?;
    let setup = ". \"$0\" && export RUSTC=\"$GUEST_RUSTC\" && env -0";
    let said = Command::new("sh").args(["-c", setup]).arg(folder.join("env.sh")).output().unwrap();
    let text = String::from_utf8(said.stdout).unwrap();
    let of_ours = |name: &str| {
        ["PATH", "RUSTC", "ZIG_GLOBAL_CACHE_DIR"].contains(&name) || (name.starts_with("GO") && name != "GOFLAGS")
    };
    let variables = text.split('\0').filter_map(|line| line.split_once('=')).filter(|(name, _)| of_ours(name));
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Some(Compilers { folder, variables })
}
