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

use holm_abi::{Abi as _, Datum, Entry, Error, Functions, Guest, Host, Instance, Invocation, Result};
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

async fn open(guest: &Guest, host: &Host) -> Box<dyn Instance> {
    load(guest, host).unwrap().open().await.unwrap()
}

/// Calls a function with text; its result as bytes.
async fn bytes(instance: &mut Box<dyn Instance>, name: &str, input: &str) -> Result<Vec<u8>> {
    let args = [Datum::Text(input.to_owned())];
    let results = instance.call(&Invocation::new(name, &args)).await?;
    match <[Datum; 1]>::try_from(results) {
        Ok([Datum::Bytes(bytes)]) => Ok(bytes),
        other => panic!("{other:?}"),
    }
}

/// The same as text.
async fn call(instance: &mut Box<dyn Instance>, name: &str, input: &str) -> Result<String> {
    bytes(instance, name, input).await.map(|bytes| String::from_utf8(bytes).unwrap())
}

/// The same on a fresh instance.
async fn call_fresh(guest: &Guest, host: &Host, name: &str, input: &str) -> Result<String> {
    let mut instance = load(guest, host).unwrap().open().await?;
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
