//! Which way values of a type go.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use wit_parser::{Function, Handle, Type, TypeDefKind, WorldItem};

use super::text::{Side, called};

/// The ways on which values of a type go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ways {
    /// From callers to implementers.
    pub(super) in_params: bool,
    /// From implementers to callers.
    pub(super) in_results: bool,
}

/// Of every type with a name, by its full name: the ways, and the functions on them.
#[derive(Default)]
pub(super) struct Usage(BTreeMap<String, (Ways, BTreeSet<String>)>);

impl Usage {
    /// Takes note of all functions of one side.
    pub(super) fn note(&mut self, side: Side<'_>) {
        for (_, interface) in &side.resolve.interfaces {
            interface.functions.values().for_each(|function| self.function(side, function));
        }
        for (_, world) in &side.resolve.worlds {
            for item in world.imports.values().chain(world.exports.values()) {
                if let WorldItem::Function(function) = item {
                    self.function(side, function);
                }
            }
        }
    }

    /// What is known of the type with this full name. Nothing: no function has to do with it.
    pub(super) fn of(&self, name: &str) -> Option<(Ways, &BTreeSet<String>)> {
        self.0.get(name).map(|(ways, functions)| (*ways, functions))
    }

    fn function(&mut self, side: Side<'_>, function: &Function) {
        let params = function.params.iter().map(|param| param.ty).collect();
        self.all(side, params, &called(&function.name), Ways { in_params: true, in_results: false });
        let result = function.result.into_iter().collect();
        self.all(side, result, &called(&function.name), Ways { in_params: false, in_results: true });
    }

    /// Takes note of these types and all that they are made of. Not recursive: a chain of types may be as long as a file.
    fn all(&mut self, side: Side<'_>, mut open: Vec<Type>, function: &str, way: Ways) {
        let mut seen = HashSet::new();
        while let Some(ty) = open.pop() {
            let Type::Id(id) = ty else { continue };
            let Some(def) = side.def(id).filter(|_| seen.insert(id)) else { continue };
            if let Some(name) = side.full_name(id) {
                let (ways, functions) = self.0.entry(name).or_default();
                ways.in_params |= way.in_params;
                ways.in_results |= way.in_results;
                functions.insert(function.to_owned());
            }
            match &def.kind {
                TypeDefKind::Record(record) => open.extend(record.fields.iter().map(|field| field.ty)),
                TypeDefKind::Variant(variant) => open.extend(variant.cases.iter().filter_map(|case| case.ty)),
                TypeDefKind::Tuple(tuple) => open.extend(&tuple.types),
                TypeDefKind::Result(result) => open.extend([result.ok, result.err].into_iter().flatten()),
                TypeDefKind::Map(key, value) => open.extend([key, value]),
                TypeDefKind::Option(of)
                | TypeDefKind::List(of)
                | TypeDefKind::FixedLengthList(of, _)
                | TypeDefKind::Type(of) => open.push(*of),
                TypeDefKind::Future(of) | TypeDefKind::Stream(of) => open.extend(of),
                TypeDefKind::Handle(Handle::Own(id) | Handle::Borrow(id)) => open.push(Type::Id(*id)),
                TypeDefKind::Enum(_) | TypeDefKind::Flags(_) | TypeDefKind::Resource | TypeDefKind::Unknown => {}
            }
        }
    }
}
