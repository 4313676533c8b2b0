//! The exports that wasm-bindgen's own code calls, under whatever names a guest has them.

use holm_engine::shape::{ExternType, Shape, Signature, ValType};
use wasmtime::Module;

/// Names of a guest's plumbing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plumbing {
    /// `(size, align) -> pointer`; `(size) -> pointer` in older guests.
    pub(crate) malloc: Option<String>,
    /// `malloc` takes an alignment.
    pub(crate) aligned: bool,
    /// `(pointer, size, align)`; without the alignment in older guests.
    pub(crate) free: Option<String>,
    /// `(delta) -> pointer`: makes room on the guest's stack.
    pub(crate) stack: Option<String>,
    /// The table of references.
    pub(crate) table: Option<String>,
    /// `()`: to be called before anything else.
    pub(crate) start: Option<String>,
}

impl Plumbing {
    /// Finds them, by name or, where wasm-bindgen renamed them, by signature.
    pub(crate) fn of(shape: &Shape, module: &Module) -> Self {
        let words = |count| vec![ValType::I32; count];
        let find = |name: &str, params: usize, results: usize| {
            let wanted = Signature { params: words(params), results: words(results) };
            let named = |renamed: bool| {
                functions(shape).find(|(export, signature)| {
                    let fits = if renamed { export.starts_with("__wbindgen_export") } else { *export == name };
                    fits && **signature == wanted
                })
            };
            named(false).or_else(|| named(true)).map(|(export, _)| export.to_owned())
        };
        let exact = |name: &str, params, results| find(name, params, results).filter(|found| found == name);
        let aligned = find("__wbindgen_malloc", 2, 1);
        Self {
            aligned: aligned.is_some(),
            malloc: aligned.or_else(|| exact("__wbindgen_malloc", 1, 1)),
            free: find("__wbindgen_free", 3, 0).or_else(|| exact("__wbindgen_free", 2, 0)),
            stack: exact("__wbindgen_add_to_stack_pointer", 1, 1),
            table: table(module),
            start: exact("__wbindgen_start", 0, 0),
        }
    }
}

/// The exported functions and their signatures, in order.
pub(crate) fn functions(shape: &Shape) -> impl Iterator<Item = (&str, &Signature)> {
    shape.exports.iter().filter_map(|export| match &export.ty {
        ExternType::Func(signature) => Some((export.name.as_str(), signature)),
        _ => None,
    })
}

/// The first exported table of external references; its name differs from version to version.
fn table(module: &Module) -> Option<String> {
    let mut tables = module.exports().filter(|export| match export.ty() {
        wasmtime::ExternType::Table(table) => table.element().heap_type().is_extern(),
        _ => false,
    });
    tables.next().map(|export| export.name().to_owned())
}
