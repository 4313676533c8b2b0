//! Names of functions, for people.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use wasmparser::{BinaryReader, ExternalKind, Name, NameSectionReader, Payload, TypeRef};

use super::bad::BadBytes;
use super::walk::{Code, Walk};

/// The names of the functions of a core module by function index, demangled: from the `name` section
/// (Core Specification, "Name Section"), else from exports, else `module.name` for imports. Functions
/// without a name are left out. Empty for a component.
///
/// # Errors
/// When `module` is not Wasm. A damaged `name` section only ends the names that come from it: it is
/// advice, not code.
pub fn function_names(module: &[u8]) -> Result<BTreeMap<u32, String>, BadBytes> {
    let mut names = BTreeMap::new();
    for payload in Walk::new(module, Code::Skip)? {
        match payload? {
            Payload::Version { encoding: wasmparser::Encoding::Component, .. } => break,
            Payload::ImportSection(imports) => name_imports(imports, &mut names)?,
            Payload::ExportSection(exports) => name_exports(exports, &mut names)?,
            Payload::CustomSection(section) if section.name() == "name" => {
                // Ignored for the reason given above.
                let _ = name_section(section.data_reader(), &mut names);
            }
            _ => {}
        }
    }
    Ok(names)
}

/// Names are copied, and the formats let a short file repeat a long one.
const MAX_NAME: usize = 4096;

fn name_imports(
    imports: wasmparser::ImportSectionReader<'_>,
    names: &mut BTreeMap<u32, String>,
) -> Result<(), BadBytes> {
    let mut index = 0;
    for import in imports.into_imports() {
        let import = import?;
        if matches!(import.ty, TypeRef::Func(_) | TypeRef::FuncExact(_)) {
            names.insert(index, limited(&format!("{}.{}", shorten(import.module), shorten(import.name))));
            index += 1;
        }
    }
    Ok(())
}

fn name_exports(
    exports: wasmparser::ExportSectionReader<'_>,
    names: &mut BTreeMap<u32, String>,
) -> Result<(), BadBytes> {
    for export in exports {
        let export = export?;
        if export.kind == ExternalKind::Func {
            names.insert(export.index, limited(export.name));
        }
    }
    Ok(())
}

fn name_section(reader: BinaryReader<'_>, names: &mut BTreeMap<u32, String>) -> Result<(), BadBytes> {
    for subsection in NameSectionReader::new(reader) {
        if let Name::Function(functions) = subsection? {
            for naming in functions {
                let naming = naming?;
                names.insert(naming.index, demangle(naming.name));
            }
        }
    }
    Ok(())
}

fn shorten(name: &str) -> &str {
    name.get(..MAX_NAME).unwrap_or(if name.len() > MAX_NAME { "..." } else { name })
}

fn limited(name: &str) -> String {
    shorten(name).to_owned()
}

/// What the programmer called a function whose symbol is `name`: undoes the manglings of Rust and C++.
/// Anything else comes back unchanged, shortened when absurdly long.
#[must_use]
pub fn demangle(name: &str) -> String {
    if name.len() > MAX_NAME {
        return limited(name);
    }
    if let Ok(symbol) = rustc_demangle::try_demangle(name) {
        return write_limited(|out| write!(out, "{symbol:#}")).unwrap_or_else(|| name.to_owned());
    }
    demangle_cpp(name).unwrap_or_else(|| name.to_owned())
}

#[cfg(not(feature = "diagnostics"))]
fn demangle_cpp(_: &str) -> Option<String> {
    None
}

#[cfg(feature = "diagnostics")]
fn demangle_cpp(name: &str) -> Option<String> {
    if !name.starts_with("_Z") {
        return None;
    }
    let symbol = cpp_demangle::Symbol::new(name).ok()?;
    write_limited(|out| symbol.structured_demangle(out, &cpp_demangle::DemangleOptions::default()))
}

/// A few bytes of mangled name can stand for a text of any length.
fn write_limited(write: impl FnOnce(&mut Limited) -> fmt::Result) -> Option<String> {
    let mut out = Limited(String::new());
    write(&mut out).ok()?;
    Some(out.0)
}

struct Limited(String);

impl fmt::Write for Limited {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.len() + text.len() > MAX_NAME {
            return Err(fmt::Error);
        }
        self.0.push_str(text);
        Ok(())
    }
}
