//! A project made by `holm new`, in a folder that stays where it is, so that compilers find again what they kept.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

/// A project of its template's name.
pub(crate) struct Project {
    folder: PathBuf,
    compilers: PathBuf,
}

impl Project {
    /// What `holm new` makes of a template, with what `npm install` would add; `None` without compilers, with a word to the
    /// reader.
    pub(crate) fn make(template: &str) -> Option<Self> {
        let compilers = compilers()?;
        let around = kept().join("projects");
        fs::create_dir_all(&around).unwrap();
        let project = Project { folder: around.join(template), compilers };
        let _ = fs::remove_dir_all(&project.folder);
        let output = holm(&around).args(["new", template, template]).output().unwrap();
        succeeded("holm new", &output);
        if project.folder.join("package.json").exists() {
            let packages = project.compilers.join("js/node_modules");
            std::os::unix::fs::symlink(packages, project.folder.join("node_modules")).unwrap();
        }
        Some(project)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The commands in its README, in order.
    pub(crate) fn readme(&self) -> Vec<String> {
        let text = fs::read_to_string(self.folder.join("README.md")).unwrap();
        let lines = text.lines().filter_map(|line| line.strip_prefix("    "));
        lines.map(|line| line.split(" # ").next().unwrap_or(line).trim_end().to_owned()).collect()
    }

    /// What `holm` with these arguments prints.
    pub(crate) fn holm(&self, arguments: &[&str]) -> String {
        let mut command = self.command();
        command.arg("holm").args(arguments);
        succeeded(&format!("holm {arguments:?}"), &command.output().unwrap())
    }

    /// What this line prints in a shell.
    pub(crate) fn shell(&self, line: &str) -> String {
        succeeded(line, &self.command().args(["sh", "-euc", line]).output().unwrap())
    }

    /// What this line says on standard error before it fails.
    pub(crate) fn failing_shell(&self, line: &str) -> String {
        let output = self.command().args(["sh", "-euc", line]).output().unwrap();
        assert!(!output.status.success(), "`{line}` succeeded");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// Runs the words added to it, in the project, with all compilers.
    pub(crate) fn command(&self) -> Command {
        let mut command = within(&self.folder, "sh");
        let setup = ". \"$0\" && export RUSTC=\"$GUEST_RUSTC\" && exec \"$@\"";
        command.arg("-c").arg(setup).arg(self.compilers.join("env.sh"));
        command
    }
}

/// `holm`, in this folder.
pub(crate) fn holm(folder: &Path) -> Command {
    within(folder, env!("CARGO_BIN_EXE_holm"))
}

fn within(folder: &Path, program: &str) -> Command {
    let mut path = OsString::from(Path::new(env!("CARGO_BIN_EXE_holm")).parent().unwrap());
    path.push(":");
    path.push(env::var_os("PATH").unwrap_or_default());
    let mut command = Command::new(program);
    command.current_dir(folder).env("PATH", path).env("NO_COLOR", "1").env("HOLM_CACHE_DIR", kept().join("cache"));
    // One for all of them: they depend on the same crates.
    command.env("CARGO_TARGET_DIR", kept().join("cargo")).env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("RUSTFLAGS");
    command
}

fn kept() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("new")
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

fn succeeded(what: &str, output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{what}: {}\n{out}{err}", output.status);
    out.into_owned()
}
