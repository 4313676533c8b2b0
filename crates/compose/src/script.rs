//! `.wac` files: compositions that are written out.
//!
//! The language: <https://github.com/bytecodealliance/wac>, `LANGUAGE.md`. Its parser and resolver are wac's own; what is
//! here bounds what reaches them and puts their errors into words of ours.

mod place;

use std::collections::HashMap;

use semver::Version;
use wac_graph::types::BorrowedPackageKey;
use wac_graph::{CompositionGraph, NodeId, NodeKind};
use wac_parser::Document;
use wac_parser::lexer::{Lexer, Token};

use crate::check::check_part;
use crate::error::ComposeError;
use crate::report::{Composed, Left, Report, Wired};
use crate::{Part, contain, graph};
use place::Place;
pub use place::{Mistake, ScriptError};

/// The most bytes of a script.
pub const MAX_SCRIPT: usize = 1 << 20;

/// How deep brackets may nest: the parser recurses into them.
const MAX_NESTING: usize = 100;

/// A package that a script may refer to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Package {
    /// Its name: `acme:model`.
    pub name: String,
    /// Its version, where the script says one.
    pub version: Option<String>,
}

/// The packages that a script refers to, each once, in the order of the text. The script's own may be among them.
///
/// # Errors
/// When the script is too large, nested too deep, or broken.
pub fn packages(file: &str, text: &str) -> Result<Vec<Package>, ScriptError> {
    bounded(file, text)?;
    let place = Place { file, text };
    let lexer = Lexer::new(text)
        .map_err(|(error, span)| place.error(&error.to_string(), span.offset()..span.offset() + span.len()))?;
    let mut found = Vec::new();
    for (token, span) in lexer {
        let Ok(Token::PackageName | Token::PackagePath) = token else { continue };
        let named = text.get(span.offset()..span.offset() + span.len()).unwrap_or_default();
        let (path, version) = crate::name::split(named);
        let name = path.split('/').next().unwrap_or_default().to_owned();
        let package = Package { name, version: version.map(str::to_owned) };
        if !found.contains(&package) {
            found.push(package);
        }
    }
    Ok(found)
}

/// Composes what a script says of these packages, whose parts have the packages' names, versions included
/// (`acme:model@1.0.0`). Packages that are missing are an error only where the script needs them.
///
/// # Errors
/// What is wrong with the script, at its place; or what is wrong with a package.
pub fn compose_script(file: &str, text: &str, packages: &[Part]) -> Result<Composed, ScriptError> {
    bounded(file, text)?;
    for part in packages {
        check_part(part).map_err(|why| ScriptError::Compose(ComposeError::Part { part: part.name.clone(), why }))?;
    }
    let composed = contain::run(|| Ok(resolve(file, text, packages))).map_err(ScriptError::Compose)??;
    Ok(composed)
}

fn bounded(file: &str, text: &str) -> Result<(), ScriptError> {
    let place = Place { file, text };
    if text.len() > MAX_SCRIPT {
        return Err(ScriptError::TooLarge { file: file.to_owned(), size: text.len() });
    }
    let mut depth = 0usize;
    for (offset, byte) in text.bytes().enumerate() {
        match byte {
            b'(' | b'{' | b'<' => depth += 1,
            b')' | b'}' | b'>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_NESTING {
            return Err(place.error(&format!("brackets nest more than {MAX_NESTING} deep"), offset..offset + 1));
        }
    }
    Ok(())
}

fn resolve(file: &str, text: &str, packages: &[Part]) -> Result<Composed, ScriptError> {
    let place = Place { file, text };
    let document = Document::parse(text).map_err(|error| place.diagnostic(&error))?;
    let versions: Vec<(&str, Option<Version>, &Part)> = packages
        .iter()
        .map(|part| {
            let (name, version) = crate::name::split(&part.name);
            (name, version.and_then(|version| Version::parse(version).ok()), part)
        })
        .collect();
    let keyed = versions.iter().map(|(name, version, part)| {
        (BorrowedPackageKey::from_name_and_version(name, version.as_ref()), part.bytes.clone())
    });
    let resolution = document.resolve(keyed.collect()).map_err(|error| place.diagnostic(&error))?;
    // Encoding the resolution itself gives errors their place; what is not validated here is validated below.
    let options = wac_graph::EncodeOptions { validate: false, ..wac_graph::EncodeOptions::default() };
    let bytes = resolution.encode(options).map_err(|error| place.diagnostic(&error))?;
    let (imports, exports) = graph::validated(&bytes).map_err(ScriptError::Compose)?;
    let report = report(resolution.graph(), imports, exports, packages);
    Ok(Composed { bytes, report })
}

fn report(graph: &CompositionGraph, imports: Vec<String>, exports: Vec<String>, packages: &[Part]) -> Report {
    let mut report = Report { imports, exports, ..Report::default() };
    let instances: Vec<NodeId> =
        graph.node_ids().filter(|node| matches!(graph[*node].kind(), NodeKind::Instantiation(_))).collect();
    let mut used = HashMap::new();
    for node in instances {
        let Some(package) = graph[node].package() else { continue };
        used.insert(graph[package].key().to_string(), ());
        let part = name(graph, node);
        let given: HashMap<&str, NodeId> = graph.get_instantiation_arguments(node).collect();
        for import in graph.types()[graph[package].ty()].imports.keys() {
            match given.get(import.as_str()).and_then(|node| source(graph, *node)) {
                Some((to, export)) => {
                    let (part, import) = (part.clone(), import.clone());
                    report.wired.push(Wired { part, import, to, export, chosen: true });
                }
                None => {
                    let named = given.get(import.as_str()).and_then(|node| graph.get_import_name(*node));
                    let name = named.unwrap_or(import).to_owned();
                    report.host.push(Left { part: part.clone(), import: import.clone(), name });
                }
            }
        }
    }
    report.unused = packages.iter().map(|part| &part.name).filter(|name| !used.contains_key(*name)).cloned().collect();
    report
}

/// What a script calls an instance, or else the package it is of.
fn name(graph: &CompositionGraph, node: NodeId) -> String {
    let named = graph[node].name().map(str::to_owned);
    named.or_else(|| Some(graph[graph[node].package()?].key().to_string())).unwrap_or_default()
}

/// The instance and its export that an argument is. `None` for what is imported.
fn source(graph: &CompositionGraph, argument: NodeId) -> Option<(String, String)> {
    let (instance, export) = graph.get_alias_source(argument)?;
    matches!(graph[instance].kind(), NodeKind::Instantiation(_)).then(|| (name(graph, instance), export.to_owned()))
}
