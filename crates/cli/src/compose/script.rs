//! Compositions that are written out in a `.wac` file.

use std::path::{Path, PathBuf};

use holm_compose::{Composed, Package, Part, ScriptError, compose_script, packages};
use holm_engine::{Error, Kind, Result};

use super::parts;
use crate::args::compose::Compose;

pub(super) fn compose(args: &Compose) -> Result<(Composed, Vec<PathBuf>)> {
    if !args.wire.is_empty() {
        return Err(Error::new(Kind::Usage, "--wire is not for scripts, which say themselves where imports come from"));
    }
    let file = args.root.as_str();
    let text = text(file)?;
    let said = said(args)?;
    let folder = args.deps_dir.clone().unwrap_or_else(|| Path::new(file).with_file_name("deps"));
    let mut inputs = vec![PathBuf::from(file)];
    let mut found = Vec::new();
    for package in packages(file, &text).map_err(error)? {
        let path = match said.iter().find(|(name, _)| *name == package.name || *name == named(&package)) {
            Some((_, path)) => PathBuf::from(path),
            None => match beside(&folder, &package) {
                Some(path) => path,
                // Its own name, or one that is only spoken of. If it is needed, the script says where.
                None => continue,
            },
        };
        let bytes = parts::bytes(&path.to_string_lossy())?;
        found.push(Part { name: named(&package), bytes });
        inputs.push(path);
    }
    let mut composed = compose_script(file, &text, &found).map_err(error)?;
    let unused =
        |name: &&String| found.iter().all(|part| without_version(&part.name) != name.as_str() && part.name != **name);
    let never: Vec<String> = said.iter().map(|(name, _)| name).filter(unused).cloned().collect();
    composed.report.unused.extend(never);
    Ok((composed, inputs))
}

fn without_version(name: &str) -> &str {
    name.split('@').next().unwrap_or(name)
}

fn text(file: &str) -> Result<String> {
    let bytes = std::fs::read(file).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Error::new(Kind::NotFound, format!("{file}: no such file")),
        _ => Error::io(format_args!("read {file}"), &error),
    })?;
    String::from_utf8(bytes).map_err(|_| Error::new(Kind::Invalid, format!("{file} is not text (UTF-8)")))
}

/// The packages that the command line has, with their files.
fn said(args: &Compose) -> Result<Vec<(String, String)>> {
    let package = |with: &String| match parts::split(with) {
        (Some(name), file) if name.contains(':') => Ok((name.to_owned(), file.to_owned())),
        _ => Err(Error::new(Kind::Usage, format!("for a script, `{with}` has to say which package the file is"))
            .note("--with acme:model=model.wasm")),
    };
    args.with.iter().map(package).collect()
}

fn named(package: &Package) -> String {
    match &package.version {
        Some(version) => format!("{}@{version}", package.name),
        None => package.name.clone(),
    }
}

/// A package's file in a folder as wac has it: `deps/acme/model.wasm`, and `deps/acme/model/1.0.0.wasm` for a version. What a
/// script calls a package has no dots and slashes, so it cannot lead out of the folder.
fn beside(folder: &Path, package: &Package) -> Option<PathBuf> {
    let mut path = folder.to_owned();
    path.extend(package.name.split(':'));
    if let Some(version) = &package.version {
        path.push(version);
    }
    let ending = |ending: &str| {
        let mut path = path.clone().into_os_string();
        path.push(ending);
        PathBuf::from(path)
    };
    [ending(".wasm"), ending(".wat")].into_iter().find(|path| path.is_file())
}

fn error(error: ScriptError) -> Error {
    match error {
        ScriptError::Compose(error) => super::error(error),
        error => super::with_hints(Error::new(Kind::Invalid, error.to_string()), error.hints()),
    }
}
