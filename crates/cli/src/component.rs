//! Core modules that say which world they were built for, as the components that they are the cores of: what the SDKs of Spin
//! 2 and 3 make, and other tools that leave the last step to the host.

use holm_componentize::{Kind as Form, descriptions, encode, kind};
use holm_engine::shape::Shape;
use holm_engine::{Cache, Error, Kind, Result, Source, SourceKind};

/// The version of what is kept: another one makes anew what an older Holm made otherwise.
const VERSION: &str = "holm makes components, 1";

/// The guest, as a component where it is a module that is the core of one. What is made is kept in the cache, by what is in
/// the module.
///
/// # Errors
/// [`Kind::Invalid`] where the module is not what it says.
pub(crate) fn of(source: Source, cache: Option<&Cache>) -> Result<Source> {
    // Who opens it has better words for what is no WebAssembly.
    if source.kind == SourceKind::Precompiled || kind(&source.bytes) != Ok(Form::Described) {
        return Ok(source);
    }
    let how = [VERSION, env!("CARGO_PKG_VERSION")].map(str::as_bytes);
    let kept = cache.map(|cache| (cache, cache.made_from(how.into_iter().chain([source.bytes.as_slice()]))));
    if let Some((path, bytes)) = kept.as_ref().and_then(|(cache, from)| cache.find_made(from)) {
        return Ok(Source { path: Some(path), ..Source::from_bytes(&source.name, bytes)? });
    }
    let made = make(&source.bytes).map_err(|why| unfit(&source.name, &why))?;
    match kept.map(|(cache, from)| cache.keep_made(&from, made.clone())) {
        Some(Ok((path, bytes))) => Ok(Source { path: Some(path), ..Source::from_bytes(&source.name, bytes)? }),
        // It works all the same, a little slower the next time.
        Some(Err(_)) | None => Source::from_bytes(&source.name, made),
    }
}

fn make(module: &[u8]) -> std::result::Result<Vec<u8>, String> {
    // Whoever encodes follows types as deep as they go.
    for description in descriptions(module)? {
        Shape::parse(description).map_err(|bad| format!("its `component-type` section {bad}"))?;
    }
    encode(module)
}

fn unfit(name: &str, why: &str) -> Error {
    let why = format!("{name} says that it is the core of a component, and no component can be made of it: {why}");
    Error::new(Kind::Invalid, why).note("whatever built it left it half done; a newer SDK or toolchain may not")
}
