//! Gathering a shape from the sections of a file.

use wasmparser::{Encoding, Payload};

use super::bad::BadBytes;
use super::component::ComponentSpace;
use super::module::ModuleSpace;
use super::needs::Needs;
use super::walk::{Code, Walk};
use super::{CustomSection, Export, ExternType, Form, Import};

/// Everything about a shape but its digest.
pub(super) struct Found {
    pub(super) form: Form,
    pub(super) imports: Vec<Import>,
    pub(super) exports: Vec<Export>,
    pub(super) customs: Vec<CustomSection>,
    pub(super) needs: Needs,
    pub(super) code_size: u64,
    budget: Budget,
}

/// Bounds the memory a shape takes. The formats let a few bytes refer to long names and types again and
/// again, so the size of the file is no bound.
struct Budget {
    bytes_left: usize,
}

/// Ten times what the largest known guests need.
const BUDGET: usize = 64 << 20;
/// What an import, export or custom section costs beside its names, roughly.
const ITEM_COST: usize = 128;
const VALUE_COST: usize = 32;

impl Budget {
    fn charge(&mut self, bytes: usize) -> Result<(), BadBytes> {
        self.bytes_left = self.bytes_left.checked_sub(bytes).ok_or(BadBytes::TooManyNames)?;
        Ok(())
    }
}

impl Found {
    fn new(form: Form) -> Found {
        Found {
            form,
            imports: Vec::new(),
            exports: Vec::new(),
            customs: Vec::new(),
            needs: Needs::default(),
            code_size: 0,
            budget: Budget { bytes_left: BUDGET },
        }
    }

    pub(super) fn import(&mut self, module: &str, name: &str, ty: ExternType) -> Result<(), BadBytes> {
        self.budget.charge(ITEM_COST + module.len() + name.len())?;
        self.imports.push(Import { module: module.to_owned(), name: name.to_owned(), ty });
        Ok(())
    }

    pub(super) fn export(&mut self, name: &str, ty: ExternType, function: Option<u32>) -> Result<(), BadBytes> {
        self.budget.charge(ITEM_COST + name.len())?;
        self.exports.push(Export { name: name.to_owned(), ty, function });
        Ok(())
    }

    /// A function type, paid for before it is copied.
    pub(super) fn func(&mut self, ty: &wasmparser::FuncType) -> Result<ExternType, BadBytes> {
        self.budget.charge(VALUE_COST * (ty.params().len() + ty.results().len()))?;
        Ok(ExternType::Func(ty.into()))
    }

    /// An instance, its names paid for before they are copied.
    pub(super) fn instance(&mut self, names: &[&str]) -> Result<ExternType, BadBytes> {
        self.budget.charge(names.iter().map(|name| VALUE_COST + name.len()).sum())?;
        Ok(ExternType::Instance(names.iter().map(|name| (*name).to_owned()).collect()))
    }

    fn custom(&mut self, section: &wasmparser::CustomSectionReader<'_>) -> Result<(), BadBytes> {
        self.budget.charge(ITEM_COST + section.name().len())?;
        let start = section.data_offset();
        let range = start..start + section.data().len();
        self.customs.push(CustomSection { name: section.name().to_owned(), range });
        Ok(())
    }

    /// Files that are well-formed modules and yet no programs.
    fn check(self) -> Result<Found, BadBytes> {
        let has = |name: &str| self.customs.iter().any(|custom| custom.name == name);
        if self.form == Form::Module && self.exports.is_empty() && has("linking") {
            return Err(BadBytes::ObjectFile);
        }
        if self.form == Form::Module && has("core") && has("corestack") {
            return Err(BadBytes::CoreDump);
        }
        Ok(self)
    }
}

/// A module or component that the walk is inside of.
enum Frame<'a> {
    Module(ModuleSpace),
    Component(ComponentSpace<'a>),
}

/// Reads everything about the shape of `bytes` but the digest.
pub(super) fn collect(bytes: &[u8]) -> Result<Found, BadBytes> {
    let mut found = Found::new(Form::Module);
    let mut frames = Vec::new();
    for payload in Walk::new(bytes, Code::Skip)? {
        see(bytes, payload?, &mut frames, &mut found)?;
    }
    found.check()
}

fn see<'a>(
    file: &'a [u8],
    payload: Payload<'a>,
    frames: &mut Vec<Frame<'a>>,
    found: &mut Found,
) -> Result<(), BadBytes> {
    let outermost = frames.len() == 1;
    match payload {
        Payload::Version { encoding, .. } => {
            if frames.is_empty() {
                found.form = form(encoding);
            }
            frames.push(match encoding {
                Encoding::Module => Frame::Module(ModuleSpace::new(frames.is_empty())),
                Encoding::Component => Frame::Component(ComponentSpace::default()),
            });
        }
        Payload::End(_) => {
            let inner = frames.pop();
            if let (Some(Frame::Component(inner)), Some(Frame::Component(outer))) = (inner, frames.last_mut()) {
                outer.define_component(inner);
            }
        }
        Payload::CodeSectionStart { range, .. } => found.code_size += range.len() as u64,
        Payload::CustomSection(section) if outermost => found.custom(&section)?,
        payload => match frames.last_mut() {
            Some(Frame::Module(module)) => module.see(payload, found)?,
            Some(Frame::Component(component)) => component.see(file, payload, outermost, found)?,
            None => {}
        },
    }
    Ok(())
}

fn form(encoding: Encoding) -> Form {
    match encoding {
        Encoding::Module => Form::Module,
        Encoding::Component => Form::Component,
    }
}
