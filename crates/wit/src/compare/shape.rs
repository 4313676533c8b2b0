//! What a type is to a linker: its structure alone, without names of types, but for resources, which are only themselves.
//!
//! The component model compares the types of functions so (`design/mvp/Explainer.md`, "Type checking"): names of fields, cases,
//! flags and parameters count, names of types do not, and nothing is a subtype of anything but instances with more in them.

use std::collections::HashMap;

use wit_parser::{Function, Handle, Type, TypeDefKind, TypeId};

use super::text::{Names, Side, is_async};

/// Numbers for structures: two are the same if and only if their numbers are. Without them, a few lines could stand for a type
/// that has no end when written out.
#[derive(Default)]
pub(super) struct Shapes {
    numbers: HashMap<String, usize>,
    known: [HashMap<TypeId, usize>; 2],
}

impl Shapes {
    /// Takes note of all types of a side, which stand in an order in which each comes after what it is made of: a chain of types
    /// may be as long as a file.
    pub(super) fn note(&mut self, side: (usize, Side<'_>)) {
        for (id, _) in &side.1.resolve.types {
            self.id(side, id);
        }
    }

    fn number(&mut self, structure: String) -> usize {
        let next = self.numbers.len();
        *self.numbers.entry(structure).or_insert(next)
    }

    /// Of a function on one of the sides, 0 or 1.
    pub(super) fn function(&mut self, side: (usize, Side<'_>), function: &Function) -> usize {
        let mut structure = if is_async(function) { "async(".to_owned() } else { "(".to_owned() };
        for param in &function.params {
            structure.push_str(&format!("{}:{},", param.name, self.ty(side, &param.ty)));
        }
        let result = function.result.as_ref().map(|result| self.ty(side, result).to_string());
        structure.push_str(&format!(")->{}", result.unwrap_or_default()));
        self.number(structure)
    }

    fn ty(&mut self, side: (usize, Side<'_>), ty: &Type) -> usize {
        match ty {
            Type::Id(id) => self.id(side, *id),
            plain => self.number(side.1.ty(plain, Names::Full)),
        }
    }

    pub(super) fn id(&mut self, side: (usize, Side<'_>), id: TypeId) -> usize {
        if let Some(known) = self.known.get(side.0).and_then(|known| known.get(&id)) {
            return *known;
        }
        let number = self.structure(side, id);
        if let Some(known) = self.known.get_mut(side.0) {
            known.insert(id, number);
        }
        number
    }

    fn structure(&mut self, side: (usize, Side<'_>), id: TypeId) -> usize {
        let Some(def) = side.1.def(id) else { return self.number(String::new()) };
        let mut list = |what: &str, parts: Vec<(&str, Option<&Type>)>| {
            let mut text = format!("{what}{{");
            for (name, ty) in parts {
                let ty = ty.map(|ty| self.ty(side, ty).to_string()).unwrap_or_default();
                text.push_str(&format!("{name}:{ty},"));
            }
            text
        };
        let structure = match &def.kind {
            TypeDefKind::Record(record) => {
                list("record", record.fields.iter().map(|field| (field.name.as_str(), Some(&field.ty))).collect())
            }
            TypeDefKind::Variant(variant) => {
                list("variant", variant.cases.iter().map(|case| (case.name.as_str(), case.ty.as_ref())).collect())
            }
            TypeDefKind::Enum(of) => list("enum", of.cases.iter().map(|case| (case.name.as_str(), None)).collect()),
            TypeDefKind::Flags(flags) => {
                list("flags", flags.flags.iter().map(|flag| (flag.name.as_str(), None)).collect())
            }
            TypeDefKind::Tuple(tuple) => list("tuple", tuple.types.iter().map(|ty| ("", Some(ty))).collect()),
            TypeDefKind::Option(of) => list("option", vec![("", Some(of))]),
            TypeDefKind::Result(of) => list("result", vec![("", of.ok.as_ref()), ("", of.err.as_ref())]),
            TypeDefKind::List(of) => list("list", vec![("", Some(of))]),
            TypeDefKind::FixedLengthList(of, length) => list(&format!("list{length}"), vec![("", Some(of))]),
            TypeDefKind::Map(key, value) => list("map", vec![("", Some(key)), ("", Some(value))]),
            TypeDefKind::Future(of) => list("future", vec![("", of.as_ref())]),
            TypeDefKind::Stream(of) => list("stream", vec![("", of.as_ref())]),
            TypeDefKind::Handle(Handle::Own(id)) => format!("own {}", self.id(side, *id)),
            TypeDefKind::Handle(Handle::Borrow(id)) => format!("borrow {}", self.id(side, *id)),
            TypeDefKind::Type(of) => return self.ty(side, of),
            TypeDefKind::Resource | TypeDefKind::Unknown => {
                format!("resource {}", side.1.full_name(id).unwrap_or_default())
            }
        };
        self.number(structure)
    }
}
