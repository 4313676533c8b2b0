//! The `[build]` table: how a guest's file is made from its sources.

use crate::grants::beside;
use crate::keys::{self, Keys};
use crate::values::Reader;
use holm_grants::ParseError;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// How the file that a guest or component names is made. Nothing in it has been looked up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Build {
    /// What the sources are written in. `None`: to be found out from them, unless there is a command.
    pub language: Option<Language>,
    /// Where the sources are, joined to the manifest's folder. `None`: in that folder.
    pub folder: Option<PathBuf>,
    /// The folder of WIT, as it is written: relative to the sources. `None`: `wit`, if it is there.
    pub wit: Option<PathBuf>,
    /// The world that is built for. `None`: the only one.
    pub world: Option<String>,
    /// The entry file, as it is written: relative to the sources. `None`: the language's usual one.
    pub source: Option<PathBuf>,
    /// What makes the file in the place of a language: a line for the shell, run in the folder of the sources.
    pub command: Option<String>,
    /// What `holm dev` looks at beside what it finds by itself: patterns, relative to the sources.
    pub watch: Vec<String>,
}

/// A language that Holm builds guests from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Language {
    /// Rust, by cargo.
    Rust,
    /// Python, by componentize-py.
    Python,
    /// JavaScript, by componentize-js.
    JavaScript,
    /// TypeScript: JavaScript once its types are gone.
    TypeScript,
    /// Go, by its own compiler.
    Go,
    /// C, by clang or zig.
    C,
    /// AssemblyScript, by asc.
    AssemblyScript,
}

impl Language {
    /// All of them.
    pub const ALL: [Language; 7] = [
        Language::Rust,
        Language::Python,
        Language::JavaScript,
        Language::TypeScript,
        Language::Go,
        Language::C,
        Language::AssemblyScript,
    ];

    /// Its name in a manifest.
    pub const fn name(self) -> &'static str {
        match self {
            Language::Rust => "rust",
            Language::Python => "python",
            Language::JavaScript => "javascript",
            Language::TypeScript => "typescript",
            Language::Go => "go",
            Language::C => "c",
            Language::AssemblyScript => "assemblyscript",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Language {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let language = Language::ALL.into_iter().find(|language| language.name() == text);
        language.ok_or_else(|| {
            let names = Language::ALL.map(Language::name).join(", ");
            let why = format!("they are {names}; with any other, `command` says what makes the file");
            ParseError::new("a language that Holm builds", "rust", text, why)
        })
    }
}

/// Reads the `[build]` among the keys of `reader`.
pub(crate) fn read(reader: &mut Reader<'_, '_, '_>, folder: &Path) -> Option<Build> {
    table(reader, folder, &keys::BUILD)
}

/// As [`read`], of a component.
pub(crate) fn of_component(reader: &mut Reader<'_, '_, '_>, folder: &Path) -> Option<Build> {
    table(reader, folder, &keys::COMPONENT_BUILD)
}

fn table(reader: &mut Reader<'_, '_, '_>, folder: &Path, keys: &Keys) -> Option<Build> {
    let mut reader = reader.inside("build")?;
    keys.check(&mut reader);
    let build = Build {
        language: language(&mut reader),
        folder: reader.name("folder").map(|path| beside(folder, path)),
        wit: reader.name("wit").map(PathBuf::from),
        world: reader.name("world"),
        source: reader.name("source").map(PathBuf::from),
        command: reader.name("command"),
        watch: Vec::new(),
    };
    if let (Some(_), Some(value)) = (&build.command, reader.value("language")) {
        reader.report.add(value.span(), "a build has a `language` or a `command`, not both; leave one out");
    }
    Some(build)
}

fn language(reader: &mut Reader<'_, '_, '_>) -> Option<Language> {
    let text = reader.text("language")?;
    reader.parse(&text)
}
