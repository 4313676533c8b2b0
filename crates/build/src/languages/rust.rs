//! Rust, by cargo.

use super::Product;
use crate::error::BuildError;
use crate::files;
use crate::inputs::Inputs;
use crate::job::Job;
use crate::tool::{Tool, from_env, missing, on_path};
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};

const INSTALL: &str = "curl https://sh.rustup.rs -sSf | sh";

pub(super) fn make(job: &Job<'_>) -> Result<Product, BuildError> {
    let cargo = from_env("CARGO").or_else(|| on_path("cargo")).map(Tool::new);
    let cargo = cargo.ok_or_else(|| missing("cargo", "a guest in Rust", INSTALL))?;
    let target = target(job)?;
    let mut command = cargo.command(&job.folder);
    command.args(["build", "--target", target, "--message-format", "json-render-diagnostics"]);
    match job.how.release {
        true => command.arg("--release"),
        false => command.args(quick_profile(job)),
    };
    job.step("cargo build");
    let said = job.ask(&cargo, command).inspect_err(|_| forget_target(job))?;
    let file = artifact(job, &said)?;
    let elsewhere = elsewhere(job, &file);
    let mut product = Product::of(file, &[&cargo]);
    product.component = true;
    product.elsewhere.and(elsewhere);
    Ok(product)
}

