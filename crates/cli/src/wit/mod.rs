//! `holm wit`: interfaces, printed, formatted and compared.

mod compare;
mod format;
mod sides;

use std::io::Read as _;
use std::path::Path;

use holm_engine::{Error, Kind, Result, Source};
use holm_wit::{Wit, WitError};

use crate::args::{WitAction, WitPrint};
use crate::{inspect, output};

/// Runs what was asked for.
pub(crate) fn wit(args: crate::args::Wit) -> Result<i32> {
    match args.action {
        WitAction::Print(print) => self::print(&print),
        WitAction::Format(format) => format::format(&format),
        WitAction::Compare(compare) => compare::compare(&compare),
    }
}

fn print(args: &WitPrint) -> Result<i32> {
    let wit = read(&args.from)?;
    if args.json {
        output::print_json(&wit.to_json().map_err(|error| invalid(&error))?)?;
        return Ok(0);
    }
    let text = wit.print(args.alone).map_err(|error| invalid(&error))?;
    output::print(&format!("{}\n", output::printable(text.trim_end())))?;
    Ok(0)
}

/// The interface at `path`. What is binary is decoded by another process, since the decoder can exhaust its stack.
fn read(path: &Path) -> Result<Wit> {
    let name = path.display().to_string();
    if name == "-" {
        let mut bytes = Vec::new();
        let read = std::io::stdin().read_to_end(&mut bytes);
        read.map_err(|error| Error::io("read the interface from standard input", &error))?;
        return match String::from_utf8(bytes) {
            Ok(text) if !holm_engine::shape::is_text(text.as_bytes()) && !text.starts_with('\0') => {
                Wit::parse("standard input", &text).map_err(|error| invalid(&error))
            }
            Ok(text) => decoded(Source::from_bytes("standard input", text.into_bytes())?),
            Err(binary) => decoded(Source::from_bytes("standard input", binary.into_bytes())?),
        };
    }
    if !path.exists() {
        return Err(Error::new(Kind::NotFound, format!("{name} does not exist")));
    }
    if path.is_dir() || path.extension().is_some_and(|extension| extension == "wit") {
        return Wit::load(path).map_err(|error| invalid(&error));
    }
    decoded(Source::read(&name)?)
}

fn decoded(source: Source) -> Result<Wit> {
    let name = &source.name;
    let text = inspect::wit_text(&source.bytes).ok_or_else(|| {
        Error::new(Kind::Invalid, format!("{name} has no interface that can be read as WIT"))
            .note(format!("`holm inspect --wit {name}` says why"))
    })?;
    Wit::parse(name, &text).map_err(|error| invalid(&error))
}

fn invalid(error: &WitError) -> Error {
    Error::new(Kind::Invalid, error.to_string())
}
