//! What two sides of an interface disagree on.

use std::fmt;

/// What one part exports is not what the other imports under that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Who imports.
    pub import: Side,
    /// Who exports.
    pub export: Side,
    /// Where the two part, at least one.
    pub differences: Vec<Difference>,
}

/// One side of an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// The part's name.
    pub part: String,
    /// The name of the import or export.
    pub name: String,
    /// What of it the other side has not, or has otherwise, as WIT; one line each.
    pub wit: Vec<String>,
}

/// One thing that the sides disagree on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where it is: `infer: param text`.
    pub path: String,
    /// What it is: `string | list<u8>`, the importing side first.
    pub what: String,
}

impl Mismatch {
    /// What to do next.
    pub(crate) fn hints(&self) -> Vec<String> {
        vec![crate::error::to_host(&self.import.part, &self.import.name)]
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mismatch { import, export, differences } = self;
        write!(f, "{} and {} do not fit: {} is not the same on both sides", import.part, export.part, import.name)?;
        for difference in differences {
            write!(f, "\n    {difference}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.what)
    }
}
