//! Finding out what a guest's functions take and return.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use holm_abi::{Guest, Host};
use holm_engine::shape::Signature;
use holm_engine::{Result, blocking_store};
use holm_grants::Limits;
use wasmtime::{Instance, Module, Store};

use crate::declared::{Declaration, Declared, HOLE};
use crate::description::{self, Era};
use crate::dts::MAX_FUNCTIONS;
use crate::exports::{Plumbing, functions};
use crate::glue::Glue;
use crate::link::link_to_describe;
use crate::number::Number;
use crate::plan::Plan;
use crate::state::State;

/// Prefix of the functions that describe others.
const DESCRIBE: &str = "__wbindgen_describe_";

/// A file beside a guest that is larger than this is not wasm-bindgen's.
const MAX_FILE: u64 = 2 << 20;

/// All of a guest's descriptions take a few microseconds; this is for those that never end. It holds in code that is
/// interruptible, as all time limits do.
const DESCRIBE_TIME: Duration = Duration::from_secs(1);

/// The guest describes its own types, because wasm-bindgen's program has not seen it yet.
pub(crate) fn is_raw(guest: &Guest) -> bool {
    guest.shape.imports.iter().any(|import| import.module == "__wbindgen_placeholder__")
}

/// The generated JavaScript beside a guest, if it is there.
pub(crate) fn glue(guest: &Guest) -> Option<Arc<Glue>> {
    let path = guest.path.as_deref()?;
    let stem = stem(path)?;
    let read = |name: String| read(&path.with_file_name(name));
    read(format!("{stem}_bg.js")).or_else(|| read(format!("{stem}.js"))).map(|text| Arc::new(Glue::new(text)))
}

/// The declared functions of a guest, from the `.d.ts` beside it. `None` when there is none.
pub(crate) fn from_files(guest: &Guest, glue: Option<&Glue>) -> Option<Vec<Declaration>> {
    let path = guest.path.as_deref()?;
    let text = read(&path.with_file_name(format!("{}.d.ts", stem(path)?)))?;
    let mut found = crate::dts::parse(&text);
    for declared in &mut found {
        if let Some(glue) = glue {
            glue.complete(declared);
        }
    }
    Some(found)
}

/// `fib` of `fib_bg.wasm`.
fn stem(path: &Path) -> Option<&str> {
    let stem = path.file_stem()?.to_str()?;
    Some(stem.strip_suffix("_bg").unwrap_or(stem))
}

/// A file's text; `None` when it is not there, too large, or not text.
fn read(path: &PathBuf) -> Option<String> {
    let about = fs::metadata(path).ok()?;
    (about.is_file() && about.len() <= MAX_FILE).then(|| fs::read_to_string(path).ok()).flatten()
}

/// The functions that a guest describes itself.
///
/// # Errors
/// The guest imports what is not JavaScript's. A description that fails is none.
pub(crate) fn from_itself(
    guest: &Guest,
    host: &Host,
    module: &Module,
    plumbing: &Arc<Plumbing>,
) -> Result<Vec<Declaration>> {
    let pre = link_to_describe(guest, module)?;
    let limits = describing(&host.limits);
    let mut store = blocking_store(module.engine(), State::new(plumbing.clone(), &limits), &limits)?;
    let Ok(instance) = pre.instantiate(&mut store) else { return Ok(Vec::new()) };
    let described: Vec<_> = functions(&guest.shape)
        .filter_map(|(name, signature)| Some((name, signature, describe(&mut store, &instance, name)?)))
        .take(MAX_FUNCTIONS)
        .collect();
    let eras = described.first().map(|(.., words)| Era::of(words)).unwrap_or_default();
    let read = |era: &Era| {
        let all = described.iter();
        all.filter_map(|(name, signature, words)| Some((description::function(words, *era, name)?, *signature)))
            .collect::<Vec<_>>()
    };
    // In the wrong era some types are misread, and do not fit the functions' signatures.
    let fits = |found: &Vec<(Declaration, &Signature)>| {
        found.iter().filter(|(declared, signature)| Plan::new(declared, signature).is_ok()).count()
    };
    let best = eras.iter().map(read).rev().max_by_key(fits).unwrap_or_default();
    Ok(best.into_iter().map(|(declared, _)| declared).collect())
}

fn describe(store: &mut Store<State>, instance: &Instance, name: &str) -> Option<Vec<u32>> {
    let describe = instance.get_typed_func::<(), ()>(&mut *store, &format!("{DESCRIBE}{name}")).ok()?;
    store.data_mut().take_description();
    describe.call(&mut *store, ()).ok()?;
    Some(store.data_mut().take_description())
}

fn describing(limits: &Limits) -> Limits {
    let cpu = limits.cpu.map_or(DESCRIBE_TIME, |cpu| cpu.min(DESCRIBE_TIME));
    Limits { cpu: Some(cpu), ..*limits }
}

/// A function of which nothing is known but its core signature: numbers in, at most one number out.
pub(crate) fn from_signature(name: &str, core: &Signature, why: &str) -> Declaration {
    let ty = |core| Number::of_core(core).map_or_else(|| Declared::Foreign("a reference".into()), Declared::Exact);
    let names = ('a'..='z').map(String::from).chain((0..).map(|index| format!("p{index}")));
    let result = match core.results.as_slice() {
        [] => Declared::Unit,
        [only] => ty(only),
        _ => Declared::Foreign(format!("more than a number ({why})")),
    };
    Declaration {
        name: crate::intrinsic::without_hash(name).to_owned(),
        export: name.to_owned(),
        params: names.zip(core.params.iter().map(ty)).collect(),
        result,
        fallible: None,
        layout: None,
        hole: HOLE,
        signature: core.to_string(),
    }
}
