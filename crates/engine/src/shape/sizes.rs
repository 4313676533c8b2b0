//! Where the bytes of a guest go.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::ops::Range;

use serde::{Deserialize, Serialize};
use wasmparser::{Encoding, Payload};

use super::bad::BadBytes;
use super::names::function_names;
use super::walk::{Code, Walk, section_name};

/// Where the bytes of a guest go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sizes {
    /// Every kind of section, largest first. The sizes add up to the size of the file: a section counts
    /// with its own id and length, and `headers` are the eight bytes each module and component begins
    /// with and what wraps a nested one.
    pub sections: Vec<SectionSize>,
    /// The largest functions, largest first.
    pub largest: Vec<FunctionSize>,
}

/// The size of all sections of one kind, those of nested modules and components included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SectionSize {
    /// `code`, `data`, `component type`, `custom .debug_info`.
    pub name: String,
    /// Bytes in the file.
    pub size: u64,
}

/// The size of one function's code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionSize {
    /// Which core module of the file the function is in, counted from 0 in file order.
    pub module: u32,
    /// The function's index in that module, imported functions counted.
    pub index: u32,
    /// Its name, demangled, where the module says it.
    pub name: Option<String>,
    /// Bytes of its body, locals included.
    pub size: u64,
}

/// Measures the sections of a guest and its `top` largest functions.
///
/// # Errors
/// When the bytes are not Wasm.
pub fn sizes(bytes: &[u8], top: usize) -> Result<Sizes, BadBytes> {
    let mut measure = Measure { bytes, top, ..Measure::default() };
    for payload in Walk::new(bytes, Code::Visit)? {
        measure.see(&payload?)?;
    }
    measure.finish()
}

/// The size, module and function index of a function. Ordered by size.
type Candidate = Reverse<(u64, Reverse<u32>, Reverse<u32>)>;

#[derive(Default)]
struct Measure<'a> {
    bytes: &'a [u8],
    top: usize,
    sections: BTreeMap<String, u64>,
    /// How much of the file is accounted for.
    counted: usize,
    /// The modules and components the walk is inside of: where each starts.
    open: Vec<Open>,
    /// Where each core module is in the file.
    modules: Vec<Range<usize>>,
    largest: BinaryHeap<Candidate>,
}

#[derive(Clone, Copy)]
struct Open {
    start: usize,
    /// Its number among the core modules, if it is one.
    module: Option<usize>,
    /// The index of the next function to come.
    next_function: u32,
}

impl Measure<'_> {
    fn see(&mut self, payload: &Payload<'_>) -> Result<(), BadBytes> {
        match payload {
            Payload::Version { encoding, range, .. } => self.enter(*encoding, range),
            Payload::End(end) => self.leave(*end),
            Payload::ModuleSection { unchecked_range, .. } | Payload::ComponentSection { unchecked_range, .. } => {
                self.count("headers".to_owned(), unchecked_range.start);
            }
            Payload::CodeSectionEntry(body) => self.see_function(body.range().len() as u64),
            payload => {
                if let Payload::ImportSection(imports) = payload {
                    self.skip_imports(imports)?;
                }
                if let Some((id, range)) = payload.as_section() {
                    self.count(self.name(payload, id), range.end);
                }
            }
        }
        Ok(())
    }

    /// Adds everything up to `end` that was not counted yet.
    fn count(&mut self, name: String, end: usize) {
        *self.sections.entry(name).or_default() += end.saturating_sub(self.counted) as u64;
        self.counted = self.counted.max(end);
    }

    fn name(&self, payload: &Payload<'_>, id: u8) -> String {
        match payload {
            Payload::CustomSection(section) => format!("custom {}", section.name()),
            _ => {
                let in_component = self.open.last().is_some_and(|open| open.module.is_none());
                section_name(id, in_component).to_string()
            }
        }
    }

    fn enter(&mut self, encoding: Encoding, header: &Range<usize>) {
        self.count("headers".to_owned(), header.end);
        let module = (encoding == Encoding::Module).then_some(self.modules.len());
        if module.is_some() {
            self.modules.push(header.clone());
        }
        self.open.push(Open { start: header.start, module, next_function: 0 });
    }

    fn leave(&mut self, end: usize) {
        let Some(Open { start, module: Some(module), .. }) = self.open.pop() else { return };
        if let Some(range) = self.modules.get_mut(module) {
            *range = start..end;
        }
    }

    fn skip_imports(&mut self, imports: &wasmparser::ImportSectionReader<'_>) -> Result<(), BadBytes> {
        let Some(open) = self.open.last_mut() else { return Ok(()) };
        for import in imports.clone().into_imports() {
            let is_function = matches!(import?.ty, wasmparser::TypeRef::Func(_) | wasmparser::TypeRef::FuncExact(_));
            open.next_function = open.next_function.saturating_add(is_function.into());
        }
        Ok(())
    }

    fn see_function(&mut self, size: u64) {
        let Some(Open { module: Some(module), next_function, .. }) = self.open.last_mut() else { return };
        let module = u32::try_from(*module).unwrap_or(u32::MAX);
        self.largest.push(Reverse((size, Reverse(module), Reverse(*next_function))));
        *next_function = next_function.saturating_add(1);
        if self.largest.len() > self.top {
            self.largest.pop();
        }
    }

    fn finish(self) -> Result<Sizes, BadBytes> {
        let mut sections: Vec<_> = self.sections.into_iter().map(|(name, size)| SectionSize { name, size }).collect();
        sections.sort_by(|a, b| b.size.cmp(&a.size).then_with(|| a.name.cmp(&b.name)));
        let mut names = BTreeMap::new();
        let mut largest = Vec::new();
        for Reverse((size, Reverse(module), Reverse(index))) in self.largest.into_sorted_vec() {
            if let std::collections::btree_map::Entry::Vacant(entry) = names.entry(module) {
                let range = self.modules.get(module as usize).cloned().unwrap_or_default();
                entry.insert(function_names(self.bytes.get(range).unwrap_or_default())?);
            }
            let name = names.get(&module).and_then(|names| names.get(&index)).cloned();
            largest.push(FunctionSize { module, index, name, size });
        }
        Ok(Sizes { sections, largest })
    }
}
