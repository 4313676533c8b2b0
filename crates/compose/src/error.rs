//! Why components could not be composed, in words for the person who has to change something.

use std::fmt;

use thiserror::Error;

use crate::mismatch::Mismatch;
use crate::{MAX_PART_SIZE, MAX_PARTS, MAX_SIZE};

/// Why there is no composed component.
///
/// `Display` is what failed and why, in one or more lines; [`ComposeError::hints`] are the next steps.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum ComposeError {
    /// A part is not a component that can be composed.
    #[error("{part} {why}")]
    Part {
        /// The part's name.
        part: String,
        /// What is wrong with it.
        why: BadComponent,
    },
    /// A part's name cannot be one.
    #[error("`{0}` cannot be the name of a part: names have up to 63 letters, digits and hyphens, and `host` is taken")]
    Name(String),
    /// Two parts have one name.
    #[error("two parts are called {0}")]
    SameName(String),
    /// There are more parts than may be.
    #[error("{0} parts are too many; {MAX_PARTS} are the most")]
    TooManyParts(usize),
    /// The parts are larger than may be.
    #[error("the parts have {0} bytes together, and {MAX_SIZE} are the most")]
    TooLarge(u64),
    /// A wire of the plan cannot be.
    #[error("the wire {wire} leads nowhere: {why}")]
    Wire {
        /// The wire, as the command line has it.
        wire: String,
        /// Why it cannot be.
        why: String,
        /// What there would have been.
        hint: Option<String>,
    },
    /// Several parts export what one imports.
    #[error("{0}")]
    Ambiguous(Ambiguous),
    /// Parts import one another.
    #[error("parts import one another, and none can be first: {}", steps(.0))]
    Cycle(Vec<Step>),
    /// What one part exports is not what the other imports.
    #[error("{0}")]
    Mismatch(Box<Mismatch>),
    /// Parts have the interface that is imported in versions that are not compatible.
    #[error("{0}")]
    Version(Box<VersionSkew>),
    /// Two parts would have a resource from different places.
    #[error("{0}")]
    Resource(Box<SplitResource>),
    /// The result is not a valid component, in the words of the validator.
    #[error("the parts fit by their names and types, and yet make no valid component: {0}")]
    Invalid(String),
}

/// Why bytes are not a component that can be composed. The text continues a sentence that begins with the part's name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BadComponent {
    /// It is something else than Wasm.
    #[error("is not WebAssembly in the binary format")]
    NotWasm,
    /// It is a core module.
    #[error("is a core module, and only components can be composed")]
    Module,
    /// It has more bytes than a part may have.
    #[error("has {0} bytes, and a part may have {MAX_PART_SIZE}")]
    TooLarge(u64),
    /// It nests deeper than tools can bear.
    #[error("nests modules, components or types more than {} deep", crate::nesting::MAX_NESTING)]
    TooDeep,
    /// A rule of the format is broken.
    #[error("is not a valid component: {0}")]
    Malformed(String),
    /// It imports or exports a name that [`doors::name_for`](crate::doors::name_for) could have made.
    #[error(
        "{} `{name}`, a name of the kind that doors of single parts have: it could take what another part was granted",
        if *.import { "imports" } else { "exports" }
    )]
    Reserved {
        /// The name.
        name: String,
        /// Whether it imports it.
        import: bool,
    },
    /// It has an interface under another name (`implements`), which no engine of ours runs yet.
    #[error("has the interface `{interface}` under the name `{name}`, which cannot be composed yet")]
    Label {
        /// The name it has.
        name: String,
        /// The interface that it is said to be.
        interface: String,
    },
}

/// Several parts export what one imports, and nothing says which is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ambiguous {
    /// Who imports.
    pub part: String,
    /// What it imports.
    pub import: String,
    /// Who exports it, and under which name; the version may differ.
    pub candidates: Vec<(String, String)>,
}

/// An interface is there, in another version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionSkew {
    /// Who imports.
    pub part: String,
    /// What it imports.
    pub import: String,
    /// Who exports it.
    pub to: String,
    /// What is exported.
    pub export: String,
}

/// One part would hand another a resource that the other knows from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitResource {
    /// The import through which the resource comes: who imports, and what.
    pub through: (String, String),
    /// The interface of the resource.
    pub interface: String,
    /// The resource's name.
    pub resource: String,
    /// The two who have it, and from where: a part's name, or `host`.
    pub sides: [(String, String); 2],
}