/// Small dependencies, which are compiled once, and debug information that leads to lines: what changes is compiled as quickly as
/// without, and is a fraction of the code to load. Who says what a debugging build is like has it as it is said.
fn quick_profile(job: &Job<'_>) -> Vec<&'static str> {
    let says = |folder: &Path| {
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
        manifest.contains("[profile.dev") || manifest.contains("[profile]")
    };
    let by_variable = std::env::vars_os().any(|(name, _)| name.to_string_lossy().starts_with("CARGO_PROFILE_DEV"));
    match by_variable || job.folder.ancestors().any(says) {
        true => Vec::new(),
        false => vec![
            "--config",
            "profile.dev.debug=\"line-tables-only\"",
            "--config",
            "profile.dev.package.\"*\".opt-level=\"s\"",
        ],
    }
}

const TARGETS: [&str; 2] = ["wasm32-wasip2", "wasm32-wasip1"];

/// Where it is kept which target the last build was for: asking rustc takes longer than all else that is done here.
fn known_target(job: &Job<'_>) -> PathBuf {
    job.at("rust-target")
}

/// Whatever a build failed by, the next one asks again.
fn forget_target(job: &Job<'_>) {
    let _ = fs::remove_file(known_target(job));
}

/// WASI 0.2, or 0.1 where the standard library is there for that alone: the adapter makes up for the difference.
fn target(job: &Job<'_>) -> Result<&'static str, BuildError> {
    let compiler = format!("{:?}", ["RUSTC", "RUSTUP_TOOLCHAIN", "PATH"].map(std::env::var_os));
    let known = fs::read_to_string(known_target(job)).unwrap_or_default();
    let same = known.split_once(' ').filter(|(_, by)| *by == compiler);
    if let Some(target) = same.and_then(|(known, _)| TARGETS.into_iter().find(|target| *target == known)) {
        return Ok(target);
    }
    let target = installed_target(job)?;
    files::replace(&known_target(job), format!("{target} {compiler}").as_bytes())?;
    Ok(target)
}

fn installed_target(job: &Job<'_>) -> Result<&'static str, BuildError> {
    let rustc = from_env("RUSTC").or_else(|| on_path("rustc")).map(Tool::new);
    let rustc = rustc.ok_or_else(|| missing("rustc", "a guest in Rust", INSTALL))?;
    let has = |target: &str| {
        let mut command = rustc.command(&job.folder);
        command.args(["--print", "target-libdir", "--target", target]);
        let said = command.output().ok().filter(|output| output.status.success())?;
        let libraries = fs::read_dir(String::from_utf8_lossy(&said.stdout).trim()).ok()?;
        libraries.flatten().any(|file| file.file_name().to_string_lossy().starts_with("libstd-")).then_some(())
    };
    match TARGETS.into_iter().find(|target| has(target).is_some()) {
        Some(target) => Ok(target),
        None => Err(missing(
            "Rust's standard library for wasm32-wasip2",
            "a guest in Rust",
            "rustup target add wasm32-wasip2",
        )),
    }
}

/// What cargo says of one thing that it made (The Cargo Book, "External tools", JSON messages).
#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    manifest_path: PathBuf,
    #[serde(default)]
    filenames: Vec<PathBuf>,
    target: Option<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

/// The module or component among what cargo made: the only one of this package, else the one that `source` names.
fn artifact(job: &Job<'_>, said: &[u8]) -> Result<PathBuf, BuildError> {
    let lines = said.split(|byte| *byte == b'\n');
    let messages = lines.filter_map(|line| serde_json::from_slice::<Message>(line).ok());
    let made = messages.filter(|message| message.reason == "compiler-artifact").filter_map(|message| {
        let is_wasm = |file: &PathBuf| file.extension().is_some_and(|ending| ending == "wasm");
        let file = message.filenames.into_iter().find(is_wasm)?;
        Some((message.target?.name, message.manifest_path, file))
    });
    let made: Vec<_> = made.collect();
    let folder = job.folder.canonicalize().unwrap_or_else(|_| job.folder.clone());
    let own = |manifest: &Path| manifest.parent().is_some_and(|at| at == job.folder || at == folder);
    let any_own = made.iter().any(|(_, manifest, _)| own(manifest));
    let named = job.project.build.source.as_deref().and_then(Path::file_stem).map(|stem| stem.to_string_lossy());
    let is_meant = |name: &str| named.as_ref().is_none_or(|named| named == name);
    let mut meant = made.iter().filter(|(name, manifest, _)| is_meant(name) && (!any_own || own(manifest)));
    match (meant.next(), meant.next()) {
        (Some((_, _, file)), None) => Ok(file.clone()),
        (None, _) => Err(BuildError::project(
            format!("cargo made no .wasm in {}", job.folder.display()),
            "a program has src/main.rs; a library says crate-type = [\"cdylib\"] under [lib] in Cargo.toml",
        )),
        (Some(_), Some(_)) => {
            let names = made.iter().map(|(name, ..)| name.as_str()).collect::<Vec<_>>().join(", ");
            let message = format!("cargo made several .wasm in {}: {names}", job.folder.display());
            Err(BuildError::project(message, "`source` in [build] names one of them"))
        }
    }
}

/// What it depends on outside of the folder: the sources that cargo lists beside what it made, with the manifests they
/// belong to, and the manifests and configurations around the folder.
fn elsewhere(job: &Job<'_>, file: &Path) -> Inputs {
    let mut inputs = Inputs::default();
    for around in job.folder.ancestors().skip(1) {
        for name in ["Cargo.toml", "Cargo.lock", ".cargo/config.toml"] {
            if around.join(name).is_file() {
                inputs.note(&around.join(name));
            }
        }
    }
    let listed = fs::read_to_string(file.with_extension("d")).unwrap_or_default();
    for path in listed_in(&listed).filter(|path| !path.starts_with(&job.folder)) {
        inputs.note(&path);
        let manifest = path.ancestors().map(|around| around.join("Cargo.toml")).find(|manifest| manifest.is_file());
        manifest.iter().for_each(|manifest| inputs.note(manifest));
    }
    inputs
}

/// The files in a rule for make: `target: file file\ with\ spaces`.
fn listed_in(rule: &str) -> impl Iterator<Item = PathBuf> {
    let files = rule.lines().next().and_then(|line| line.split_once(": ")).map_or("", |(_, files)| files);
    let spaced = files.replace("\\ ", "\0");
    let files: Vec<PathBuf> = spaced.split_whitespace().map(|file| file.replace('\0', " ").into()).collect();
    files.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_make_is_told_is_read() {
        let files: Vec<PathBuf> = listed_in("/t/a.wasm: /s/a.rs /s/my\\ b.rs\n\n/s/a.rs:\n").collect();
        assert_eq!(files, [PathBuf::from("/s/a.rs"), "/s/my b.rs".into()]);
        assert_eq!(listed_in("").count(), 0);
    }
}
