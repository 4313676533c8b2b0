//! C, by clang with a WASI sysroot, or by zig, which brings its own.

use super::Product;
use crate::error::BuildError;
use crate::files;
use crate::job::Job;
use crate::tool::{Tool, folder_from_env, from_env, missing, on_path};
use crate::wit::{self, Wit};
use std::path::{Component, Path, PathBuf};
use wit_bindgen_core::Files;

pub(super) fn make(job: &Job<'_>) -> Result<Product, BuildError> {
    let compiler = compiler(job)?;
    let wit = wit::prepare(job)?;
    let bindings = match &wit {
        Some(wit) => bindings(job, wit)?,
        None => Vec::new(),
    };
    let made = job.at("made.wasm");
    let mut command = compiler.command(&job.folder);
    match job.how.release {
        true => command.args(["-Oz", "-s"]),
        false => command.args(["-O0", "-g"]),
    };
    if wit.is_some() {
        // A library: who calls its functions starts it.
        command.arg("-mexec-model=reactor").arg("-I").arg(job.at("bindings"));
    }
    command.args(sources(job)?).args(bindings).arg("-o").arg(&made);
    job.step(&compiler.name);
    job.run(&compiler, command)?;
    Ok(Product { wit, ..Product::of(made, &[&compiler]) })
}

/// The entry file, or all that are in the folder and in `src`.
fn sources(job: &Job<'_>) -> Result<Vec<PathBuf>, BuildError> {
    if job.project.build.source.is_some() {
        return job.source(&[]).map(|source| vec![source]);
    }
    let folders = [job.folder.clone(), job.folder.join("src")];
    let entries = folders.iter().flat_map(|folder| std::fs::read_dir(folder).into_iter().flatten().flatten());
    let is_c = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "c");
    let mut sources: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_c).collect();
    sources.sort();
    match sources.is_empty() {
        false => Ok(sources),
        true => Err(BuildError::project(
            format!("{} has no .c, and neither has its src", job.folder.display()),
            "`source` in [build] names the only file",
        )),
    }
}

/// Writes the bindings, and returns those of them that are compiled.
fn bindings(job: &Job<'_>, wit: &Wit) -> Result<Vec<PathBuf>, BuildError> {
    job.step("bindings for C");
    let (mut files, mut resolve) = (Files::default(), wit.resolve.clone());
    let mut generator = wit_bindgen_c::Opts::default().build();
    generator.generate(&mut resolve, wit.world_id, &mut files).map_err(|error| {
        let message = format!("no bindings for the world {} can be made: {error:#}", wit.world);
        BuildError::Project { message, hint: None }
    })?;
    let folder = job.at("bindings");
    let mut compiled = Vec::new();
    for (name, contents) in files.iter() {
        let name = Path::new(name);
        if name.components().all(|part| matches!(part, Component::Normal(_))) {
            files::settle(&folder.join(name), contents)?;
            let ending = name.extension().unwrap_or_default();
            compiled.extend((ending == "c" || ending == "o").then(|| folder.join(name)));
        }
    }
    Ok(compiled)
}

/// wasi-sdk's clang, any clang with a sysroot that is named, zig, or the zig of Python's packages.
fn compiler(job: &Job<'_>) -> Result<Tool, BuildError> {
    const TARGET: &str = "--target=wasm32-wasip1";
    if let Some(sdk) = folder_from_env("WASI_SDK_PATH") {
        let (clang, sysroot) = (sdk.join("bin/clang"), sdk.join("share/wasi-sysroot"));
        if clang.is_file() && sysroot.is_dir() {
            return Ok(Tool::new(clang).with(&[TARGET, &format!("--sysroot={}", sysroot.display())]));
        }
    }
    if let (Some(sysroot), Some(clang)) = (folder_from_env("WASI_SYSROOT"), clang()) {
        let clang = Tool::new(clang).with(&[TARGET, &format!("--sysroot={}", sysroot.display())]);
        if has_runtime(&clang, job) {
            return Ok(clang);
        }
    }
    const ZIG: [&str; 3] = ["cc", "-target", "wasm32-wasi"];
    if let Some(zig) = on_path("zig").or_else(|| on_path("python-zig")) {
        return Ok(Tool::new(zig).with(&ZIG));
    }
    for python in ["python3", "python"] {
        let Some(python) = on_path(python).map(Tool::new) else { continue };
        let mut command = python.command(&job.folder);
        command.args(["-c", "import ziglang"]);
        if command.output().is_ok_and(|output| output.status.success()) {
            return Ok(python.with(&["-m", "ziglang"]).with(&ZIG).called("zig"));
        }
    }
    Err(missing("zig", "a guest in C (or clang with WASI_SDK_PATH or WASI_SYSROOT)", "pip install ziglang"))
}

/// Whether the compiler's own library for WebAssembly is installed: without it everything compiles, and nothing links.
fn has_runtime(clang: &Tool, job: &Job<'_>) -> bool {
    let mut command = clang.command(&job.folder);
    let said = command.arg("-print-libgcc-file-name").output();
    said.is_ok_and(|said| Path::new(String::from_utf8_lossy(&said.stdout).trim()).is_file())
}

fn clang() -> Option<PathBuf> {
    let numbered = (17..=40).rev().map(|version| format!("clang-{version}"));
    from_env("CC").or_else(|| on_path("clang")).or_else(|| numbered.into_iter().find_map(|name| on_path(&name)))
}
