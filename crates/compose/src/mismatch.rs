//! What two sides of an interface disagree on.

mod columns;
mod differ;
mod equal;

use std::collections::HashMap;
use std::fmt;

use wac_graph::types::{ItemKind, Types};

use crate::name;
use crate::wit::Scope;
pub use columns::Row;
use differ::{Differ, Items};

/// After how many rows no more are made. Fewer are shown.
const MOST_ROWS: usize = 1000;

/// What one part has under a name is not what another has there.
///
/// `Display` names each place where they part, and then shows the declarations in question side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The side that imports.
    pub left: Side,
    /// The side that exports; or, where both leave the import to the host, the other that imports.
    pub right: Side,
    /// Where the two part, at least one.
    pub differences: Vec<Difference>,
    /// The declarations that differ, as WIT.
    pub rows: Vec<Row>,
}

/// One side of a mismatch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// The part's name.
    pub part: String,
    /// The name of its import or export.
    pub name: String,
    /// Whether it imports it.
    pub imports: bool,
}

/// One thing that the sides disagree on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where it is: `infer: param text`.
    pub path: String,
    /// What it is: `string | list<u8>`, the left side first, or a sentence.
    pub what: String,
}

/// An item of a part, with what else is there at its level.
pub(crate) struct Located<'a> {
    pub(crate) side: Side,
    pub(crate) item: ItemKind,
    /// What gives names to types where the item stands alone.
    pub(crate) around: Items<'a>,
}

/// Compares what the left side wants with what the right side has. `None` when nothing of it differs.
pub(crate) fn compare(types: &Types, left: Located<'_>, right: Located<'_>) -> Option<Mismatch> {
    let (left_items, right_items) = (inside(types, &left), inside(types, &right));
    let (left_name, right_name) = (left.side.name.clone(), right.side.name.clone());
    let mut differ = Differ::new(scope(types, &left_items, &left), scope(types, &right_items, &right));
    let interfaces = matches!((left.item, right.item), (ItemKind::Instance(_), ItemKind::Instance(_)));
    if interfaces {
        differ.items(&left_items, &right_items);
    } else {
        differ.item(&left_name, left.item, right.item);
    }
    if differ.found.is_empty() {
        return None;
    }
    let mut rows = Vec::new();
    if interfaces {
        lay_out(&differ, &left_items, &right_items, &mut rows);
    } else {
        let left = declaration(&differ.left, &left_name, left.item);
        columns::align(&left, &declaration(&differ.right, &right_name, right.item), &mut rows);
    }
    Some(Mismatch { left: left.side, right: right.side, differences: differ.found, rows })
}

fn scope<'a>(types: &'a Types, items: &Items<'a>, of: &Located<'a>) -> Scope<'a> {
    Scope::new(types, items.iter().chain(&of.around).copied())
}

fn inside<'a>(types: &'a Types, of: &Located<'a>) -> Items<'a> {
    match of.item {
        ItemKind::Instance(id) => types[id].exports.iter().collect(),
        _ => Vec::new(),
    }
}

/// The declarations that differ: those of the left side in their order, then those that the right side alone has.
fn lay_out(differ: &Differ<'_>, left: &Items<'_>, right: &Items<'_>, rows: &mut Vec<Row>) {
    let index = |items: &Items<'_>| items.iter().map(|(name, item)| ((*name).clone(), **item)).collect();
    let (left_index, right_index): (HashMap<String, ItemKind>, HashMap<String, ItemKind>) = (index(left), index(right));
    let only_right = right.iter().filter(|(name, _)| !left_index.contains_key(*name));
    for (name, _) in left.iter().chain(only_right).filter(|(name, _)| differ.shown.contains(name.as_str())) {
        let lines = |scope: &Scope<'_>, index: &HashMap<String, ItemKind>| {
            index.get(*name).map(|item| declaration(scope, name, *item)).unwrap_or_default()
        };
        columns::align(&lines(&differ.left, &left_index), &lines(&differ.right, &right_index), rows);
        if rows.len() > MOST_ROWS {
            break;
        }
    }
}

fn declaration(scope: &Scope<'_>, name: &str, item: ItemKind) -> Vec<String> {
    match item {
        ItemKind::Func(id) => scope.function(name, id),
        ItemKind::Type(ty) => scope.definition(name, ty),
        other => vec![format!("{} {name};", other.desc(scope.types))],
    }
}

impl Mismatch {
    /// What to do next.
    pub(crate) fn hints(&self) -> Vec<String> {
        let Mismatch { left, right, .. } = self;
        if right.imports {
            return vec![format!(
                "the host can have {} in one form only; build both parts from the same WIT",
                left.name
            )];
        }
        let mut hints = Vec::new();
        match (name::split(&left.name).1, name::split(&right.name).1) {
            (Some(wanted), Some(had)) if wanted != had => hints.push(format!(
                "{} was built for {wanted} and {} has {had}; within {} what {wanted} has must be there and unchanged",
                left.part,
                right.part,
                name::track(wanted)
            )),
            (Some(version), Some(_)) => hints.push(format!(
                "both say version {version}; what changes needs another version. Build both from the same WIT"
            )),
            _ => hints.push("build both from the same WIT".to_owned()),
        }
        hints.push(crate::error::to_host(&left.part, &left.name));
        hints
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mismatch { left, right, differences, rows } = self;
        let what = if right.imports { "both leave it for the host" } else { "the two sides of it differ" };
        writeln!(f, "{} and {} do not fit at {}: {what}", left.part, right.part, left.name)?;
        for difference in differences {
            write!(f, "\n    {difference}")?;
        }
        f.write_str("\n")?;
        let [one, other] = [left, right].map(Side::to_string);
        let mut heads = vec![[one.as_str(), other.as_str()]];
        if left.name != right.name {
            heads.push([&left.name, &right.name]);
        }
        columns::write(f, &heads, rows)
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.part, if self.imports { "imports" } else { "exports" })
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { path, what } = self;
        match what.split_once(" | ") {
            // Two long types are easier to compare below each other.
            Some((left, right)) if what.chars().count() > 100 => write!(f, "{path}:\n        {left}\n      | {right}"),
            _ => write!(f, "{path}: {what}"),
        }
    }
}
