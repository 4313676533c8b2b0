//! One pass over the sections of a file and of everything nested in it.

use wasmparser::{Chunk, Parser, Payload};

use super::bad::BadBytes;
use super::sniff;

/// How deep modules, components and component types may nest. Compilers and composition tools stay
/// below ten; the readers of types are recursive, here and in the engine.
pub(super) const MAX_NESTING: usize = 64;

const MAGIC: &[u8] = b"\0asm";
const HEADER: usize = 8;

/// Whether to look at function bodies one by one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    Skip,
    Visit,
}

/// Yields every payload of a file in order. A nested module or component begins with `Version` and ends
/// with `End`, as the outermost one does.
pub(super) struct Walk<'a> {
    file: &'a [u8],
    rest: &'a [u8],
    parser: Parser,
    parents: Vec<Parser>,
    code: Code,
    done: bool,
}

impl<'a> Walk<'a> {
    /// Checks the header of `file` and starts a walk over it.
    ///
    /// # Errors
    /// When the bytes are not Wasm, or not of a version we know.
    pub(super) fn new(file: &'a [u8], code: Code) -> Result<Walk<'a>, BadBytes> {
        check_header(file)?;
        Ok(Walk { file, rest: file, parser: Parser::new(0), parents: Vec::new(), code, done: false })
    }

    fn step(&mut self) -> Result<Payload<'a>, BadBytes> {
        match self.parser.parse(self.rest, true)? {
            Chunk::Parsed { consumed, payload } => {
                self.skip(consumed)?;
                Ok(payload)
            }
            // Not returned once the end of the input was promised.
            Chunk::NeedMoreData(_) => Err(self.unexpected_end()),
        }
    }

    fn skip(&mut self, bytes: usize) -> Result<(), BadBytes> {
        match self.rest.get(bytes..) {
            Some(rest) => {
                self.rest = rest;
                Ok(())
            }
            None => Err(self.unexpected_end()),
        }
    }

    fn unexpected_end(&self) -> BadBytes {
        BadBytes::malformed("unexpected end of a section", self.file.len() - self.rest.len())
    }

    /// Follows the file's structure after `payload`.
    fn turn(&mut self, payload: &Payload<'a>) -> Result<(), BadBytes> {
        match payload {
            Payload::ModuleSection { parser, unchecked_range: range }
            | Payload::ComponentSection { parser, unchecked_range: range } => {
                if self.parents.len() >= MAX_NESTING {
                    return Err(BadBytes::TooDeep);
                }
                // Otherwise a file cut off between two nested sections would seem whole.
                if range.end > self.file.len() {
                    return Err(self.unexpected_end());
                }
                self.parents.push(std::mem::replace(&mut self.parser, parser.clone()));
            }
            Payload::CodeSectionStart { size, .. } if self.code == Code::Skip => {
                self.skip(*size as usize)?;
                self.parser.skip_section();
            }
            Payload::End(_) => match self.parents.pop() {
                Some(parent) => self.parser = parent,
                None => self.done = true,
            },
            _ => {}
        }
        Ok(())
    }

    fn next_payload(&mut self) -> Result<Payload<'a>, BadBytes> {
        let payload = self.step()?;
        self.turn(&payload)?;
        Ok(payload)
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = Result<Payload<'a>, BadBytes>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let item = self.next_payload().map_err(|error| match error {
            BadBytes::Malformed { .. } => truncation(self.file).unwrap_or(error),
            error => error,
        });
        self.done |= item.is_err();
        Some(item)
    }
}

fn check_header(file: &[u8]) -> Result<(), BadBytes> {
    if !file.starts_with(MAGIC) {
        return Err(sniff::explain(file));
    }
    match file.get(4..HEADER) {
        Some([1, 0, 0, 0] | [13, 0, 1, 0]) => Ok(()),
        Some([a, b, c, d]) => {
            Err(BadBytes::UnknownVersion { version: u16::from_le_bytes([*a, *b]), layer: u16::from_le_bytes([*c, *d]) })
        }
        _ => Err(truncated(file, "the header", HEADER - file.len())),
    }
}

fn truncated(file: &[u8], within: impl Into<String>, missing: usize) -> BadBytes {
    BadBytes::Truncated { size: file.len() as u64, within: within.into(), missing: missing as u64 }
}

/// If the outermost sections say that the file should be longer, that is the better explanation of any
/// error in it.
fn truncation(file: &[u8]) -> Option<BadBytes> {
    let is_component = file.get(6) == Some(&1);
    let mut rest = file.get(HEADER..)?;
    while let Some((id, after)) = rest.split_first() {
        let within = || format!("the {} section", section_name(*id, is_component));
        let (length, used) = match leb_u32(after) {
            Leb::Value(length, used) => (length as usize, used),
            Leb::CutOff => return Some(truncated(file, within(), 1)),
            Leb::TooLong => return None,
        };
        let contents = after.get(used..)?;
        match contents.get(length..) {
            Some(next) => rest = next,
            None => return Some(truncated(file, within(), length - contents.len())),
        }
    }
    None
}

enum Leb {
    Value(u32, usize),
    CutOff,
    TooLong,
}

/// Reads an unsigned LEB128 number (Core Specification, "Integers").
fn leb_u32(bytes: &[u8]) -> Leb {
    let mut value = 0u64;
    for index in 0..5 {
        let Some(byte) = bytes.get(index) else { return Leb::CutOff };
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return u32::try_from(value).map_or(Leb::TooLong, |value| Leb::Value(value, index + 1));
        }
    }
    Leb::TooLong
}

/// The name of a section by its id (Core Specification, "Sections"; `Binary.md`, "Component
/// Definitions").
pub(super) fn section_name(id: u8, is_component: bool) -> &'static str {
    const MODULE: [&str; 14] = [
        "custom",
        "type",
        "import",
        "function",
        "table",
        "memory",
        "global",
        "export",
        "start",
        "element",
        "code",
        "data",
        "data count",
        "tag",
    ];
    const COMPONENT: [&str; 13] = [
        "custom",
        "core module",
        "core instance",
        "core type",
        "component",
        "component instance",
        "component alias",
        "component type",
        "component canonical",
        "component start",
        "component import",
        "component export",
        "component value",
    ];
    let names: &[&str] = if is_component { &COMPONENT } else { &MODULE };
    names.get(usize::from(id)).copied().unwrap_or("unknown")
}
