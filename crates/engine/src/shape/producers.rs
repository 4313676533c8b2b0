//! Which tools made a guest.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use wasmparser::{BinaryReader, Encoding, Payload};

use super::bad::BadBytes;
use super::names::function_names;
use super::walk::{Code, Walk};

/// One entry of a `producers` section (tool-conventions, `ProducersSection.md`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Producer {
    /// `language`, `processed-by` or `sdk`.
    pub field: String,
    /// Such as `Rust` or `clang`.
    pub name: String,
    /// In the tool's own notation; may be empty.
    pub version: String,
}

impl fmt::Display for Producer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.name)?;
        if self.version.is_empty() { Ok(()) } else { write!(f, " {}", self.version) }
    }
}

/// The tools that made a guest, each once, sorted: from its `producers` sections and those of nested
/// modules. They are what the tools said and nothing keeps them from lying. A damaged section counts up
/// to the damage.
///
/// # Errors
/// When the bytes are not Wasm.
pub fn producers(bytes: &[u8]) -> Result<Vec<Producer>, BadBytes> {
    let mut found = BTreeSet::new();
    for payload in Walk::new(bytes, Code::Skip)? {
        if let Payload::CustomSection(section) = payload?
            && section.name() == "producers"
        {
            let _ = read_section(section.data_reader(), &mut found);
        }
    }
    Ok(found.into_iter().collect())
}

/// `wasmparser`'s reader of this section refuses fields it does not know; inspection should show them.
fn read_section(mut reader: BinaryReader<'_>, found: &mut BTreeSet<Producer>) -> wasmparser::Result<()> {
    for _ in 0..reader.read_var_u32()? {
        let field = short_string(&mut reader)?;
        for _ in 0..reader.read_var_u32()? {
            let field = field.clone();
            found.insert(Producer { field, name: short_string(&mut reader)?, version: short_string(&mut reader)? });
        }
    }
    Ok(())
}

/// A field's name is copied for each of its values, so its length is a multiplier.
fn short_string(reader: &mut BinaryReader<'_>) -> wasmparser::Result<String> {
    Ok(reader.read_string()?.chars().take(256).collect())
}

/// The source language of a guest, as far as its bytes give it away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LanguageGuess {
    /// Such as `Go`.
    pub language: String,
    /// What gave it away, for people: `custom section go:buildid`.
    pub because: String,
}

/// The source languages of a guest, for guests whose tools left no `producers` section, such as stripped
/// ones. Only marks that nothing else leaves are used, so most such guests get no answer.
///
/// # Errors
/// When the bytes are not Wasm.
pub fn guess_language(bytes: &[u8]) -> Result<Option<LanguageGuess>, BadBytes> {
    let mut marks = Marks::default();
    let mut starts = Vec::new();
    for payload in Walk::new(bytes, Code::Skip)? {
        match payload? {
            Payload::Version { encoding, range, .. } => starts.push((encoding, range.start)),
            Payload::End(end) => {
                if let Some((Encoding::Module, start)) = starts.pop() {
                    marks.see_functions(bytes.get(start..end).unwrap_or_default())?;
                }
            }
            Payload::CustomSection(section) => marks.see_custom(section.name()),
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    marks.see_import(import?.module);
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    marks.see_export(export?.name);
                }
            }
            _ => {}
        }
    }
    Ok(marks.guess())
}

#[derive(Default)]
struct Marks {
    /// The first mark that decided.
    found: Option<LanguageGuess>,
    /// Exports of AssemblyScript's runtime, each of which another language could have as well.
    assemblyscript: BTreeSet<&'static str>,
}

impl Marks {
    fn mark(&mut self, language: &str, because: String) {
        self.found.get_or_insert_with(|| LanguageGuess { language: language.to_owned(), because });
    }

    fn see_custom(&mut self, name: &str) {
        if matches!(name, "go:buildid" | "go.buildid") {
            self.mark("Go", format!("custom section {name}"));
        }
    }

    fn see_import(&mut self, module: &str) {
        match module {
            "gojs" => self.mark("Go", "imports from gojs".to_owned()),
            "dart2wasm" => self.mark("Dart", "imports from dart2wasm".to_owned()),
            _ => {}
        }
    }

    fn see_export(&mut self, name: &str) {
        if let Some(known) = ["__new", "__pin", "__unpin", "__collect"].into_iter().find(|known| *known == name) {
            self.assemblyscript.insert(known);
        }
    }

    fn see_functions(&mut self, module: &[u8]) -> Result<(), BadBytes> {
        if self.found.is_some() {
            return Ok(());
        }
        for name in function_names(module)?.values() {
            if name.starts_with("tinygo_") {
                self.mark("Go (TinyGo)", format!("function {name}"));
            } else if matches!(name.as_str(), "rust_begin_unwind" | "rust_panic" | "__rust_alloc") {
                self.mark("Rust", format!("function {name}"));
            }
        }
        Ok(())
    }

    fn guess(mut self) -> Option<LanguageGuess> {
        if self.assemblyscript.len() == 4 {
            let names: Vec<_> = self.assemblyscript.iter().copied().collect();
            self.mark("AssemblyScript", format!("exports {}", names.join(", ")));
        }
        self.found
    }
}
