//! `[components.NAME]` and `[imports]`: a guest that is composed of several components when it is loaded.

use crate::build::{self, Build};
use crate::grants::{self, beside};
use crate::guest::is_name;
use crate::keys;
use crate::values::Reader;
use holm_grants::Grants;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::DeTable;

/// How many components a guest may be composed of, beside its own file.
pub const MOST_COMPONENTS: usize = 32;

/// What stands in `imports` for what nothing in the composition provides.
const HOST: &str = "host";

/// Which component, by name, provides an import; `None` leaves it to the host.
pub type Imports = BTreeMap<String, Option<String>>;

/// A component that a guest is composed of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// The name in `[components.NAME]`, of the form that guests' names have.
    pub name: String,
    /// The heading of its table: `components.model`, or `guest.web.components.model`.
    pub place: String,
    /// Its file, joined to the manifest's folder.
    pub file: PathBuf,
    /// How its file is made. Only `holm build` and `holm dev` do.
    pub build: Option<Build>,
    /// Who provides what it imports, where the choice is not to be found.
    pub imports: Imports,
    /// What it may touch, which has nothing to do with what others may.
    pub grants: Grants,
    /// Environment variables granted with the value the host has for them.
    pub env_from_host: Vec<String>,
}

/// Where an import leads, and where in the text that is said.
type Wire = (String, Range<usize>);

/// Reads `imports` and `components` among the keys of a guest, in an app whose guests are called `siblings`.
pub(crate) fn read(reader: &mut Reader<'_, '_, '_>, folder: &Path, siblings: &[&str]) -> (Imports, Vec<Component>) {
    let table = reader.value("components").and_then(|value| value.get_ref().as_table());
    let names: Vec<&str> = table.into_iter().flat_map(DeTable::keys).map(|name| name.get_ref().as_ref()).collect();
    if table.is_none_or(DeTable::is_empty) {
        return nothing(reader);
    }
    let own = imports(reader, &names).0;
    check_number(reader, names.len());
    let mut all = BTreeMap::new();
    let mut components = Vec::new();
    let place = reader.below("components");
    if let Some(mut inner) = reader.inside("components") {
        for (name, value) in inner.table.iter().take(MOST_COMPONENTS) {
            let (name, span) = (name.get_ref().as_ref(), name.span());
            let name = checked(&mut inner, name, span.clone());
            let wanted = format!("a table, written [{place}.{name}]");
            let Some(table) = inner.expect("components", value, &wanted, value.get_ref().as_table()) else { continue };
            let mut reader = Reader { table, report: inner.report, place: format!("{place}.{name}") };
            let (component, wires) = one(&mut reader, name, span, (folder, siblings, &names));
            all.insert(component.name.clone(), wires);
            components.push(component);
        }
    }
    check_cycles(reader, &all);
    (own, components)
}

/// Without components there is nothing to choose between.
fn nothing(reader: &mut Reader<'_, '_, '_>) -> (Imports, Vec<Component>) {
    for key in ["components", "imports"] {
        if let Some((written, value)) = reader.table.get_key_value(key) {
            let why = match (key, value.get_ref().is_table()) {
                ("imports", _) => format!("`imports` is of use only with [{}.NAME]", reader.below("components")),
                (_, true) => format!("[{0}] holds no component; write [{0}.NAME], or leave it out", reader.below(key)),
                (_, false) => format!("a component is a table; write [{}.NAME]", reader.below(key)),
            };
            reader.report.add(written.span(), why);
        }
    }
    Default::default()
}

fn check_number(reader: &mut Reader<'_, '_, '_>, count: usize) {
    if count > MOST_COMPONENTS {
        let span = reader.value("components").map(Spanned::span).unwrap_or_default();
        let why = format!("a guest has at most {MOST_COMPONENTS} components; this one has {count}");
        reader.report.add(span, why);
    }
}

/// The name, or what stands for it where it is none.
fn checked<'n>(reader: &mut Reader<'_, '_, '_>, name: &'n str, span: Range<usize>) -> &'n str {
    let why = match name {
        HOST => "`host` stands for what no component provides; give the component another name",
        name if is_name(name) => return name,
        _ => {
            "the name of a component is made of up to 63 lower-case letters, digits and hyphens, as in [components.model]"
        }
    };
    reader.report.add(span, why);
    "NAME"
}

fn one(
    reader: &mut Reader<'_, '_, '_>,
    name: &str,
    span: Range<usize>,
    (folder, siblings, names): (&Path, &[&str], &[&str]),
) -> (Component, Vec<Wire>) {
    keys::COMPONENT.check(reader);
    if reader.value("file").is_none() {
        reader.report.add(span, format!("the component `{name}` has no `file`; name it"));
    }
    let (imports, wires) = imports(reader, names);
    let (grants, env_from_host) = grants::of_component(reader, folder, siblings);
    let file = beside(folder, reader.name("file").unwrap_or_default());
    let (place, build) = (reader.place.clone(), build::of_component(reader, folder));
    (Component { name: name.to_owned(), place, file, build, imports, grants, env_from_host }, wires)
}

/// Reads `imports`, in a guest whose components are called `names`.
fn imports(reader: &mut Reader<'_, '_, '_>, names: &[&str]) -> (Imports, Vec<Wire>) {
    let (mut imports, mut wires) = (Imports::new(), Vec::new());
    for ((import, at), (component, span)) in reader.pairs("imports") {
        if import.is_empty() {
            reader.report.add(at, "`imports` takes the names of imports, and this one is empty");
        } else if component == HOST {
            imports.insert(import.to_owned(), None);
        } else if names.contains(&component) {
            imports.insert(import.to_owned(), Some(component.to_owned()));
            wires.push((component.to_owned(), span));
        } else {
            let why = format!(
                "no component of this guest is called `{}`; there is {}, or `{HOST}` for what none provides",
                component.escape_debug(),
                names.join(", ")
            );
            reader.report.add(span, why);
        }
    }
    (imports, wires)
}

/// Reports imports that lead round in a circle: none of the components on it could be there before the others.
fn check_cycles(reader: &mut Reader<'_, '_, '_>, all: &BTreeMap<String, Vec<Wire>>) {
    let mut done = BTreeSet::new();
    for name in all.keys() {
        let mut way = vec![name.as_str()];
        follow(reader, all, &mut way, &mut done);
    }
}

/// Follows every import of the last component on the way. No way is longer than there are components.
fn follow<'a>(
    reader: &mut Reader<'_, '_, '_>,
    all: &'a BTreeMap<String, Vec<Wire>>,
    way: &mut Vec<&'a str>,
    done: &mut BTreeSet<&'a str>,
) {
    let Some(name) = way.last().copied().filter(|name| !done.contains(name)) else { return };
    for (to, span) in all.get(name).into_iter().flatten() {
        if let Some(start) = way.iter().position(|on| on == to) {
            let circle: Vec<&str> = way.iter().skip(start).copied().chain([to.as_str()]).collect();
            let why = format!("components cannot import each other in a circle: {}", circle.join(" -> "));
            reader.report.add(span.clone(), why);
            continue;
        }
        way.push(to);
        follow(reader, all, way, done);
        way.pop();
    }
    done.insert(name);
}
