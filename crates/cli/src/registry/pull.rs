//! `holm pull`

use holm_engine::Result;
use serde_json::json;

use super::failure::explain;
use super::{access, fetch, output};
use crate::args::registry::Pull;
use crate::output::{human_size, note, print, print_json};

/// Brings a guest into the store, and from there where the user wants it.
pub(crate) fn pull(args: Pull) -> Result<i32> {
    let reference: holm_registry::Reference = args.reference.parse().map_err(explain)?;
    let access = access(args.registry.plain_http, &args.who)?;
    let pulled = fetch(&reference, &args.registry, &access)?;
    let by_digest = reference.at(pulled.manifest);
    let written = match &args.output {
        Some(to) => output::write(&pulled, &reference, to)?,
        None => None,
    };
    if args.output.as_deref().is_some_and(output::is_stdout) {
        // What is printed there is the guest.
        note(&by_digest.to_string());
        return Ok(0);
    }
    if args.json {
        print_json(&json!({
            "reference": by_digest.to_string(),
            "digest": pulled.manifest.to_string(),
            "guest": pulled.guest.to_string(),
            "bytes": pulled.size,
            "title": pulled.title,
            "path": pulled.path,
            "output": written,
            "fresh": pulled.warning.is_none(),
        }))?;
        return Ok(0);
    }
    print(&format!("{by_digest}\n"))?;
    if let Some(written) = &written {
        note(&format!("{}: {}", written.display(), human_size(pulled.size)));
    }
    Ok(0)
}
