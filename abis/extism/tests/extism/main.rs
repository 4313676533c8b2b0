//! Extism plugins, made with its kits and without.
#![allow(clippy::unwrap_used)]

mod hostile;
#[cfg(feature = "http")]
mod http;
mod kit;
mod languages;
mod limits;
mod loading;
mod provided;

use std::path::Path;
use std::sync::Arc;

use holm_abi::{
    Abi as _, Caller, Datum, Entry, Error, Functions, Guest, Host, Instance, Invocation, Result, no_function,
};
use holm_engine::{Loader, Runtime, Settings, Source};
use holm_extism::Extism;
use holm_grants::Grants;

/// Compiles `guests/prebuilt/NAME`.
fn prebuilt(name: &str) -> Guest {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests/prebuilt").join(name);
    let source = Source::read(path.to_str().unwrap()).unwrap();
    compile(Source { name: name.to_owned(), ..source }, &Settings::default())
}

/// Compiles a plugin that a test wrote.
fn text(wat: &str) -> Guest {
    text_by(&Loader::default(), wat)
}

/// The same, with the engine of `loader`: modules that are linked share one.
fn text_by(loader: &Loader, wat: &str) -> Guest {
    let source = Source::from_bytes("bad.wasm", wat::parse_str(wat).unwrap()).unwrap();
    compile_by(loader, source, &Settings::default())
}

fn compile(source: Source, settings: &Settings) -> Guest {
    compile_by(&Loader::default(), source, settings)
}

fn compile_by(loader: &Loader, source: Source, settings: &Settings) -> Guest {
    let opened = loader.open(source).unwrap();
    let code = loader.load(&opened, settings, true, &Runtime::default()).unwrap().code;
    Guest { name: opened.source.name, shape: Arc::new(opened.shape), code, path: opened.source.path, lone: None }
}

fn load(guest: &Guest, host: &Host) -> Result<Arc<dyn Functions>> {
    load_as(&Extism::default(), guest, host)
}

fn load_as(abi: &Extism, guest: &Guest, host: &Host) -> Result<Arc<dyn Functions>> {
    match abi.load(guest, host)?.pop() {
        Some(Entry::Functions(functions)) => Ok(functions),
        _ => panic!("no functions"),
    }
}

async fn open(guest: &Guest, host: &Host) -> Kept {
    Kept::open(load(guest, host).unwrap()).await.unwrap()
}

/// An instance, and the functions that it has.
struct Kept {
    functions: Arc<dyn Functions>,
    instance: Box<dyn Instance>,
}

impl Kept {
    async fn open(functions: Arc<dyn Functions>) -> Result<Self> {
        let instance = functions.open().await?;
        Ok(Self { functions, instance })
    }

    async fn call(&mut self, name: &str, args: &[Datum]) -> Result<Vec<Datum>> {
        self.call_by(Caller::default(), name, args).await
    }

    async fn call_by(&mut self, caller: Caller, name: &str, args: &[Datum]) -> Result<Vec<Datum>> {
        let function = self.functions.list().iter().position(|function| function.name == name);
        let function = function.ok_or_else(|| no_function(name))?;
        self.instance.call(Invocation { function, args: args.to_vec(), caller }).await
    }
}

/// Calls a function with text; its result as bytes.
async fn bytes(instance: &mut Kept, name: &str, input: &str) -> Result<Vec<u8>> {
    let args = [Datum::Text(input.to_owned())];
    let results = instance.call(name, &args).await?;
    match <[Datum; 1]>::try_from(results) {
        Ok([Datum::Bytes(bytes)]) => Ok(bytes),
        other => panic!("{other:?}"),
    }
}

/// The same as text.
async fn call(instance: &mut Kept, name: &str, input: &str) -> Result<String> {
    bytes(instance, name, input).await.map(|bytes| String::from_utf8(bytes).unwrap())
}

/// The same on a fresh instance.
async fn call_fresh(guest: &Guest, host: &Host, name: &str, input: &str) -> Result<String> {
    let mut instance = Kept::open(load(guest, host).unwrap()).await?;
    call(&mut instance, name, input).await
}

/// A host that grants this, written as a table of grants in a manifest is.
fn granting(change: impl FnOnce(&mut Grants)) -> Host {
    let mut grants = Grants::default();
    change(&mut grants);
    Host { grants: Arc::new(grants), ..Host::default() }
}

/// An error's kind and message, and its notes.
fn told(error: &Error) -> String {
    let notes: String = error.notes().iter().map(|note| format!("\n{note}")).collect();
    format!("{:?}: {error}{notes}", error.kind())
}
