//! What is to be composed.

use std::fmt;

/// Components, and how they are to be put together.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The component whose exports the composed component has.
    pub root: Part,
    /// What may satisfy the imports of the root and of one another, in the order in which parts are numbered: the first
    /// is part 1.
    pub parts: Vec<Part>,
    /// Where imports come from that should not be left to the names. At most one for each import of a part.
    pub wires: Vec<Wire>,
    /// Whether each part but the root gets the doors of WASI under names of its own, so that a host can give each part
    /// grants of its own. See [`crate::doors`].
    pub apart: bool,
}

/// A component of a composition.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// What it is called in wires, reports and errors: letters, digits and hyphens, at most 63 of them. No two parts of a
    /// plan have the same name.
    pub name: String,
    /// The component, in the binary format.
    pub bytes: Vec<u8>,
}

/// Where one import of one part comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wire {
    /// The name of the part that imports.
    pub part: String,
    /// What it imports: `acme:model/infer@1.0.0`, or without the version where the part imports one version only.
    pub import: String,
    /// Where it comes from.
    pub to: Target,
}

/// Where an import comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Whoever runs the composed component.
    Host,
    /// What another part exports.
    Part {
        /// The part's name.
        part: String,
        /// The export's name; without one, the export that has the import's name and a compatible version.
        export: Option<String>,
    },
}

impl Plan {
    /// The name of the part of this number; the root is 0. Empty where there is none.
    pub(crate) fn name(&self, number: usize) -> &str {
        match number.checked_sub(1) {
            None => &self.root.name,
            Some(index) => self.parts.get(index).map(|part| part.name.as_str()).unwrap_or_default(),
        }
    }

    /// The number of the part of this name; the root is 0.
    pub(crate) fn number(&self, name: &str) -> Option<usize> {
        std::iter::once(&self.root).chain(&self.parts).position(|part| part.name == name)
    }
}

impl Part {
    /// A part of this name.
    pub fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Part {
        Part { name: name.into(), bytes: bytes.into() }
    }
}

impl Wire {
    /// Reads a wire as the command line has it: `PART/IMPORT=host`, `PART/IMPORT=PART` or `PART/IMPORT=PART/EXPORT`.
    ///
    /// # Errors
    /// When it is none; the text says why.
    pub fn parse(text: &str) -> Result<Wire, String> {
        let form = || format!("`{text}` is no wire; one is PART/IMPORT=PART, as in handler/acme:model/infer=model");
        let (import, target) = text.split_once('=').ok_or_else(form)?;
        let (part, import) = import.split_once('/').ok_or_else(form)?;
        let to = Target::parse(target).ok_or_else(form)?;
        if part.is_empty() || import.is_empty() {
            return Err(form());
        }
        Ok(Wire { part: part.to_owned(), import: import.to_owned(), to })
    }
}

impl Target {
    /// Reads a target: `host`, `PART`, or `PART/EXPORT`. `None` when a name is empty.
    pub fn parse(text: &str) -> Option<Target> {
        if text == "host" {
            return Some(Target::Host);
        }
        let (part, export) = match text.split_once('/') {
            Some((part, export)) => (part, Some(export)),
            None => (text, None),
        };
        let empty = part.is_empty() || export.is_some_and(str::is_empty);
        (!empty).then(|| Target::Part { part: part.to_owned(), export: export.map(str::to_owned) })
    }
}

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}={}", self.part, self.import, self.to)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Host => f.write_str("host"),
            Target::Part { part, export: None } => f.write_str(part),
            Target::Part { part, export: Some(export) } => write!(f, "{part}/{export}"),
        }
    }
}
