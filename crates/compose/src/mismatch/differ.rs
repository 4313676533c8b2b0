//! Finds where two sides of an interface part.

use std::collections::{BTreeSet, HashMap, HashSet};

use wac_graph::types::{DefinedType, FuncType, FuncTypeId, ItemKind, Type, Types, ValueType};

use super::Difference;
use super::equal::Equal;
use crate::wit::{Scope, kind, plain};

/// How many differences are told. Nobody reads more.
const MOST: usize = 50;

/// What an interface has, in its order.
pub(super) type Items<'a> = Vec<(&'a String, &'a ItemKind)>;

pub(super) struct Differ<'a> {
    pub(super) left: Scope<'a>,
    pub(super) right: Scope<'a>,
    equal: Equal<'a>,
    pub(super) found: Vec<Difference>,
    /// The names of what differs, and of the types that it has.
    pub(super) shown: BTreeSet<&'a str>,
}

impl<'a> Differ<'a> {
    pub(super) fn new(left: Scope<'a>, right: Scope<'a>) -> Differ<'a> {
        let equal = Equal::new(left.types, right.types);
        Differ { left, right, equal, found: Vec::new(), shown: BTreeSet::new() }
    }

    /// Compares all that the left side wants with what the right side has.
    pub(super) fn items(&mut self, left: &Items<'a>, right: &Items<'a>) {
        let right: HashMap<&str, ItemKind> = right.iter().map(|(name, item)| (name.as_str(), **item)).collect();
        for (name, wanted) in left {
            match right.get(name.as_str()) {
                Some(had) => self.item(name, **wanted, *had),
                None => {
                    let path = describe(self.left.types, name, **wanted);
                    self.note(name, path, "missing on the right".to_owned());
                }
            }
        }
    }

    pub(super) fn item(&mut self, name: &'a str, left: ItemKind, right: ItemKind) {
        match (left, right) {
            (ItemKind::Func(left), ItemKind::Func(right)) => {
                if !self.equal.functions(left, right) {
                    self.function(name, left, right);
                }
            }
            (ItemKind::Type(Type::Value(left)), ItemKind::Type(Type::Value(right))) => {
                if !self.equal.values(left, right) {
                    self.definition(name, left, right);
                }
            }
            (ItemKind::Type(Type::Resource(left)), ItemKind::Type(Type::Resource(right))) => {
                if !self.equal.resources(left, right) {
                    let of = |types: &Types, id| types[types.resolve_resource(id)].name.clone();
                    let what = format!("{} | {}", of(self.left.types, left), of(self.right.types, right));
                    self.note(name, format!("resource {name}"), what);
                }
            }
            (left, right) => {
                let (left, right) = (word(self.left.types, left), word(self.right.types, right));
                if left != right {
                    self.note(name, plain(name).to_owned(), format!("{left} | {right}"));
                }
            }
        }
    }

    fn function(&mut self, name: &'a str, left: FuncTypeId, right: FuncTypeId) {
        let path = describe(self.left.types, name, ItemKind::Func(left));
        let left: &'a FuncType = &self.left.types[left];
        let right: &'a FuncType = &self.right.types[right];
        if left.is_async != right.is_async {
            let word = |is_async| if is_async { "async func" } else { "func" };
            self.note(name, path.clone(), format!("{} | {}", word(left.is_async), word(right.is_async)));
        }
        let params = |of: &'a FuncType| of.params.iter().map(|(name, ty)| (name.as_str(), Some(*ty))).collect();
        self.members(name, &path, "param", params(left), params(right));
        let result =
            |ty: Option<ValueType>, scope: &Scope<'_>| ty.map_or_else(|| "none".to_owned(), |ty| scope.value(ty));
        if !self.equal.optional(left.result, right.result) {
            let (one, other) = (result(left.result, &self.left), result(right.result, &self.right));
            if self.pair(name, format!("{path}: result"), one, other) {
                self.mention([left.result, right.result]);
            }
        }
    }

    fn definition(&mut self, name: &'a str, left: ValueType, right: ValueType) {
        use DefinedType::{Enum, Flags, Record, Variant};
        let (left_type, right_type): (Option<&'a DefinedType>, _) =
            (defined(self.left.types, left), defined(self.right.types, right));
        let path = format!("{} {name}", left_type.map_or("type", kind));
        let plain = |names: &'a indexmap::IndexSet<String>| names.iter().map(|name| (name.as_str(), None)).collect();
        match (left_type, right_type) {
            (Some(Record(left)), Some(Record(right))) => {
                let fields = |of: &'a wac_graph::types::Record| {
                    of.fields.iter().map(|(name, ty)| (name.as_str(), Some(*ty))).collect()
                };
                self.members(name, &path, "field", fields(left), fields(right));
            }
            (Some(Variant(left)), Some(Variant(right))) => {
                let cases = |of: &'a wac_graph::types::Variant| {
                    of.cases.iter().map(|(name, ty)| (name.as_str(), *ty)).collect()
                };
                self.members(name, &path, "case", cases(left), cases(right));
            }
            (Some(Enum(left)), Some(Enum(right))) => self.members(name, &path, "case", plain(&left.0), plain(&right.0)),
            (Some(Flags(left)), Some(Flags(right))) => {
                self.members(name, &path, "flag", plain(&left.0), plain(&right.0))
            }
            _ => {
                let (one, other) = (self.left.meaning(left), self.right.meaning(right));
                self.pair(name, format!("type {name}"), one, other);
            }
        }
    }

    /// Compares what has an order and names: parameters, fields, cases, flags.
    fn members(
        &mut self,
        name: &'a str,
        path: &str,
        what: &str,
        left: Vec<(&'a str, Option<ValueType>)>,
        right: Vec<(&'a str, Option<ValueType>)>,
    ) {
        let missing = |from: &[(&'a str, Option<ValueType>)], of: &[(&'a str, Option<ValueType>)]| -> Vec<usize> {
            let there: HashSet<&str> = from.iter().map(|(name, _)| *name).collect();
            of.iter().enumerate().filter(|(_, (name, _))| !there.contains(name)).map(|(index, _)| index).collect()
        };
        let (not_right, not_left) = (missing(&right, &left), missing(&left, &right));
        match (not_right.as_slice(), not_left.as_slice()) {
            ([], []) => self.order(name, path, what, &left, &right),
            // One at the same place with the same type has another name.
            ([one], [other]) if one == other && left.len() == right.len() => {
                self.renamed(name, path, what, *one, &left, &right)
            }
            (not_right, not_left) => {
                let mut missing = |from: &[(&str, Option<ValueType>)], at: &[usize], side| {
                    for (member, _) in at.iter().filter_map(|index| from.get(*index)) {
                        self.note(name, path.to_owned(), format!("{what} {member} is missing on the {side}"));
                    }
                };
                missing(&left, not_right, "right");
                missing(&right, not_left, "left");
            }
        }
        let right: HashMap<&str, Option<ValueType>> = right.into_iter().collect();
        for (member, ty) in left {
            if let Some(other) = right.get(member) {
                self.member(name, format!("{path}: {what} {member}"), ty, *other);
            }
        }
    }

    fn member(&mut self, name: &'a str, path: String, left: Option<ValueType>, right: Option<ValueType>) {
        if self.equal.optional(left, right) {
            return;
        }
        let text =
            |ty: Option<ValueType>, scope: &Scope<'_>| ty.map_or_else(|| "no value".to_owned(), |ty| scope.value(ty));
        let (one, other) = (text(left, &self.left), text(right, &self.right));
        if self.pair(name, path, one, other) {
            self.mention([left, right]);
        }
    }

    fn order(
        &mut self,
        name: &'a str,
        path: &str,
        what: &str,
        left: &[(&'a str, Option<ValueType>)],
        right: &[(&'a str, Option<ValueType>)],
    ) {
        let names = |of: &[(&'a str, Option<ValueType>)]| of.iter().map(|(name, _)| *name).collect::<Vec<_>>();
        let (left, right) = (names(left), names(right));
        if left != right {
            let first = left.iter().zip(&right).position(|(left, right)| left != right).unwrap_or_default();
            let cut = |of: &[&str]| of.iter().skip(first).take(6).copied().collect::<Vec<_>>().join(", ");
            let what = format!("{what}s are in another order: {} | {}", cut(&left), cut(&right));
            self.note(name, path.to_owned(), what);
        }
    }

    fn renamed(
        &mut self,
        name: &'a str,
        path: &str,
        what: &str,
        at: usize,
        left: &[(&'a str, Option<ValueType>)],
        right: &[(&'a str, Option<ValueType>)],
    ) {
        let (Some((one, ty)), Some((other, other_ty))) = (left.get(at), right.get(at)) else { return };
        self.note(name, path.to_owned(), format!("{what} {} is called {one} | {other}", at + 1));
        self.member(name, format!("{path}: {what} {}", at + 1), *ty, *other_ty);
    }

    /// Two types that differ. Where both are called the same, the difference is in what the name means, and told there.
    fn pair(&mut self, name: &'a str, path: String, left: String, right: String) -> bool {
        let told = left != right;
        if told {
            self.note(name, path, format!("{left} | {right}"));
        }
        told
    }

    fn note(&mut self, name: &'a str, path: String, what: String) {
        self.shown.insert(name);
        if self.found.len() < MOST {
            self.found.push(Difference { path, what });
        }
    }

    /// Has the types shown that are behind the names in a difference, one step far.
    fn mention(&mut self, types: [Option<ValueType>; 2]) {
        let [left, right] = types;
        let names = left.and_then(|ty| self.left.name(ty)).into_iter().chain(right.and_then(|ty| self.right.name(ty)));
        self.shown.extend(names);
    }
}

fn defined(types: &Types, ty: ValueType) -> Option<&DefinedType> {
    match types.resolve_value_type(ty) {
        ValueType::Defined(id) => Some(&types[id]),
        _ => None,
    }
}

/// What an item is, and its name: `record point`, `infer`, `method blob.size`.
fn describe(types: &Types, name: &str, item: ItemKind) -> String {
    match name.split_once(']') {
        Some(("[method", rest)) => format!("method {rest}"),
        Some(("[static", rest)) => format!("static {rest}"),
        Some(("[constructor", rest)) => format!("constructor of {rest}"),
        _ => match item {
            ItemKind::Func(_) => name.to_owned(),
            item => format!("{} {name}", word(types, item)),
        },
    }
}

/// The word that WIT has for what an item is.
fn word(types: &Types, item: ItemKind) -> &'static str {
    match item {
        ItemKind::Func(_) => "func",
        ItemKind::Instance(_) => "interface",
        ItemKind::Type(Type::Resource(_)) => "resource",
        ItemKind::Type(Type::Value(ty)) => defined(types, ty).map_or("type", kind),
        ItemKind::Type(_) => "type",
        ItemKind::Component(_) => "component",
        ItemKind::Module(_) => "core module",
        ItemKind::Value(_) => "value",
    }
}
