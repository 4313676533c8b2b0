//! WIT from where it lies.

use std::path::Path;

use wit_component::{OutputToString, WitPrinter};
use wit_parser::{PackageId, Resolve, UnresolvedPackageGroup};

use crate::WitError;

/// A package with all that it refers to.
pub struct Wit {
    pub(crate) resolve: Resolve,
    pub(crate) main: PackageId,
}

impl Wit {
    /// Reads a folder of `.wit` files with its `deps`, or a single file. A file that refers to others beside it is read with its
    /// folder.
    ///
    /// # Errors
    /// There is no WIT, it does not parse, or refers to what is not there; with the place in the text.
    pub fn load(path: &Path) -> Result<Self, WitError> {
        let first = match push(path) {
            Ok(wit) => return Ok(wit),
            Err(error) => error,
        };
        let folder = path.parent().filter(|_| path.is_file());
        folder
            .and_then(|folder| push(if folder.as_os_str().is_empty() { Path::new(".") } else { folder }).ok())
            .ok_or(first)
    }

    /// Reads text that stands on its own, such as a decoder prints: a package, and those it refers to in its braces. `name` is for
    /// messages.
    ///
    /// # Errors
    /// As [`Wit::load`].
    pub fn parse(name: &str, text: &str) -> Result<Self, WitError> {
        let group = UnresolvedPackageGroup::parse(name, text);
        let group = group.map_err(|(sources, error)| WitError::new(error.render(&sources)))?;
        let mut resolve = Resolve::new();
        let main = resolve.push_group(group).map_err(|error| WitError::new(format!("{name}: {error}")))?;
        Ok(Self { resolve, main })
    }

    /// As text: the package, and behind it those that it refers to, unless `alone`.
    ///
    /// # Errors
    /// What was read has no text form.
    pub fn print(&self, alone: bool) -> Result<String, WitError> {
        let others = self.resolve.packages.iter().map(|(id, _)| id).filter(|id| *id != self.main && !alone);
        let others: Vec<_> = others.collect();
        let mut printer = WitPrinter::new(OutputToString::default());
        let printed = printer.print(&self.resolve, self.main, &others);
        printed.map_err(|error| WitError::new(format!("it cannot be written as WIT: {error:#}")))?;
        Ok(printer.output.to_string())
    }

    /// Everything, in the form that `wit-parser` gives it, which other tools read and write as well.
    ///
    /// # Errors
    /// What was read has no JSON form.
    pub fn to_json(&self) -> Result<serde_json::Value, WitError> {
        serde_json::to_value(&self.resolve)
            .map_err(|error| WitError::new(format!("not representable as JSON: {error}")))
    }
}

fn push(path: &Path) -> Result<Wit, WitError> {
    let mut resolve = Resolve::new();
    match resolve.push_path(path) {
        Ok((main, _)) => Ok(Wit { resolve, main }),
        Err(error) => Err(WitError::new(resolve.render_error(&error))),
    }
}
