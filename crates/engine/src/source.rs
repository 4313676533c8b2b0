//! Where a guest's bytes come from, and what they are before anything is parsed.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::artifact;
use crate::error::{Error, Kind, Result};
use crate::shape::is_text;

/// What a file turned out to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// A WebAssembly binary, or something that claims to be one.
    Wasm,
    /// Code that a Holm compiled before, to be checked before it is trusted.
    Precompiled,
}

/// A guest as it was given: a name for messages and the bytes.
#[derive(Clone, Debug)]
pub struct Source {
    /// What the user called it; `standard input` for `-`.
    pub name: String,
    /// The file it came from; `None` for standard input.
    pub path: Option<PathBuf>,
    /// The bytes; text format is already converted. Empty when `kind` is [`SourceKind::Precompiled`].
    pub bytes: Vec<u8>,
    /// What the bytes are.
    pub kind: SourceKind,
}

impl Source {
    /// Reads a guest from a file, or from standard input for `-`.
    ///
    /// # Errors
    /// [`Kind::NotFound`], [`Kind::Io`], or [`Kind::Invalid`] for text that does not parse.
    pub fn read(name: &str) -> Result<Self> {
        if name == "-" {
            return Self::from_stdin();
        }
        if name.is_empty() {
            return Err(
                Error::new(Kind::Usage, "the guest's name is empty").note("name a .wasm file, or - for standard input")
            );
        }
        if name.contains("://") {
            return Err(remote(name));
        }
        let path = Path::new(name);
        if artifact::is_artifact(path) {
            let (name, path) = (name.to_owned(), Some(path.to_owned()));
            return Ok(Self { name, path, bytes: Vec::new(), kind: SourceKind::Precompiled });
        }
        let bytes = std::fs::read(path).map_err(|error| unreadable(name, path, &error))?;
        Self::from_bytes(name, bytes).map(|source| Self { path: Some(path.to_owned()), ..source })
    }

    /// A guest whose bytes are at hand, binary or text.
    ///
    /// # Errors
    /// [`Kind::Invalid`] for text that does not parse.
    pub fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Self> {
        let bytes = if is_text(&bytes) { binary(name, &bytes)? } else { bytes };
        Ok(Self { name: name.to_owned(), path: None, bytes, kind: SourceKind::Wasm })
    }

    fn from_stdin() -> Result<Self> {
        let mut bytes = Vec::new();
        std::io::stdin()
            .read_to_end(&mut bytes)
            .map_err(|error| Error::io("read the guest from standard input", &error))?;
        Self::from_bytes("standard input", bytes)
    }
}

#[cfg(feature = "compilers")]
fn binary(name: &str, text: &[u8]) -> Result<Vec<u8>> {
    wat::Parser::new()
        .parse_bytes(Some(Path::new(name)), text)
        .map(std::borrow::Cow::into_owned)
        .map_err(|error| Error::new(Kind::Invalid, format!("{name} is not valid WebAssembly text: {error}")))
}

#[cfg(not(feature = "compilers"))]
fn binary(name: &str, _text: &[u8]) -> Result<Vec<u8>> {
    let message = format!("{name} is WebAssembly text, which this build of Holm cannot read");
    Err(Error::new(Kind::Unsupported, message)
        .note("it runs precompiled guests only: use `holm compile` of a full build"))
}

fn unreadable(name: &str, path: &Path, error: &std::io::Error) -> Error {
    if path.is_dir() {
        return Error::new(Kind::Invalid, format!("{name} is a directory, not a WebAssembly file"))
            .note("name the .wasm file inside it");
    }
    if error.kind() == std::io::ErrorKind::NotFound {
        let error = Error::new(Kind::NotFound, format!("{name}: no such file"));
        return match neighbour(path) {
            Some(found) => error.note(format!("there is {}", found.display())),
            None if looks_like_a_url(name) => error.note("guests are files; for a URL, download it first"),
            None => error,
        };
    }
    Error::io(format_args!("read {name}"), error)
}

/// The same name with the ending people leave off.
fn neighbour(path: &Path) -> Option<PathBuf> {
    let found = path.with_extension("wasm");
    (found != path && found.is_file()).then_some(found)
}

/// `example.com/app.wasm`: the part before the first slash is no folder here and has a dot in it.
fn looks_like_a_url(name: &str) -> bool {
    match name.split_once('/') {
        Some((host, _)) => host.contains('.') && !host.starts_with('.') && !Path::new(host).exists(),
        None => false,
    }
}

fn remote(name: &str) -> Error {
    let scheme = name.split("://").next().unwrap_or_default();
    Error::new(Kind::Usage, format!("{name}: guests are files; Holm does not fetch {scheme}:// addresses"))
        .note("download it first, then run the file; `-` reads a guest from standard input")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_named_as_one() {
        let error = Source::read("/tmp").unwrap_err();
        assert_eq!(error.to_string(), "/tmp is a directory, not a WebAssembly file");
        assert_eq!(error.kind(), Kind::Invalid);
    }

    #[test]
    fn a_missing_file_is_not_found() {
        let error = Source::read("/nowhere/app.wasm").unwrap_err();
        assert_eq!(error.to_string(), "/nowhere/app.wasm: no such file");
        assert_eq!(error.kind(), Kind::NotFound);
    }

    #[test]
    fn an_address_without_its_scheme_is_guessed() {
        let error = Source::read("example.com/app.wasm").unwrap_err();
        assert_eq!(error.notes(), ["guests are files; for a URL, download it first"]);
    }
}
