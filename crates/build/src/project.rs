//! What is to be built, and what it is written in.

use crate::error::BuildError;
use holm_manifest::{Build, Language};
use std::path::{Path, PathBuf};

/// One guest or component that is made from sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// What it is called in messages, and by the folder in which Holm keeps what it knows of it.
    pub name: String,
    /// The folder of the manifest, or of the sources where there is none. What Holm keeps lies in `target/holm` there.
    pub root: PathBuf,
    /// How it is made.
    pub build: Build,
    /// The file that is made.
    pub output: PathBuf,
    /// Folders of other projects: what changes there is no change of this one.
    pub apart: Vec<PathBuf>,
}

impl Project {
    /// The folder of `sources`, where there is no manifest: it is built into a file of its own name, in itself.
    ///
    /// # Errors
    /// There is no such folder, or nothing in it says what it is written in.
    pub fn of_folder(sources: &Path) -> Result<Self, BuildError> {
        let whole = sources.canonicalize().map_err(|error| BuildError::io("read", sources, error))?;
        if !whole.is_dir() {
            return Err(BuildError::project(
                format!("{} is not a folder", sources.display()),
                "name the folder of the sources, or a manifest",
            ));
        }
        let language = recognise(sources)?;
        let name = whole.file_name().map_or_else(|| "app".into(), |name| name.to_string_lossy());
        let build = Build { language: Some(language), ..Build::default() };
        let output = sources.strip_prefix(".").unwrap_or(sources).join(format!("{name}.wasm"));
        Ok(Project { name: name.into_owned(), root: sources.to_owned(), build, output, apart: Vec::new() })
    }

    /// The folder of the sources.
    pub fn folder(&self) -> &Path {
        self.build.folder.as_deref().unwrap_or(&self.root)
    }

    /// The language of the sources; `None` where a command makes the file.
    ///
    /// # Errors
    /// As [`recognise`], where the manifest does not say it.
    pub fn language(&self) -> Result<Option<Language>, BuildError> {
        match (&self.build.command, self.build.language) {
            (Some(_), _) => Ok(None),
            (None, Some(language)) => Ok(Some(language)),
            (None, None) => recognise(self.folder()).map(Some),
        }
    }
}

/// What the sources in `folder` are written in, by the files there. The more particular file decides: a Rust project may
/// have a package.json for its tests.
///
/// # Errors
/// [`BuildError::Unrecognised`].
pub fn recognise(folder: &Path) -> Result<Language, BuildError> {
    const FILES: [(&str, Language); 13] = [
        ("Cargo.toml", Language::Rust),
        ("go.mod", Language::Go),
        ("asconfig.json", Language::AssemblyScript),
        ("app.py", Language::Python),
        ("pyproject.toml", Language::Python),
        ("tsconfig.json", Language::TypeScript),
        ("app.ts", Language::TypeScript),
        ("index.ts", Language::TypeScript),
        ("app.js", Language::JavaScript),
        ("index.js", Language::JavaScript),
        ("package.json", Language::JavaScript),
        ("main.c", Language::C),
        ("app.c", Language::C),
    ];
    const ENDINGS: [(&str, Language); 6] = [
        ("py", Language::Python),
        ("ts", Language::TypeScript),
        ("js", Language::JavaScript),
        ("mjs", Language::JavaScript),
        ("c", Language::C),
        ("go", Language::Go),
    ];
    if let Some((_, language)) = FILES.iter().find(|(file, _)| folder.join(file).is_file()) {
        return Ok(*language);
    }
    let entries = std::fs::read_dir(folder).map_err(|error| BuildError::io("read", folder, error))?;
    let names: Vec<PathBuf> = entries.flatten().map(|entry| PathBuf::from(entry.file_name())).collect();
    let ends = |ending: &str| names.iter().any(|name| name.extension().is_some_and(|own| own == ending));
    let found = ENDINGS.iter().find(|(ending, _)| ends(ending));
    found.map(|(_, language)| *language).ok_or_else(|| BuildError::Unrecognised(folder.to_owned()))
}
