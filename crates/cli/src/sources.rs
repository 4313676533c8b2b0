//! The files of guests, wherever a manifest says they are.

use std::path::{Path, PathBuf};

use holm_engine::shape::Digest;
use holm_engine::{Error, Kind, Result, Source};
use holm_manifest::{Guest, PackageName};

use crate::args::RegistryArgs;
use crate::oci;

/// The file on this machine that `file` of `guest` names: a path, on a registry, or a URL.
///
/// # Errors
/// It cannot be had, or is not what the manifest says.
pub(crate) fn local(file: &Path, guest: &Guest, args: &RegistryArgs) -> Result<PathBuf> {
    let digest = guest.digest_of(file);
    let name = file.to_string_lossy();
    // Nothing is fetched unless something says what it has to be.
    let digest_of_url = digest.filter(|_| name.starts_with("https://") || name.starts_with("http://"));
    if let Some(digest) = digest_of_url {
        return downloaded(&name, digest);
    }
    if let Some(package) = PackageName::of(file) {
        return packaged(&package, args);
    }
    let local = oci::file(file, args)?;
    match digest {
        Some(digest) => check(&local, digest).map(|()| local),
        None => Ok(local),
    }
}

/// As [`local`], read.
///
/// # Errors
/// As [`local`], and where it cannot be read.
pub(crate) fn source(name: &str, guest: &Guest, args: &RegistryArgs) -> Result<Source> {
    if name == "-" {
        return oci::source(name, args);
    }
    let local = local(Path::new(name), guest, args)?;
    Ok(Source { name: name.to_owned(), ..Source::read(&local.to_string_lossy())? })
}

fn check(file: &Path, digest: &str) -> Result<()> {
    let bytes = std::fs::read(file).map_err(|error| Error::io(format_args!("read {}", file.display()), &error))?;
    let found = Digest::of(&bytes).to_string();
    if found == digest {
        return Ok(());
    }
    let why = format!("{} is not what the manifest says: its SHA-256 is {found}, and not {digest}", file.display());
    Err(Error::new(Kind::Denied, why))
}

#[cfg(feature = "spin")]
fn downloaded(url: &str, digest: &str) -> Result<PathBuf> {
    crate::spin::fetch::fetched(url, digest)
}

#[cfg(not(feature = "spin"))]
fn downloaded(url: &str, _: &str) -> Result<PathBuf> {
    Err(Error::new(Kind::Unsupported, format!("{url}: this build of Holm downloads no guests"))
        .note("download it first, and name the file"))
}

#[cfg(all(feature = "spin", feature = "registry"))]
fn packaged(package: &PackageName, args: &RegistryArgs) -> Result<PathBuf> {
    crate::spin::package::fetched(package, args)
}

#[cfg(not(all(feature = "spin", feature = "registry")))]
fn packaged(package: &PackageName, _: &RegistryArgs) -> Result<PathBuf> {
    let (name, version) = (&package.package, &package.version);
    Err(Error::new(Kind::Unsupported, format!("{name} {version}: this build of Holm reaches no registries"))
        .note("download it first, and name the file"))
}
