//! Types of components, read for the names in them and for asynchrony.
//!
//! `wasmparser` has a reader for these types. It builds every type in memory and recurses as deep as the
//! guest says, so a file of some hundred kilobytes exhausts the stack, which ends the process. This one
//! builds nothing and stops at [`MAX_NESTING`].
//!
//! Format: the component model's `design/mvp/Binary.md`, "Type Definitions".

use std::rc::Rc;

use wasmparser::{
    BinaryReader, ComponentAlias, ComponentExternName, ComponentImport, ComponentTypeRef, ComponentValType, CoreType,
    PrimitiveValType, TypeBounds, ValType,
};

use super::bad::BadBytes;
use super::needs::Needs;
use super::walk::MAX_NESTING;

/// The names of the functions and resources of an instance or component. Empty where they are unknown.
pub(super) type Names<'a> = Rc<[&'a str]>;

/// What is remembered of a type.
#[derive(Clone)]
pub(super) enum TypeItem<'a> {
    /// The type of an instance or component, with what it exports.
    Exports(Names<'a>),
    Resource,
    Other,
}

impl<'a> TypeItem<'a> {
    pub(super) fn names(&self) -> Names<'a> {
        match self {
            TypeItem::Exports(names) => Rc::clone(names),
            TypeItem::Resource | TypeItem::Other => Rc::default(),
        }
    }
}

/// Reads the type section in `range` of `file`, and passes each type to `define`.
pub(super) fn read_section<'a>(
    file: &'a [u8],
    range: std::ops::Range<usize>,
    needs: &mut Needs,
    mut define: impl FnMut(TypeItem<'a>),
) -> Result<(), BadBytes> {
    let start = range.start;
    let contents = file.get(range).ok_or_else(|| BadBytes::malformed("section outside of the file", start))?;
    let mut types = TypeReader { reader: BinaryReader::new(contents, start), needs };
    for _ in 0..types.reader.read_var_u32()? {
        define(types.read_type(0)?);
    }
    Ok(())
}

struct TypeReader<'a, 'n> {
    reader: BinaryReader<'a>,
    needs: &'n mut Needs,
}

impl<'a> TypeReader<'a, '_> {
    fn read_type(&mut self, depth: usize) -> Result<TypeItem<'a>, BadBytes> {
        match self.reader.read_u8()? {
            0x3f => {
                self.reader.read::<ValType>()?;
                if self.flag("resource destructor")? {
                    self.reader.read_var_u32()?;
                }
                Ok(TypeItem::Resource)
            }
            byte @ (0x40 | 0x43) => {
                self.needs.concurrency |= byte == 0x43;
                self.read_function()?;
                Ok(TypeItem::Other)
            }
            byte @ (0x41 | 0x42) => self.read_declarations(byte == 0x41, depth + 1),
            byte => {
                self.read_defined(byte)?;
                Ok(TypeItem::Other)
            }
        }
    }

    fn read_function(&mut self) -> Result<(), BadBytes> {
        self.read_each(|types| {
            types.reader.read_string()?;
            types.read_value()
        })?;
        // A function has one result (0) or none (1 0).
        match self.flag("component function results")? {
            false => self.read_value(),
            true if !self.flag("number of results")? => Ok(()),
            true => Err(self.invalid("number of results")),
        }
    }

    fn read_declarations(&mut self, is_component: bool, depth: usize) -> Result<TypeItem<'a>, BadBytes> {
        if depth > MAX_NESTING {
            return Err(BadBytes::TooDeep);
        }
        let mut names = Vec::new();
        for _ in 0..self.reader.read_var_u32()? {
            match self.reader.read_u8()? {
                0x00 => {
                    self.reader.read::<CoreType<'_>>()?;
                }
                0x01 => {
                    self.read_type(depth)?;
                }
                0x02 => {
                    self.reader.read::<ComponentAlias<'_>>()?;
                }
                0x03 if is_component => {
                    let import = self.reader.read::<ComponentImport<'_>>()?;
                    self.needs.see_component_name(import.name.name);
                }
                0x04 => {
                    let name = self.reader.read::<ComponentExternName<'a>>()?.name;
                    self.needs.see_component_name(name);
                    let ty = self.reader.read::<ComponentTypeRef>()?;
                    if matches!(ty, ComponentTypeRef::Func(_) | ComponentTypeRef::Type(TypeBounds::SubResource)) {
                        names.push(name);
                    }
                }
                _ => return Err(self.invalid("declaration of a component or instance type")),
            }
        }
        Ok(TypeItem::Exports(names.into()))
    }

    fn read_defined(&mut self, kind: u8) -> Result<(), BadBytes> {
        match kind {
            0x73..=0x7f => Ok(()),
            // error-context
            0x64 => {
                self.needs.concurrency = true;
                Ok(())
            }
            // record
            0x72 => self.read_each(|types| {
                types.reader.read_string()?;
                types.read_value()
            }),
            // variant
            0x71 => self.read_each(|types| {
                types.reader.read_string()?;
                types.read_optional_value()?;
                match types.flag("end of a variant's case")? {
                    false => Ok(()),
                    true => Err(types.invalid("end of a variant's case")),
                }
            }),
            // tuple
            0x6f => self.read_each(Self::read_value),
            // flags, enum
            0x6e | 0x6d => self.read_each(|types| {
                types.reader.read_string()?;
                Ok(())
            }),
            // list, option
            0x70 | 0x6b => self.read_value(),
            // map
            0x63 => {
                self.read_value()?;
                self.read_value()
            }
            // result
            0x6a => {
                self.read_optional_value()?;
                self.read_optional_value()
            }
            // own, borrow
            0x69 | 0x68 => {
                self.reader.read_var_u32()?;
                Ok(())
            }
            // list of fixed length
            0x67 => {
                self.read_value()?;
                self.reader.read_var_u32()?;
                Ok(())
            }
            // stream, future
            0x66 | 0x65 => {
                self.needs.concurrency = true;
                self.read_optional_value()
            }
            _ => Err(self.invalid("type of a component")),
        }
    }

    fn read_each(&mut self, mut read: impl FnMut(&mut Self) -> Result<(), BadBytes>) -> Result<(), BadBytes> {
        for _ in 0..self.reader.read_var_u32()? {
            read(self)?;
        }
        Ok(())
    }

    fn read_value(&mut self) -> Result<(), BadBytes> {
        let ty = self.reader.read::<ComponentValType>()?;
        self.needs.concurrency |= ty == ComponentValType::Primitive(PrimitiveValType::ErrorContext);
        Ok(())
    }

    fn read_optional_value(&mut self) -> Result<(), BadBytes> {
        if self.flag("optional type")? { self.read_value() } else { Ok(()) }
    }

    fn flag(&mut self, what: &str) -> Result<bool, BadBytes> {
        match self.reader.read_u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.invalid(what)),
        }
    }

    fn invalid(&self, what: &str) -> BadBytes {
        BadBytes::malformed(format!("unknown {what}"), self.reader.original_position().saturating_sub(1))
    }
}
