//! Types as WIT.
//!
//! Syntax: the component model's `design/mvp/WIT.md`.

use std::collections::HashMap;
use std::fmt::Write as _;

use wac_graph::types::{
    DefinedType, FuncType, FuncTypeId, ItemKind, PrimitiveType, ResourceId, Type, Types, ValueType,
};

/// What is longer is cut: a type of a few bytes can stand for a text of a megabyte.
const MAX_TEXT: usize = 200;
/// A function that is longer is written with a line for each parameter.
const MAX_LINE: usize = 60;

/// Types, and what they are called in one interface or world.
pub(crate) struct Scope<'a> {
    pub(crate) types: &'a Types,
    names: HashMap<Type, &'a str>,
}

impl<'a> Scope<'a> {
    /// The names that these items give to types.
    pub(crate) fn new(types: &'a Types, items: impl IntoIterator<Item = (&'a String, &'a ItemKind)>) -> Scope<'a> {
        let named = items.into_iter().filter_map(|(name, item)| match item {
            ItemKind::Type(ty) => Some((*ty, name.as_str())),
            _ => None,
        });
        Scope { types, names: named.collect() }
    }

    /// The name of a type here.
    pub(crate) fn name(&self, ty: ValueType) -> Option<&'a str> {
        self.names.get(&Type::Value(ty)).copied()
    }

    fn resource(&self, id: ResourceId) -> &'a str {
        let named = self.names.get(&Type::Resource(id)).copied();
        named.unwrap_or_else(|| self.types[self.types.resolve_resource(id)].name.as_str())
    }

    /// A type where it is used: its name if it has one.
    pub(crate) fn value(&self, ty: ValueType) -> String {
        let mut text = String::new();
        self.write(&mut text, ty);
        text
    }

    /// What a type of a name is, if it is none of the types that have braces.
    pub(crate) fn meaning(&self, ty: ValueType) -> String {
        let mut text = String::new();
        match ty {
            ValueType::Defined(id) => self.write_defined(&mut text, id_of(self.types, id)),
            other => self.write(&mut text, other),
        }
        text
    }

    fn write(&self, out: &mut String, ty: ValueType) {
        if out.len() > MAX_TEXT {
            if !out.ends_with('…') {
                out.push('…');
            }
            return;
        }
        match (self.name(ty), ty) {
            (Some(name), _) => out.push_str(name),
            (None, ValueType::Primitive(ty)) => out.push_str(primitive(ty)),
            (None, ValueType::Own(id)) => out.push_str(self.resource(id)),
            (None, ValueType::Borrow(id)) => {
                let _ = write!(out, "borrow<{}>", self.resource(id));
            }
            (None, ValueType::Defined(id)) => self.write_defined(out, id_of(self.types, id)),
        }
    }

    fn write_defined(&self, out: &mut String, ty: &DefinedType) {
        match ty {
            DefinedType::Alias(ty) => self.write(out, *ty),
            DefinedType::Tuple(types) => self.generic(out, "tuple", types.iter().map(|ty| Some(*ty))),
            DefinedType::List(ty) => self.generic(out, "list", [Some(*ty)]),
            DefinedType::FixedSizeList(ty, length) => {
                out.push_str("list<");
                self.write(out, *ty);
                let _ = write!(out, ", {length}>");
            }
            DefinedType::Map(key, value) => self.generic(out, "map", [Some(*key), Some(*value)]),
            DefinedType::Option(ty) => self.generic(out, "option", [Some(*ty)]),
            DefinedType::Result { ok: None, err: None } => out.push_str("result"),
            DefinedType::Result { ok, err: None } => self.generic(out, "result", [*ok]),
            DefinedType::Result { ok, err } => self.generic(out, "result", [*ok, *err]),
            DefinedType::Stream(None) => out.push_str("stream"),
            DefinedType::Stream(ty) => self.generic(out, "stream", [*ty]),
            DefinedType::Future(None) => out.push_str("future"),
            DefinedType::Future(ty) => self.generic(out, "future", [*ty]),
            DefinedType::Variant(_) | DefinedType::Record(_) | DefinedType::Flags(_) | DefinedType::Enum(_) => {
                out.push_str(kind(ty));
            }
        }
    }

    fn generic(&self, out: &mut String, name: &str, types: impl IntoIterator<Item = Option<ValueType>>) {
        out.push_str(name);
        for (index, ty) in types.into_iter().enumerate() {
            out.push_str(if index == 0 { "<" } else { ", " });
            match ty {
                Some(ty) => self.write(out, ty),
                None => out.push('_'),
            }
        }
        out.push('>');
    }

    /// A function as the lines of its declaration, called `name`.
    pub(crate) fn function(&self, name: &str, id: FuncTypeId) -> Vec<String> {
        let FuncType { params, result, is_async } = &self.types[id];
        // The resource that a method is of says what its first parameter is.
        let skip = usize::from(name.starts_with("[method]"));
        let params: Vec<String> =
            params.iter().skip(skip).map(|(name, ty)| format!("{name}: {}", self.value(*ty))).collect();
        let result = match result {
            Some(result) if !name.starts_with("[constructor]") => format!(" -> {}", self.value(*result)),
            _ => String::new(),
        };
        let head = head(name, *is_async);
        let line = format!("{head}({}){result};", params.join(", "));
        if line.chars().count() <= MAX_LINE || params.len() < 2 {
            return vec![line];
        }
        let params = params.into_iter().map(|param| format!("  {param},"));
        std::iter::once(format!("{head}(")).chain(params).chain([format!("){result};")]).collect()
    }

    /// The declaration of a type, as lines.
    pub(crate) fn definition(&self, name: &str, ty: Type) -> Vec<String> {
        let defined = match ty {
            Type::Resource(_) => return vec![format!("resource {name};")],
            Type::Value(ValueType::Defined(id)) => Some(id_of(self.types, id)),
            _ => None,
        };
        let members: Vec<String> = match (defined, ty) {
            (Some(DefinedType::Record(record)), _) => {
                record.fields.iter().map(|(name, ty)| format!("{name}: {}", self.value(*ty))).collect()
            }
            (Some(DefinedType::Variant(variant)), _) => {
                variant.cases.iter().map(|(name, ty)| self.case(name, *ty)).collect()
            }
            (Some(DefinedType::Enum(cases)), _) => cases.0.iter().cloned().collect(),
            (Some(DefinedType::Flags(flags)), _) => flags.0.iter().cloned().collect(),
            (_, Type::Value(ty)) => return vec![format!("type {name} = {};", self.meaning(ty))],
            _ => return vec![format!("type {name};")],
        };
        let head = format!("{} {name} {{", defined.map(kind).unwrap_or_default());
        let members = members.into_iter().map(|member| format!("  {member},"));
        std::iter::once(head).chain(members).chain(["}".to_owned()]).collect()
    }

    fn case(&self, name: &str, ty: Option<ValueType>) -> String {
        ty.map_or_else(|| name.to_owned(), |ty| format!("{name}({})", self.value(ty)))
    }
}

