//! From what was named on the command line to what is built.

use std::path::{Path, PathBuf};

use holm_build::{BuildError, Project};
use holm_engine::{Error, Kind, Result};
use holm_manifest::{App, Build, Guest, Platform};

use crate::manifests;

/// What a folder or a manifest names.
pub(crate) struct Found {
    /// In the order in which they are built; none only where a manifest of Spin's says nothing of building.
    pub(crate) projects: Vec<Project>,
    /// The manifest and its file, where there is one.
    #[cfg_attr(
        not(any(feature = "compose", feature = "serve")),
        expect(dead_code, reason = "nobody goes on from here")
    )]
    pub(crate) manifest: Option<(App, PathBuf)>,
}

/// Everything that is built in the folder, or by the manifest, at `path`.
///
/// # Errors
/// There is no such folder, its manifest is wrong, or nothing in it says how anything is built.
pub(crate) fn of(path: &Path) -> Result<Found> {
    // Nobody wants to read `./` in front of everything.
    let plain = path.strip_prefix(".").unwrap_or(path);
    let in_folder = || manifests::in_folder(plain);
    let file = if path.is_dir() { in_folder().unwrap_or_else(|| plain.join("holm.toml")) } else { path.to_owned() };
    if path.is_dir() && !file.exists() {
        let project = Project::of_folder(path).map_err(|error| alone(&error))?;
        return Ok(Found { projects: vec![project], manifest: None });
    }
    if !file.exists() {
        let why = format!("{} does not exist", path.display());
        return Err(Error::new(Kind::NotFound, why).note("name the folder of the sources, or a manifest"));
    }
    if file.extension().is_none_or(|ending| ending != "toml") {
        let why = format!("{} is neither a folder nor a manifest", path.display());
        return Err(Error::new(Kind::Usage, why).note("name the folder of the sources, or a manifest"));
    }
    let app = manifests::load(&file)?;
    let projects = of_app(&app, &file)?;
    Ok(Found { projects, manifest: Some((app, file)) })
}

fn of_app(app: &App, manifest: &Path) -> Result<Vec<Project>> {
    let root = manifest.parent().filter(|root| !root.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut projects: Vec<Project> = app.guests.iter().flat_map(|guest| of_guest(app, guest, root)).collect();
    if projects.is_empty() && app.platform == Platform::Holm {
        let why = format!("nothing in {} says how a guest is built", manifest.display());
        let hint = "[build] with a `language`, or `[guest.NAME.build]`, says it; docs/build.md has more";
        return Err(Error::new(Kind::Usage, why).note(hint));
    }
    set_apart(&mut projects);
    Ok(projects)
}

/// What a guest is made of: its components first, so that whoever composes them has them.
fn of_guest(app: &App, guest: &Guest, root: &Path) -> Vec<Project> {
    let components = guest.components.iter().filter_map(|component| {
        let name = match &guest.name {
            Some(guest) => format!("{guest}/{}", component.name),
            None => component.name.clone(),
        };
        let (build, output) = (component.build.clone()?, component.file.clone());
        Some(Project { name, root: root.to_owned(), build, output, apart: Vec::new() })
    });
    let own = guest.build.clone().or_else(|| found_out(app, guest, root)).map(|build| project(app, guest, build, root));
    components.chain(own).collect()
}

/// An only guest without a word about how it is built is built from the sources beside its manifest, if there are any.
fn found_out(app: &App, guest: &Guest, root: &Path) -> Option<Build> {
    let only = app.guests.len() == 1 && guest.upstream.is_none() && app.platform == Platform::Holm;
    let language = only.then(|| holm_build::recognise(root).ok())??;
    Some(Build { language: Some(language), ..Build::default() })
}

fn project(app: &App, guest: &Guest, build: Build, root: &Path) -> Project {
    let output = guest.file.clone().unwrap_or_else(|| root.join(format!("{}.wasm", name_of(root))));
    let stem = output.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let name = guest.name.clone().or_else(|| app.name.clone()).or(stem).unwrap_or_else(|| "app".to_owned());
    Project { name, root: root.to_owned(), build, output, apart: Vec::new() }
}

/// The folder's name, for a file that has none.
fn name_of(root: &Path) -> String {
    let whole = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    whole.file_name().map_or_else(|| "app".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Tells each project which folders within its own are others'.
fn set_apart(projects: &mut [Project]) {
    let folders: Vec<PathBuf> = projects.iter().map(|project| project.folder().to_owned()).collect();
    for project in projects {
        let own = project.folder().to_owned();
        project.apart = folders.iter().filter(|folder| **folder != own && folder.starts_with(&own)).cloned().collect();
    }
}

/// An error in the words that all of Holm's are told in.
fn alone(error: &BuildError) -> Error {
    let kind = match error {
        BuildError::Io { .. } => Kind::NotFound,
        _ => Kind::Usage,
    };
    let told = Error::new(kind, error.to_string());
    match error.hint() {
        Some(hint) => told.note(hint),
        None => told,
    }
}
