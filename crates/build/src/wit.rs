//! The WIT that a project is built for, with the packages of WASI it refers to.

mod supply;

use crate::error::BuildError;
use crate::files;
use crate::job::Job;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};
use wit_parser::{PackageName, Resolve, SourceMap, UnresolvedPackageGroup, WorldId, WorldItem};

/// How many files a folder of WIT may have, and how large each may be.
const MOST_FILES: usize = 1000;
const LARGEST_FILE: u64 = 1 << 20;

/// What a project is built for.
pub(crate) struct Wit {
    /// The folder to give to tools: the project's own, or one with what it lacks.
    pub(crate) dir: PathBuf,
    pub(crate) resolve: Resolve,
    pub(crate) world_id: WorldId,
    /// The world's name.
    pub(crate) world: String,
}

impl Wit {
    /// Whether the world imports or exports this interface, as in `wasi:http/incoming-handler`, of any version.
    pub(crate) fn has(&self, interface: &str) -> bool {
        let names = |name: &str| name == interface || name.strip_prefix(interface).is_some_and(|v| v.starts_with('@'));
        self.imports().chain(self.exports()).any(|name| names(&name))
    }

    /// The interfaces that it imports, by their full names.
    pub(crate) fn imports(&self) -> impl Iterator<Item = String> {
        self.interfaces(self.resolve.worlds.get(self.world_id).into_iter().flat_map(|world| world.imports.values()))
    }

    fn exports(&self) -> impl Iterator<Item = String> {
        self.interfaces(self.resolve.worlds.get(self.world_id).into_iter().flat_map(|world| world.exports.values()))
    }

    fn interfaces<'a>(&'a self, items: impl Iterator<Item = &'a WorldItem>) -> impl Iterator<Item = String> {
        items.filter_map(|item| match item {
            WorldItem::Interface { id, .. } => self.resolve.id_of(*id),
            _ => None,
        })
    }
}

/// The folder of WIT that a job has, if it has one.
pub(crate) fn folder(job: &Job<'_>) -> Option<PathBuf> {
    let said = job.project.build.wit.as_deref();
    let folder = plain(&job.folder.join(said.unwrap_or(Path::new("wit"))));
    (said.is_some() || folder.is_dir()).then_some(folder)
}

/// Without steps up, so that what lies beside a folder does not look as if it lay in it.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}

/// The job's WIT; `None` where it has none.
pub(crate) fn prepare(job: &Job<'_>) -> Result<Option<Wit>, BuildError> {
    let Some(own) = folder(job) else {
        return match &job.project.build.world {
            None => Ok(None),
            Some(world) => Err(BuildError::project(
                format!("{} has no folder wit, so there is no world `{world}`", job.folder.display()),
                "`wit` in [build] names the folder",
            )),
        };
    };
    if !own.is_dir() {
        return Err(BuildError::project(
            format!("{} is no folder", own.display()),
            "`wit` in [build] names a folder of WIT, seen from `folder`",
        ));
    }
    let dir = complete(job, &own)?;
    let (resolve, package) = {
        let mut resolve = Resolve::default();
        let (package, _) = resolve.push_dir(&dir).map_err(|error| unfit(&own, &error.to_string()))?;
        (resolve, package)
    };
    let world = job.project.build.world.as_deref();
    let world_id =
        resolve.select_world(&[package], world).map_err(|error| no_world(&resolve, &own, &error.to_string()))?;
    let world = resolve.worlds.get(world_id).map(|world| world.name.clone()).unwrap_or_default();
    Ok(Some(Wit { dir, resolve, world_id, world }))
}

/// As [`prepare`], for languages that make nothing without a world.
pub(crate) fn required(job: &Job<'_>, language: &str) -> Result<Wit, BuildError> {
    prepare(job)?.ok_or_else(|| {
        BuildError::project(
            format!("{} has no folder wit, and {language} is built for a world", job.folder.display()),
            "a program's wit/world.wit is: package my:app; world app { export wasi:cli/run@0.2.10; }",
        )
    })
}

fn unfit(dir: &Path, why: &str) -> BuildError {
    BuildError::Project { message: format!("the WIT in {} does not hold: {why}", dir.display()), hint: None }
}