/// One step of a cycle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Who imports.
    pub part: String,
    /// What it imports.
    pub import: String,
    /// Who exports it.
    pub to: String,
}

impl ComposeError {
    /// What to do next, one sentence each.
    pub fn hints(&self) -> Vec<String> {
        match self {
            ComposeError::Part { why: BadComponent::Module, .. } => {
                vec![
                    "`holm build` makes components, also of core modules; so does `wasm-tools component new`"
                        .to_owned(),
                ]
            }
            ComposeError::Wire { hint, .. } => hint.iter().cloned().collect(),
            ComposeError::Ambiguous(it) => it.hints(),
            ComposeError::Cycle(steps) => {
                steps.last().map(|step| to_host(&step.part, &step.import)).into_iter().collect()
            }
            ComposeError::Mismatch(it) => it.hints(),
            ComposeError::Version(it) => vec![to_host(&it.part, &it.import)],
            ComposeError::Resource(it) => it.hints(),
            _ => Vec::new(),
        }
    }
}

/// How to leave an import for the host.
pub(crate) fn to_host(part: &str, import: &str) -> String {
    format!("to leave it for the host: --wire {part}/{import}=host")
}

pub(crate) fn because(why: &str) -> BadComponent {
    BadComponent::Malformed(why.to_owned())
}

impl From<wasmparser::BinaryReaderError> for BadComponent {
    fn from(error: wasmparser::BinaryReaderError) -> Self {
        BadComponent::Malformed(format!("{} (at offset {:#x})", error.message(), error.offset()))
    }
}

fn steps(steps: &[Step]) -> String {
    let mut text = steps.first().map(|step| step.part.clone()).unwrap_or_default();
    for step in steps {
        text += &format!(" → {} ({})", step.to, step.import);
    }
    text
}

impl Ambiguous {
    fn hints(&self) -> Vec<String> {
        let Ambiguous { part, import, candidates } = self;
        let Some((first, _)) = candidates.first() else { return Vec::new() };
        vec![
            format!("say which: --wire {part}/{import}={first}"),
            format!("or leave it for the host: --wire {part}/{import}=host"),
            format!("in a manifest, under the imports of {part}: \"{import}\" = \"{first}\""),
        ]
    }
}

impl fmt::Display for Ambiguous {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} imports {}, and more than one part exports it:", self.part, self.import)?;
        for (part, export) in &self.candidates {
            write!(f, "\n    {part} ({export})")?;
        }
        Ok(())
    }
}

impl fmt::Display for VersionSkew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let VersionSkew { part, import, to, export } = self;
        write!(
            f,
            "{part} imports {import}, and {to} exports {export}: {}",
            crate::name::why_incompatible(import, export)
        )
    }
}

impl SplitResource {
    fn hints(&self) -> Vec<String> {
        let [(one, from), (other, other_from)] = &self.sides;
        // To have it from oneself is no wire; and the host has only what is its own.
        let wires = [(one, other_from), (other, from)].into_iter().filter(|(part, to)| part != to && *part != "host");
        let mut wires: Vec<_> =
            wires.map(|(part, to)| (to == "host", format!("--wire {part}/{}={to}", self.interface))).collect();
        wires.sort();
        let wires: Vec<String> = wires.into_iter().map(|(_, wire)| wire).collect();
        if wires.is_empty() { Vec::new() } else { vec![format!("both from one place: {}", wires.join(", or "))] }
    }
}

impl fmt::Display for SplitResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SplitResource { through: (part, import), interface, resource, sides } = self;
        let side = |(part, from): &(String, String)| match (part.as_str(), from.as_str()) {
            ("host", _) => "the host has its own".to_owned(),
            (part, "host") => format!("{part} has it from the host"),
            (part, from) if part == from => format!("{part} has its own"),
            (part, from) => format!("{part} has it from {from}"),
        };
        let [one, other] = sides;
        write!(
            f,
            "the resource `{resource}` of {interface} cannot cross where {part} imports {import}: {}, {}. Only those who have a \
             resource from one place can pass it to one another",
            side(one),
            side(other)
        )
    }
}
