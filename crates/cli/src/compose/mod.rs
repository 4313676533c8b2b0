//! `holm compose`: one component of several.

mod parts;
mod report;
mod script;
mod write;

use std::path::{Path, PathBuf};

use holm_compose::{ComposeError, Composed, Plan, Wire};
use holm_engine::{Error, Kind, Result};
use serde_json::json;

use crate::args::compose::Compose;
use crate::output;

/// Composes, writes the component, and says what was done.
pub(crate) fn compose(args: Compose) -> Result<i32> {
    if args.json && args.output == Path::new("-") {
        let why = "with `-o -` standard output is the component, so there is no place for --json";
        return Err(Error::new(Kind::Usage, why).note("write the component to a file: -o app.wasm"));
    }
    let (composed, inputs) = if is_script(&args.root) { script::compose(&args)? } else { of_parts(&args)? };
    write::write(&args.output, &composed.bytes, &inputs)?;
    if args.json {
        let mut document = serde_json::to_value(&composed.report)
            .map_err(|error| Error::new(Kind::Internal, format!("not representable as JSON: {error}")))?;
        document["output"] = json!(args.output.display().to_string());
        document["bytes"] = json!(composed.bytes.len());
        output::print_json(&document)?;
    } else {
        report::print(&composed.report, &args.output, composed.bytes.len());
    }
    Ok(0)
}

fn is_script(root: &str) -> bool {
    Path::new(root).extension().is_some_and(|extension| extension == "wac")
}

fn of_parts(args: &Compose) -> Result<(Composed, Vec<PathBuf>)> {
    if args.deps_dir.is_some() {
        return Err(Error::new(Kind::Usage, "--deps-dir is for scripts").note("name each component: --with model.wasm"));
    }
    let mut wires = Vec::new();
    for wire in &args.wire {
        wires.push(Wire::parse(wire).map_err(|why| Error::new(Kind::Usage, why))?);
    }
    let (root, root_file) = parts::read(&args.root)?;
    let mut parts = Vec::new();
    let mut inputs = vec![root_file];
    for with in &args.with {
        let (part, file) = parts::read(with)?;
        parts.push(part);
        inputs.push(file);
    }
    let composed = holm_compose::compose(&Plan { root, parts, wires, apart: false }).map_err(error)?;
    Ok((composed, inputs))
}

fn error(error: ComposeError) -> Error {
    let kind = match &error {
        ComposeError::Name(_)
        | ComposeError::SameName(_)
        | ComposeError::TooManyParts(_)
        | ComposeError::Wire { .. }
        | ComposeError::Ambiguous(_) => Kind::Usage,
        _ => Kind::Invalid,
    };
    with_hints(Error::new(kind, error.to_string()), error.hints())
}

fn with_hints(error: Error, hints: Vec<String>) -> Error {
    hints.into_iter().fold(error, Error::note)
}
