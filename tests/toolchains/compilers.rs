//! The compilers of guests, and programs that build and run with them.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The folder into which `tests/toolchains/fetch` put them, with an `env.sh` to source; `None` without them, with a word to the
/// reader. Where tests have to find everything they need, that is a failure.
pub(crate) fn folder() -> Option<PathBuf> {
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

/// `program` in `folder`. What Holm and cargo keep lies in `kept`: one place for all projects that depend on the same crates.
pub(crate) fn within(folder: &Path, program: &str, kept: &Path) -> Command {
    let mut path = OsString::from(Path::new(env!("CARGO_BIN_EXE_holm")).parent().unwrap());
    path.push(":");
    path.push(env::var_os("PATH").unwrap_or_default());
    let mut command = Command::new(program);
    command.current_dir(folder).env("PATH", path).env("NO_COLOR", "1").env("HOLM_CACHE_DIR", kept.join("cache"));
    command.env("CARGO_TARGET_DIR", kept.join("cargo")).env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("RUSTFLAGS");
    command
}

/// What runs the words added to it in `folder`, with the compilers of the folder `compilers`.
pub(crate) fn with_compilers(folder: &Path, compilers: &Path, kept: &Path) -> Command {
    let mut command = within(folder, "sh", kept);
    let setup = ". \"$0\" && export RUSTC=\"$GUEST_RUSTC\" && exec \"$@\"";
    command.arg("-c").arg(setup).arg(compilers.join("env.sh"));
    command
}

/// What a program printed, which has to have succeeded.
pub(crate) fn succeeded(what: &str, output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{what}: {}\n{out}{err}", output.status);
    out.into_owned()
}
