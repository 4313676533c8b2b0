//! How deep a component nests, found before anything that recurses reads it.
//!
//! `wasmparser`'s reader and validator of component types recurse as deep as the bytes say, and so do the tools on top of
//! them; a file of some hundred kilobytes exhausts their stack. Format: the component model's `design/mvp/Binary.md`,
//! "Type Definitions".

use std::ops::Range;

use wasmparser::{
    BinaryReader, BinaryReaderError, ComponentAlias, ComponentExternName, ComponentImport, ComponentType,
    ComponentTypeRef, CoreType,
};

/// How deep modules, components and component types may nest. Compilers and composition tools stay below ten. The engine has
/// the same bound, for what is composed as well.
pub(crate) const MAX_NESTING: usize = 64;

/// Why types could not be read.
pub(crate) enum BadTypes {
    TooDeep,
    Malformed(String),
}

impl From<BinaryReaderError> for BadTypes {
    fn from(error: BinaryReaderError) -> Self {
        BadTypes::Malformed(format!("{} (at offset {:#x})", error.message(), error.offset()))
    }
}

/// Reads the section of component types in `range` of `file`, which lies `depth` components deep.
pub(crate) fn check_types(file: &[u8], range: Range<usize>, depth: usize) -> Result<(), BadTypes> {
    let contents = file.get(range.clone()).unwrap_or_default();
    let mut reader = BinaryReader::new(contents, range.start);
    for _ in 0..reader.read_var_u32()? {
        check_type(&mut reader, depth)?;
    }
    Ok(())
}

fn check_type(reader: &mut BinaryReader<'_>, depth: usize) -> Result<(), BadTypes> {
    // Only types of components (0x41) and of instances (0x42) have types inside; all others refer to them by number.
    let mut ahead = reader.clone();
    if !matches!(ahead.read_u8()?, 0x41 | 0x42) {
        reader.read::<ComponentType<'_>>()?;
        return Ok(());
    }
    *reader = ahead;
    if depth >= MAX_NESTING {
        return Err(BadTypes::TooDeep);
    }
    for _ in 0..reader.read_var_u32()? {
        check_declaration(reader, depth + 1)?;
    }
    Ok(())
}

fn check_declaration(reader: &mut BinaryReader<'_>, depth: usize) -> Result<(), BadTypes> {
    let offset = reader.original_position();
    match reader.read_u8()? {
        0x00 => {
            reader.read::<CoreType<'_>>()?;
        }
        0x01 => check_type(reader, depth)?,
        0x02 => {
            reader.read::<ComponentAlias<'_>>()?;
        }
        0x03 => {
            reader.read::<ComponentImport<'_>>()?;
        }
        0x04 => {
            reader.read::<ComponentExternName<'_>>()?;
            reader.read::<ComponentTypeRef>()?;
        }
        _ => return Err(BadTypes::Malformed(format!("invalid declaration of a type (at offset {offset:#x})"))),
    }
    Ok(())
}