fn id_of(types: &Types, id: wac_graph::types::DefinedTypeId) -> &DefinedType {
    &types[id]
}

/// What comes before the parameters. Functions of resources have their kind and resource in their names (component model,
/// `Explainer.md`, "Name Mangling").
fn head(name: &str, is_async: bool) -> String {
    let func = if is_async { "async func" } else { "func" };
    if let Some(resource) = name.strip_prefix("[constructor]") {
        return format!("{resource}.constructor");
    }
    match name.strip_prefix("[static]") {
        Some(name) => format!("{name}: static {func}"),
        None => format!("{}: {func}", plain(name)),
    }
}

/// The name of a function without its kind: `[method]blob.size` is `blob.size`.
pub(crate) fn plain(name: &str) -> &str {
    match name.split_once(']') {
        Some((kind, rest)) if kind.starts_with('[') => rest,
        _ => name,
    }
}

/// The word that WIT has for a kind of type.
pub(crate) fn kind(ty: &DefinedType) -> &'static str {
    match ty {
        DefinedType::Record(_) => "record",
        DefinedType::Variant(_) => "variant",
        DefinedType::Enum(_) => "enum",
        DefinedType::Flags(_) => "flags",
        _ => "type",
    }
}

fn primitive(ty: PrimitiveType) -> &'static str {
    match ty {
        PrimitiveType::U8 => "u8",
        PrimitiveType::S8 => "s8",
        PrimitiveType::U16 => "u16",
        PrimitiveType::S16 => "s16",
        PrimitiveType::U32 => "u32",
        PrimitiveType::S32 => "s32",
        PrimitiveType::U64 => "u64",
        PrimitiveType::S64 => "s64",
        PrimitiveType::F32 => "f32",
        PrimitiveType::F64 => "f64",
        PrimitiveType::Char => "char",
        PrimitiveType::Bool => "bool",
        PrimitiveType::String => "string",
        PrimitiveType::ErrorContext => "error-context",
    }
}
