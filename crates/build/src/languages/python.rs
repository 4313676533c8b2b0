//! Python, by componentize-py, which puts the interpreter and the sources into one component.

use super::Product;
use crate::error::BuildError;
use crate::job::Job;
use crate::tool::{Tool, folder_from_env, missing, of_project, on_path};
use crate::wit;
use std::path::{Path, PathBuf};

pub(super) fn make(job: &Job<'_>) -> Result<Product, BuildError> {
    let wit = wit::required(job, "Python")?;
    let tool =
        tool(job).ok_or_else(|| missing("componentize-py", "a guest in Python", "pip install componentize-py"))?;
    let source = job.source(&["app.py", "main.py"])?;
    let module = source.file_stem().unwrap_or_default();
    let made = job.at("made.wasm");
    let mut command = tool.command(&job.folder);
    command.arg("-d").arg(&wit.dir).arg("-w").arg(&wit.world).arg("componentize").arg(module);
    command.arg("-p").arg(source.parent().unwrap_or(&job.folder));
    let packages = packages(job);
    if let Some(packages) = &packages {
        command.arg("-p").arg(packages);
    }
    command.arg("-o").arg(&made);
    job.step("componentize-py");
    job.run(&tool, command)?;
    let mut product = Product::of(made, &[&tool]);
    // Changes whenever a package is installed or removed.
    packages.iter().for_each(|packages| product.elsewhere.note(packages));
    Ok(product)
}

/// The program of the project's own environment, of the one that is active, or of the PATH.
fn tool(job: &Job<'_>) -> Option<Tool> {
    let active = folder_from_env("VIRTUAL_ENV").map(|env| env.join("bin/componentize-py"));
    let own = of_project(&job.folder, ".venv/bin", "componentize-py");
    let is_own = |path: &PathBuf| path.starts_with(&job.folder);
    let file = own.filter(is_own).or_else(|| active.filter(|file| file.is_file()));
    let file = file.or_else(|| of_project(&job.folder, ".venv/bin", "componentize-py"));
    file.or_else(|| on_path("componentize-py")).map(Tool::new)
}

/// Where the project's own environment keeps packages.
fn packages(job: &Job<'_>) -> Option<PathBuf> {
    let env = [".venv", "venv"].map(|name| job.folder.join(name)).into_iter().find(|env| env.is_dir())?;
    let versions = std::fs::read_dir(env.join("lib")).ok()?;
    let packages = versions.flatten().map(|version| version.path().join("site-packages"));
    packages.into_iter().find(|packages: &PathBuf| Path::is_dir(packages))
}