fn no_world(resolve: &Resolve, dir: &Path, why: &str) -> BuildError {
    let own = |world: &wit_parser::World| world.package.is_some_and(|package| is_own(resolve, package));
    let worlds = resolve.worlds.iter().filter(|(_, world)| own(world)).map(|(_, world)| format!("`{}`", world.name));
    let worlds = worlds.collect::<Vec<_>>().join(", ");
    BuildError::project(
        format!("which world of {}? {why}", dir.display()),
        format!("`world` in [build] names one of {worlds}"),
    )
}

/// Whether a package is no part of WASI, which has worlds that nobody means.
fn is_own(resolve: &Resolve, package: wit_parser::PackageId) -> bool {
    resolve.packages.get(package).is_some_and(|package| package.name.namespace != "wasi")
}

/// The folder itself, or a copy of it with the packages of WASI that it refers to and does not have.
fn complete(job: &Job<'_>, own: &Path) -> Result<PathBuf, BuildError> {
    let missing = missing(own)?;
    if missing.is_empty() {
        return Ok(own.to_owned());
    }
    let supplied = supply::all(missing).map_err(|name| {
        BuildError::project(
            format!("{} refers to the package {name}, which is not in {}", own.display(), own.join("deps").display()),
            "put its WIT there; Holm itself has WASI 0.2 only",
        )
    })?;
    let whole = job.at("wit");
    if whole.exists() {
        fs::remove_dir_all(&whole).map_err(|error| BuildError::io("empty", &whole, error))?;
    }
    copy(own, &whole, &mut 0)?;
    for (name, text) in supplied {
        files::replace(&whole.join("deps").join(name).join("package.wit"), text.as_bytes())?;
    }
    Ok(whole)
}

/// The packages that a folder refers to and does not have.
fn missing(own: &Path) -> Result<BTreeSet<PackageName>, BuildError> {
    let (mut has, mut wants) = (BTreeSet::new(), BTreeSet::new());
    let mut take = |group: UnresolvedPackageGroup| {
        for package in [group.main].into_iter().chain(group.nested) {
            wants.extend(package.foreign_deps.keys().cloned());
            has.insert(package.name);
        }
    };
    let parse = |path: &Path| match path.is_dir() {
        true => UnresolvedPackageGroup::parse_dir(path).map_err(|error| format!("{error:#}")),
        false => {
            let bytes = fs::read(path).map_err(|error| error.to_string())?;
            let mut map = SourceMap::default();
            map.push_str(&path.display().to_string(), String::from_utf8_lossy(&bytes));
            map.parse().map_err(|(map, error)| error.render(&map))
        }
    };
    let whole = |path: &Path| parse(path).map_err(|why| unfit(own, &why));
    take(whole(own)?);
    let deps = fs::read_dir(own.join("deps")).into_iter().flatten().flatten().map(|entry| entry.path());
    for dep in deps.filter(|path| path.is_dir() || path.extension().is_some_and(|ending| ending == "wit")) {
        take(whole(&dep)?);
    }
    Ok(wants.into_iter().filter(|name| !has.contains(name)).collect())
}

fn copy(from: &Path, to: &Path, count: &mut usize) -> Result<(), BuildError> {
    files::folder(to)?;
    let entries = fs::read_dir(from).map_err(|error| BuildError::io("read", from, error))?;
    for entry in entries.flatten() {
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        let meta = path.metadata().map_err(|error| BuildError::io("read", &path, error))?;
        let in_deps = from.file_name().is_some_and(|name| name == "deps");
        if meta.is_dir() && (in_deps || entry.file_name() == "deps") {
            copy(&path, &to, count)?;
        } else if meta.is_file() && path.extension().is_some_and(|ending| ending == "wit" || ending == "wasm") {
            *count += 1;
            if *count > MOST_FILES || meta.len() > LARGEST_FILE {
                let why = format!("{}: more than {MOST_FILES} files, or one of more than 1 MiB", from.display());
                return Err(BuildError::Project { message: why, hint: None });
            }
            fs::copy(&path, &to).map_err(|error| BuildError::io("copy", &path, error))?;
        }
    }
    Ok(())
}
