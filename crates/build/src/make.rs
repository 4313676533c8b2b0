//! From a project to its file.

use crate::error::BuildError;
use crate::files;
use crate::inputs::{Inputs, Stamp};
use crate::job::{How, Job};
use crate::languages::{self, Product};
use crate::project::Project;
use crate::record::{self, Record};
use crate::wit;
use holm_componentize::{self as component, Kind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A file that is there, made from what the sources are now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// The file.
    pub output: PathBuf,
    /// Its size, in bytes.
    pub size: u64,
    /// What made it: a language, or `command`.
    pub maker: String,
    /// How long that took.
    pub took: Duration,
    /// Nothing had changed, so nothing was run.
    pub unchanged: bool,
}

/// Builds a project, unless nothing has changed since it was last built.
///
/// # Errors
/// Whatever stands in the way. The file is as it was before.
pub fn build(project: &Project, how: &How<'_>) -> Result<Built, BuildError> {
    let start = Instant::now();
    let folder = std::path::absolute(project.folder());
    let folder = folder.map_err(|error| BuildError::io("find", project.folder(), error))?;
    if !folder.is_dir() {
        return Err(BuildError::project(
            format!("{} is no folder", project.folder().display()),
            "`folder` in [build] names the folder of the sources, seen from the manifest",
        ));
    }
    let work = absolute(&project.root.join("target/holm").join(short(&project.name)));
    let job = Job { project, how, work, folder };
    let file = job.at("record.json");
    let settings = record::settings(project, how.release);
    let inputs = sources(&job);
    let known = Record::read(&file);
    if let Some(known) = known.filter(|known| !how.force && known.holds(&settings, &inputs, &project.output)) {
        let size = project.output.metadata().map_or(0, |meta| meta.len());
        let took = start.elapsed();
        return Ok(Built { output: project.output.clone(), size, maker: known.maker, took, unchanged: true });
    }
    files::folder(&job.work)?;
    let language = project.language()?;
    let maker = language.map_or("command", |language| language.name()).to_owned();
    let product = languages::make(language, &job)?;
    let size = finish(&job, &product)?;
    let mut record = Record {
        settings,
        inputs,
        elsewhere: product.elsewhere,
        output: Stamp::of(&project.output),
        maker: maker.clone(),
        ..Record::default()
    };
    // What the tools wrote among the sources is no change of them.
    record.inputs.settle(&sources(&job), &product.written);
    if language.is_none() {
        record.inputs.take_new(sources(&job));
    }
    record.note_digests();
    record.keep(&file);
    Ok(Built { output: project.output.clone(), size, maker, took: start.elapsed(), unchanged: false })
}

impl Project {
    /// What the project is made of, as it is now: what tells whether it is worth building.
    pub fn inputs(&self) -> Inputs {
        let folder = absolute(self.folder());
        let work = absolute(&self.root.join("target/holm").join(short(&self.name)));
        let job = Job { project: self, how: &How::default(), work, folder };
        let mut inputs = sources(&job);
        // Those of the last build, wherever they are.
        if let Some(known) = Record::read(&job.at("record.json")) {
            inputs.and(known.elsewhere.now());
        }
        inputs
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// A name as a folder's: whatever it is called, it is one step down.
fn short(name: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || "-_".contains(c) { c } else { '-' };
    name.chars().map(plain).take(64).collect()
}

fn sources(job: &Job<'_>) -> Inputs {
    let wit = wit::folder(job).filter(|wit| !wit.starts_with(&job.folder));
    let folders: Vec<&Path> = [job.folder.as_path()].into_iter().chain(wit.as_deref()).collect();
    let apart: Vec<PathBuf> = job.project.apart.iter().map(|path| absolute(path)).collect();
    match job.project.build.watch.as_slice() {
        [] => Inputs::below(&folders, &apart),
        patterns => Inputs::matching(&job.folder, patterns, &apart),
    }
}

/// Makes a component of what the tool made, if it has to be one, and puts it in its place. Returns its size in bytes.
fn finish(job: &Job<'_>, product: &Product) -> Result<u64, BuildError> {
    let Some(file) = &product.file else {
        let output = &job.project.output;
        let there = output.metadata().map_err(|error| BuildError::io("find what was made:", output, error))?;
        return Ok(there.len());
    };
    let mut bytes = files::read(file)?;
    let failed = |why| BuildError::Component { file: file.clone(), why };
    let mut kind = component::kind(&bytes).map_err(failed)?;
    if let (Kind::Module, Some(wit)) = (kind, &product.wit) {
        component::embed(&mut bytes, &wit.resolve, wit.world_id).map_err(failed)?;
        kind = Kind::Described;
    }
    if kind == Kind::Described || (kind == Kind::Module && product.component) {
        job.step("making a component of it");
        bytes = component::encode(&bytes).map_err(failed)?;
    }
    files::replace(&job.project.output, &bytes)?;
    Ok(bytes.len() as u64)
}
