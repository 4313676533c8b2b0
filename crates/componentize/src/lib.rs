//! Core modules as components: of guests that were built, and of those that are loaded. No engine inside.

#![forbid(unsafe_code)]

mod contain;

use wasi_preview1_component_adapter_provider as provided;
use wasmparser::{BinaryReader, Chunk, Encoding, ExternalKind, Parser, Payload, Validator, WasmFeatures};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, WorldId};

/// What a file of WebAssembly is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A core module that says nothing of WIT.
    Module,
    /// A core module that says which world it was built for, in a custom section of the tools.
    Described,
    /// A component.
    Component,
}

/// What `bytes` are. Costs a look at each section, and none at code.
///
/// # Errors
/// They are not WebAssembly, in words.
pub fn kind(bytes: &[u8]) -> Result<Kind, String> {
    let mut kind = Kind::Module;
    match look(bytes, &mut |_| kind = Kind::Described)? {
        Encoding::Component => Ok(Kind::Component),
        Encoding::Module => Ok(kind),
    }
}

/// What a module says of the world it was built for: components without code, of a stranger's making.
///
/// # Errors
/// As [`kind`].
pub fn descriptions(bytes: &[u8]) -> Result<Vec<&[u8]>, String> {
    let mut found = Vec::new();
    look(bytes, &mut |section| found.push(section))?;
    found.into_iter().map(component_in).collect()
}

/// The component in a description: all of it, or, in the form of before 2024, what follows a 3, the encoding of texts and
/// the name of the world (wit-component, `metadata.rs`).
fn component_in(section: &[u8]) -> Result<&[u8], String> {
    let Some(3) = section.first() else { return Ok(section) };
    let mut reader = BinaryReader::new(section, 0);
    let header = reader.read_u8().and_then(|_| reader.read_u8()).and_then(|_| reader.read_string());
    header.map_err(|error| error.to_string())?;
    Ok(section.get(reader.original_position()..).unwrap_or_default())
}

/// Hands each custom section of a module that describes its world to `see`. What is in a component is not looked at.
fn look<'a>(bytes: &'a [u8], see: &mut dyn FnMut(&'a [u8])) -> Result<Encoding, String> {
    let (mut parser, mut rest) = (Parser::new(0), bytes);
    loop {
        let parsed = parser.parse(rest, true).map_err(|error| error.to_string())?;
        let Chunk::Parsed { consumed, payload } = parsed else { return Err("unexpected end".to_owned()) };
        rest = rest.get(consumed..).unwrap_or_default();
        match payload {
            Payload::Version { encoding: Encoding::Component, .. } => return Ok(Encoding::Component),
            Payload::CustomSection(section) if section.name().starts_with("component-type") => see(section.data()),
            Payload::CodeSectionStart { size, .. } => {
                rest = rest.get(size as usize..).ok_or_else(|| "unexpected end of the code".to_owned())?;
                parser.skip_section();
            }
            Payload::End(_) => return Ok(Encoding::Module),
            _ => {}
        }
    }
}

/// Writes into a module that it was built for `world`, in the custom section that [`encode`] looks for (wit-component's
/// own convention, `component-type`).
///
/// # Errors
/// The world cannot be written down, in words.
pub fn embed(module: &mut Vec<u8>, resolve: &Resolve, world: WorldId) -> Result<(), String> {
    embed_component_metadata(module, resolve, world, StringEncoding::UTF8).map_err(|error| format!("{error:#}"))
}

/// The component that a module for WASI 0.1, or one that says which world it was built for, is the core of. WASI 0.1's
/// functions are led to 0.2's by the engine's own adapter: a program's, if the module has `_start`.
///
/// # Errors
/// What the module lacks or has too much of, in words.
pub fn encode(module: &[u8]) -> Result<Vec<u8>, String> {
    contain::run(|| encoded(module))
}

fn encoded(module: &[u8]) -> Result<Vec<u8>, String> {
    // What encodes it takes for granted that it is whole.
    Validator::new_with_features(WasmFeatures::all()).validate_all(module).map_err(|error| error.to_string())?;
    let adapter = match is_program(module)? {
        true => provided::WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER,
        false => provided::WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
    };
    let name = provided::WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME;
    ComponentEncoder::default()
        .validate(true)
        .module(module)
        .and_then(|encoder| encoder.adapter(name, adapter))
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| format!("{error:#}"))
}

fn is_program(module: &[u8]) -> Result<bool, String> {
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ExportSection(exports) = payload.map_err(|error| error.to_string())? {
            for export in exports {
                let export = export.map_err(|error| error.to_string())?;
                if export.name == "_start" && export.kind == ExternalKind::Func {
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}
