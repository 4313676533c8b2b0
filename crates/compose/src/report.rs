//! What was done, for people and programs.

use serde::Serialize;

/// A component that was composed, and what was done for it.
#[derive(Clone, Debug)]
pub struct Composed {
    /// The component, in the binary format. It is valid.
    pub bytes: Vec<u8>,
    /// How it was put together.
    pub report: Report,
}

/// How a component was put together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The imports that other parts satisfy, in the order of the parts and of their imports.
    pub wired: Vec<Wired>,
    /// The imports that are left for the host, likewise.
    pub host: Vec<Left>,
    /// What the composed component exports: what its root does.
    pub exports: Vec<String>,
    /// What the composed component imports. Imports of several parts that differ in compatible versions are one here.
    pub imports: Vec<String>,
    /// The parts that nothing asked for, which are not in the composed component.
    pub unused: Vec<String>,
    /// What is worth knowing before it is run, each one a sentence.
    pub warnings: Vec<String>,
}

/// An import that another part satisfies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wired {
    /// Who imports.
    pub part: String,
    /// What it imports.
    pub import: String,
    /// Who exports.
    pub to: String,
    /// What is exported; the version may be another one than the import's.
    pub export: String,
    /// Whether a wire of the plan said so.
    pub chosen: bool,
}

/// An import that is left for the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Left {
    /// Who imports.
    pub part: String,
    /// What it imports.
    pub import: String,
    /// What the composed component calls it: another name than the import's for a door of a part that was kept apart.
    pub name: String,
}
