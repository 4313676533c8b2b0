//! A guest and its components as one file.

use std::path::Path;

use holm_engine::{Error, Kind, Result};
use serde_json::{Value, json};

use super::projects::Found;
use crate::args::RegistryArgs;
use crate::{composed, oci, output};

/// Writes the only guest of what was found into `file`, with its components if it has any.
pub(super) fn compose(found: &Found, file: &Path, quiet: bool) -> Result<Value> {
    let bytes = match &found.manifest {
        Some((app, manifest)) => {
            let [guest] = app.guests.as_slice() else {
                let why = format!("{} has several guests, and one file holds one", manifest.display());
                return Err(Error::new(Kind::Usage, why).note("without -o each guest is in the file that it names"));
            };
            let read = |name: &str| oci::source(name, &RegistryArgs::default());
            composed::whole(&built(found)?.to_string_lossy(), guest, &read)?
        }
        None => std::fs::read(built(found)?).map_err(|error| Error::io("read what was built", &error))?,
    };
    std::fs::write(file, &bytes).map_err(|error| Error::io(format_args!("write {}", file.display()), &error))?;
    if !quiet {
        output::print(&format!("{}: {}, the whole\n", file.display(), output::human_size(bytes.len() as u64)))?;
    }
    Ok(json!({ "name": "whole", "output": file, "bytes": bytes.len() }))
}

/// The guest's own file: it is made last, or named by the manifest.
fn built(found: &Found) -> Result<&Path> {
    let named = found.manifest.as_ref().and_then(|(app, _)| app.guests.first()?.file.as_deref());
    let last = found.projects.last().map(|project| project.output.as_path());
    named.or(last).ok_or_else(|| Error::new(Kind::Internal, "nothing was built"))
}
