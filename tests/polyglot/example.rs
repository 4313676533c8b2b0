//! A copy of the example, in a folder that stays where it is, so that compilers find again what they kept.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The example's sources, and what is built of them.
pub(crate) struct Example {
    folder: PathBuf,
    compilers: PathBuf,
}

impl Example {
    /// `None` without compilers, with a word to the reader.
    pub(crate) fn copied(name: &str) -> Option<Self> {
        let example = Example { folder: kept().join(name), compilers: compilers()? };
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/polyglot"), &example.folder);
        Some(example)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// `holm build` with all compilers.
    pub(crate) fn build(&self, manifest: &str) {
        let mut command = within(&self.folder, "sh");
        let setup = ". \"$0\" && export RUSTC=\"$GUEST_RUSTC\" && exec holm build \"$@\"";
        command.arg("-c").arg(setup).arg(self.compilers.join("env.sh")).arg(manifest);
        let output = command.output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "holm build {manifest}: {}\n{out}{err}", output.status);
    }

    /// `holm`, in the example's folder.
    pub(crate) fn holm(&self) -> Command {
        within(&self.folder, env!("CARGO_BIN_EXE_holm"))
    }
}

fn within(folder: &Path, program: &str) -> Command {
    let mut path = OsString::from(Path::new(env!("CARGO_BIN_EXE_holm")).parent().unwrap());
    path.push(":");
    path.push(env::var_os("PATH").unwrap_or_default());
    let mut command = Command::new(program);
    command.current_dir(folder).env("PATH", path).env("NO_COLOR", "1").env("HOLM_CACHE_DIR", kept().join("cache"));
    command.env("CARGO_TARGET_DIR", kept().join("cargo")).env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("RUSTFLAGS");
    command
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

fn compilers() -> Option<PathBuf> {
    let home = PathBuf::from(env::var_os("HOME").expect("HOME is set"));
    let folder = env::var_os("HOLM_TOOLCHAINS").map_or_else(|| home.join(".cache/holm-toolchains"), PathBuf::from);
    if folder.join("env.sh").exists() {
        return Some(folder);
    }
    let message = format!("{} has no compilers; tests/toolchains/fetch gets them", folder.display());
    assert!(env::var_os("CI_SERVERS").is_none(), "{message}");
    eprintln!("skipped: {message}");
    None
}
