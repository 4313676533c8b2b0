//! Types and functions as text: for people, and to tell whether two are the same.

use wit_parser::{
    Function, FunctionKind, Handle, InterfaceId, PackageId, Resolve, Type, TypeDef, TypeDefKind, TypeId, TypeOwner,
};

/// One of the two that are compared.
#[derive(Clone, Copy)]
pub(super) struct Side<'w> {
    pub(super) resolve: &'w Resolve,
    pub(super) main: PackageId,
}

/// How a type that has a name is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// As it is called where it is used.
    Local,
    /// By where it is defined, without versions: the same on both sides if it is the same type to those who write code.
    Full,
}

impl Side<'_> {
    pub(super) fn def(&self, id: TypeId) -> Option<&TypeDef> {
        self.resolve.types.get(id)
    }

    /// A package's name without its version. That of the package in question is the same on both sides, whatever it is.
    pub(super) fn package(&self, id: Option<PackageId>) -> String {
        match id.and_then(|id| self.resolve.packages.get(id)) {
            Some(_) if id == Some(self.main) => String::new(),
            Some(package) => format!("{}:{}", package.name.namespace, package.name.name),
            None => String::new(),
        }
    }

    /// An interface's name, without versions; `None` for one without a name.
    pub(super) fn interface(&self, id: InterfaceId) -> Option<String> {
        let interface = self.resolve.interfaces.get(id)?;
        Some(format!("{}/{}", self.package(interface.package), interface.name.as_ref()?))
    }

    /// Where a type was first given its name: through `use`, but not through `type a = b`.
    pub(super) fn origin(&self, mut id: TypeId) -> TypeId {
        // Uses form no circle, and end with a definition.
        while let Some(def) = self.def(id)
            && let TypeDefKind::Type(Type::Id(next)) = def.kind
            && let Some(used) = self.def(next)
            && used.name.is_some()
            && used.owner != def.owner
        {
            id = next;
        }
        id
    }

    /// The full name of a type that has one.
    pub(super) fn full_name(&self, id: TypeId) -> Option<String> {
        let def = self.def(self.origin(id))?;
        let name = def.name.as_ref()?;
        let owner = match def.owner {
            TypeOwner::Interface(id) => self.interface(id).unwrap_or_default(),
            TypeOwner::World(id) => self.resolve.worlds.get(id).map(|world| world.name.clone()).unwrap_or_default(),
            TypeOwner::None => String::new(),
        };
        Some(format!("{owner}.{name}"))
    }

    pub(super) fn ty(&self, ty: &Type, names: Names) -> String {
        let plain = match ty {
            Type::Bool => "bool",
            Type::U8 => "u8",
            Type::U16 => "u16",
            Type::U32 => "u32",
            Type::U64 => "u64",
            Type::S8 => "s8",
            Type::S16 => "s16",
            Type::S32 => "s32",
            Type::S64 => "s64",
            Type::F32 => "f32",
            Type::F64 => "f64",
            Type::Char => "char",
            Type::String => "string",
            Type::ErrorContext => "error-context",
            Type::Id(id) => return self.type_id(*id, names),
        };
        plain.to_owned()
    }

    fn type_id(&self, id: TypeId, names: Names) -> String {
        let Some(def) = self.def(id) else { return String::new() };
        match (&def.name, names) {
            (Some(name), Names::Local) => name.clone(),
            (Some(_), Names::Full) => self.full_name(id).unwrap_or_default(),
            (None, _) => self.kind(&def.kind, names),
        }
    }

    /// A type without a name of its own.
    pub(super) fn kind(&self, kind: &TypeDefKind, names: Names) -> String {
        let ty = |ty: &Type| self.ty(ty, names);
        let maybe = |of: &Option<Type>| of.as_ref().map_or_else(|| "_".to_owned(), ty);
        match kind {
            TypeDefKind::Handle(Handle::Own(id)) => self.type_id(*id, names),
            TypeDefKind::Handle(Handle::Borrow(id)) => format!("borrow<{}>", self.type_id(*id, names)),
            TypeDefKind::Tuple(tuple) => {
                format!("tuple<{}>", tuple.types.iter().map(ty).collect::<Vec<_>>().join(", "))
            }
            TypeDefKind::Option(of) => format!("option<{}>", ty(of)),
            TypeDefKind::Result(result) => match (&result.ok, &result.err) {
                (None, None) => "result".to_owned(),
                (ok, None) => format!("result<{}>", maybe(ok)),
                (ok, err) => format!("result<{}, {}>", maybe(ok), maybe(err)),
            },
            TypeDefKind::List(of) => format!("list<{}>", ty(of)),
            TypeDefKind::Map(key, value) => format!("map<{}, {}>", ty(key), ty(value)),
            TypeDefKind::FixedLengthList(of, length) => format!("list<{}, {length}>", ty(of)),
            TypeDefKind::Future(of) => {
                of.as_ref().map_or_else(|| "future".to_owned(), |of| format!("future<{}>", ty(of)))
            }
            TypeDefKind::Stream(of) => {
                of.as_ref().map_or_else(|| "stream".to_owned(), |of| format!("stream<{}>", ty(of)))
            }
            TypeDefKind::Type(of) => ty(of),
            other => other.as_str().to_owned(),
        }
    }

    /// The definition of a type with a name, a line for each of its parts.
    pub(super) fn definition(&self, id: TypeId, names: Names) -> Vec<String> {
        let Some(def) = self.def(id) else { return Vec::new() };
        let name = def.name.as_deref().unwrap_or_default();
        let parts = |what: &str, parts: Vec<String>| {
            let parts = parts.into_iter().map(|part| format!("  {part},"));
            [format!("{what} {name} {{")].into_iter().chain(parts).chain(["}".to_owned()]).collect()
        };
        match &def.kind {
            TypeDefKind::Resource => vec![format!("resource {name}")],
            _ => match self.parts(id, names) {
                Some(Parts { what, parts: list }) => parts(what, list.iter().map(Part::text).collect()),
                None => vec![format!("type {name} = {}", self.kind(&def.kind, names))],
            },
        }
    }

    /// What a record, variant, enum or flags is made of; `None` for other types.
    pub(super) fn parts(&self, id: TypeId, names: Names) -> Option<Parts> {
        let part = |name: &String, ty: Option<String>| Part { name: name.clone(), ty };
        let (what, parts) = match &self.def(id)?.kind {
            TypeDefKind::Record(record) => {
                let fields = record.fields.iter();
                ("record", fields.map(|field| part(&field.name, Some(self.ty(&field.ty, names)))).collect())
            }
            TypeDefKind::Variant(variant) => {
                let ty = |ty: &Option<Type>| ty.as_ref().map(|ty| self.ty(ty, names));
                ("variant", variant.cases.iter().map(|case| part(&case.name, ty(&case.ty))).collect())
            }
            TypeDefKind::Enum(of) => ("enum", of.cases.iter().map(|case| part(&case.name, None)).collect()),
            TypeDefKind::Flags(flags) => ("flags", flags.flags.iter().map(|flag| part(&flag.name, None)).collect()),
            _ => return None,
        };
        let is_record = what == "record";
        let parts: Vec<Part> = parts;
        let written = parts.into_iter().map(|part| Part { ty: part.ty.map(|ty| of_part(ty, is_record)), ..part });
        Some(Parts { what, parts: written.collect() })
    }

    /// A function's parameters and result, each with its type. A method's own resource is not among them.
    pub(super) fn params(&self, function: &Function, names: Names) -> Vec<Part> {
        let of_resource = matches!(function.kind, FunctionKind::Method(_) | FunctionKind::AsyncMethod(_));
        let params = function.params.iter().skip(usize::from(of_resource));
        params
            .map(|param| Part { name: param.name.clone(), ty: Some(format!(": {}", self.ty(&param.ty, names))) })
            .collect()
    }

    pub(super) fn result(&self, function: &Function, names: Names) -> String {
        let constructs = matches!(function.kind, FunctionKind::Constructor(_));
        let result = function.result.as_ref().filter(|_| !constructs);
        result.map_or_else(String::new, |result| self.ty(result, names))
    }

    /// A function's signature on one line, or with a line for each parameter.
    pub(super) fn signature(&self, function: &Function, names: Names, on_one_line: bool) -> Vec<String> {
        let params: Vec<String> = self.params(function, names).iter().map(Part::text).collect();
        let result = self.result(function, names);
        let result = if result.is_empty() { result } else { format!(" -> {result}") };
        let word = if is_async(function) { "async func" } else { "func" };
        if on_one_line || params.is_empty() {
            return vec![format!("{word}({}){result}", params.join(", "))];
        }
        let params = params.into_iter().map(|param| format!("  {param},"));
        [format!("{word}(")].into_iter().chain(params).chain([format!("){result}")]).collect()
    }
}

/// What a type is made of.
pub(super) struct Parts {
    pub(super) what: &'static str,
    pub(super) parts: Vec<Part>,
}

/// A field, case, flag or parameter.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) name: String,
    /// With what stands in front of it.
    pub(super) ty: Option<String>,
}

impl Part {
    fn text(&self) -> String {
        format!("{}{}", self.name, self.ty.as_deref().unwrap_or_default())
    }
}

fn of_part(ty: String, is_record: bool) -> String {
    if is_record { format!(": {ty}") } else { format!("({ty})") }
}

pub(super) fn is_async(function: &Function) -> bool {
    use FunctionKind::{AsyncFreestanding, AsyncMethod, AsyncStatic};
    matches!(function.kind, AsyncFreestanding | AsyncMethod(_) | AsyncStatic(_))
}

/// What people call a function that WIT calls `[method]model.run`.
pub(super) fn called(name: &str) -> String {
    match name.strip_prefix('[').and_then(|name| name.split_once(']')) {
        Some(("constructor", of)) => format!("constructor of `{of}`"),
        Some((_, name)) => format!("function `{name}`"),
        None => format!("function `{name}`"),
    }
}
