//! `holm inspect`: what a guest is, what it needs, what it offers, and what to do with it.

mod child;
mod features;
mod items;
mod json;
mod language;
mod report;
#[cfg(test)]
mod tests;
mod text;
mod types;
mod verdict;

use holm_engine::shape::{self, BadBytes, Form};
use holm_engine::{Error, Kind, Opened, Result};

use crate::args::{EngineArgs, Inspect};
use crate::{guest, oci, output};
use report::{Report, Trust};

/// Shows what a guest is. Nothing of it is compiled or run, so this is quick and always safe.
pub(crate) fn inspect(args: Inspect) -> Result<i32> {
    if let Some(shown) = crate::bundle::describe(&args.guest, args.json) {
        return shown;
    }
    let (opened, trust) = open(&args)?;
    if args.wit {
        output::print(&output::printable(&wit(&opened)?))?;
        return Ok(0);
    }
    let wit = if has_wit(&opened) { child::wit(&opened.source.bytes) } else { None };
    let report = Report::new(&args, &opened, trust, wit)?;
    match args.json {
        true => output::print_json(&json::document(&report))?,
        false => output::print_styled(&text::page(&report))?,
    }
    Ok(0)
}

/// Compiled code is verified as everywhere. What it says of itself is shown even where running it would be
/// refused, because whoever has to decide about the file wants to see what it is.
fn open(args: &Inspect) -> Result<(Opened, Trust)> {
    let mut loader = guest::loader(&EngineArgs::default());
    let source = oci::source(&args.guest, &args.registry)?;
    match loader.open(source.clone()) {
        Err(error) if error.kind() == Kind::Denied => {
            loader.allow_precompiled = true;
            Ok((loader.open(source)?, Trust::Unsigned))
        }
        opened => Ok((opened?, Trust::Safe)),
    }
}

/// Whether there is an interface to print: every component has one, and so do modules made to become one.
fn has_wit(opened: &Opened) -> bool {
    let embeds = || opened.shape.customs.iter().any(|custom| custom.name.starts_with("component-type"));
    opened.precompiled().is_none() && (opened.shape.form == Form::Component || embeds())
}

/// The guest's interface as text. A hostile guest can make this abort the process, which is why everything
/// but `--wit` itself asks a [`child`] for it.
fn wit(opened: &Opened) -> Result<String> {
    let name = &opened.source.name;
    if opened.precompiled().is_some() {
        return Err(Error::new(Kind::Unsupported, format!("{name} is compiled code, which has no WIT any more"))
            .note("inspect the .wasm it was made from"));
    }
    child::be_expendable();
    shape::wit(&opened.source.bytes).map_err(|error| invalid(name, &error))
}

/// The interface of a component, a package or a module with one, as text; `None` when it cannot be had.
#[cfg(feature = "wit")]
pub(crate) fn wit_text(bytes: &[u8]) -> Option<String> {
    child::wit(bytes)
}

fn invalid(name: &str, error: &BadBytes) -> Error {
    Error::new(Kind::Invalid, format!("{name} {error}"))
}
