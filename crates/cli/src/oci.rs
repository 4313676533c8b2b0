//! Guests that are named by where they are on a registry, wherever a guest can be named.

use std::path::{Path, PathBuf};

use holm_engine::{Error, Kind, Result, Source};
use holm_manifest::is_on_registry;

use crate::args::RegistryArgs;

/// The guest called `name`: a file, standard input, or on a registry.
///
/// # Errors
/// It cannot be had, or nobody whom the user trusts signed it.
pub(crate) fn source(name: &str, args: &RegistryArgs) -> Result<Source> {
    match is_on_registry(Path::new(name)) {
        true => {
            let file = fetched(Path::new(name), args)?;
            let source = Source::read(&file.to_string_lossy())?;
            Ok(Source { name: name.to_owned(), ..source })
        }
        false => {
            unsigned(name, args)?;
            Source::read(name)
        }
    }
}

/// The file of the guest that `file` names: itself, or in the store of what was pulled.
///
/// # Errors
/// As [`source`].
pub(crate) fn file(file: &Path, args: &RegistryArgs) -> Result<PathBuf> {
    match is_on_registry(file) {
        true => fetched(file, args),
        false => unsigned(&file.to_string_lossy(), args).map(|()| file.to_owned()),
    }
}

/// Signatures are beside what is on a registry. A file has none there, and to run it all the same would mislead.
#[cfg(feature = "registry")]
fn unsigned(name: &str, args: &RegistryArgs) -> Result<()> {
    match &args.verify {
        None => Ok(()),
        Some(_) => {
            Err(Error::new(Kind::Usage, format!("{name} is not on a registry, where --verify finds signatures"))
                .note("`holm push --sign KEY` puts it there, and oci://HOST/NAME:TAG names it then"))
        }
    }
}

#[cfg(not(feature = "registry"))]
fn unsigned(_: &str, _: &RegistryArgs) -> Result<()> {
    Ok(())
}

#[cfg(feature = "registry")]
fn fetched(name: &Path, args: &RegistryArgs) -> Result<PathBuf> {
    crate::registry::fetched(&name.to_string_lossy(), args)
}

#[cfg(not(feature = "registry"))]
fn fetched(name: &Path, _: &RegistryArgs) -> Result<PathBuf> {
    Err(Error::new(Kind::Unsupported, format!("{}: this build of Holm reaches no registries", name.display()))
        .note("download it first, then run the file"))
}
