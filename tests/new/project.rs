//! A project made by `holm new`, in a folder that stays where it is, so that compilers find again what they kept.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::compilers::{self, succeeded, with_compilers, within};

/// A project of its template's name.
pub(crate) struct Project {
    folder: PathBuf,
    compilers: PathBuf,
}

impl Project {
    /// What `holm new` makes of a template, with what `npm install` would add; `None` without compilers, with a word to the
    /// reader.
    pub(crate) fn make(template: &str) -> Option<Self> {
        let compilers = compilers::folder()?;
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
        with_compilers(&self.folder, &self.compilers, &kept())
    }
}

/// `holm`, in this folder.
pub(crate) fn holm(folder: &Path) -> Command {
    within(folder, env!("CARGO_BIN_EXE_holm"), &kept())
}

fn kept() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("new")
}
