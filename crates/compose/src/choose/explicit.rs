//! What the wires of a plan say.

use std::collections::HashMap;

use super::Source;
use crate::error::{ComposeError, VersionSkew};
use crate::name::{compatible, means, same_interface};
use crate::{Extern, Plan, Target, Wire, World};

/// The sources that wires name, by the number of the part and its import.
pub(super) struct Explicit(HashMap<(usize, String), Source>);

impl Explicit {
    pub(super) fn new(plan: &Plan, worlds: &[World]) -> Result<Explicit, ComposeError> {
        let mut found = HashMap::new();
        for wire in &plan.wires {
            let part = number(plan, wire, &wire.part)?;
            let import = import(world(worlds, part), wire)?;
            let source = source(plan, worlds, wire, part, import)?;
            if found.insert((part, import.name.clone()), source).is_some() {
                return Err(nowhere(
                    wire,
                    format!("another wire says where {} of {} comes from", import.name, wire.part),
                    None,
                ));
            }
        }
        Ok(Explicit(found))
    }

    pub(super) fn get(&self, part: usize, import: &str) -> Option<Source> {
        self.0.get(&(part, import.to_owned())).cloned()
    }
}

fn number(plan: &Plan, wire: &Wire, name: &str) -> Result<usize, ComposeError> {
    plan.number(name).ok_or_else(|| {
        let parts: Vec<&str> = (0..=plan.parts.len()).map(|number| plan.name(number)).collect();
        nowhere(wire, format!("there is no part {name}"), Some(format!("the parts are {}", parts.join(", "))))
    })
}

fn world(worlds: &[World], part: usize) -> &World {
    static NONE: World = World { imports: Vec::new(), exports: Vec::new() };
    worlds.get(part).unwrap_or(&NONE)
}

fn import<'a>(world: &'a World, wire: &Wire) -> Result<&'a Extern, ComposeError> {
    let exact = world.imports.iter().filter(|import| import.name == wire.import);
    let near = world.imports.iter().filter(|import| means(&wire.import, &import.name));
    let found: Vec<&Extern> = if exact.clone().next().is_some() { exact.collect() } else { near.collect() };
    match found.as_slice() {
        [import] => Ok(import),
        [] => {
            let why = format!("{} does not import {}", wire.part, wire.import);
            Err(nowhere(wire, why, Some(list(&format!("{} imports", wire.part), &world.imports))))
        }
        several => {
            let names: Vec<&str> = several.iter().map(|import| import.name.as_str()).collect();
            let why = format!("{} imports more than one version of it", wire.part);
            Err(nowhere(wire, why, Some(format!("say which of {}", names.join(", ")))))
        }
    }
}

fn source(plan: &Plan, worlds: &[World], wire: &Wire, from: usize, import: &Extern) -> Result<Source, ComposeError> {
    let (name, said) = match &wire.to {
        Target::Host => return Ok(Source::Host),
        Target::Part { part, export } => (part, export.as_deref()),
    };
    let part = number(plan, wire, name)?;
    if part == from {
        return Err(nowhere(wire, format!("{name} cannot have its imports from itself"), None));
    }
    let exports = &world(worlds, part).exports;
    let is_it = |export: &&Extern| match said {
        Some(said) => means(said, &export.name),
        None => compatible(&import.name, &export.name),
    };
    let found = exports
        .iter()
        .filter(is_it)
        .max_by_key(|export| (Some(export.name.as_str()) == said, export.name == import.name));
    let Some(export) = found else {
        return Err(no_export(wire, import, exports, name, said));
    };
    if export.kind != import.kind {
        let why = format!("{} is not the same kind of thing on both sides", import.name);
        return Err(nowhere(wire, why, None));
    }
    Ok(Source::Part { part, export: export.name.clone(), chosen: true })
}

fn no_export(wire: &Wire, import: &Extern, exports: &[Extern], name: &str, said: Option<&str>) -> ComposeError {
    let near = exports.iter().find(|export| said.is_none() && same_interface(&import.name, &export.name));
    if let Some(export) = near {
        return ComposeError::Version(Box::new(VersionSkew {
            part: wire.part.clone(),
            import: import.name.clone(),
            to: name.to_owned(),
            export: export.name.clone(),
        }));
    }
    let why = format!("{name} does not export {}", said.unwrap_or(&import.name));
    nowhere(wire, why, Some(list(&format!("{name} exports"), exports)))
}

fn list(what: &str, names: &[Extern]) -> String {
    const SHOWN: usize = 12;
    if names.is_empty() {
        return format!("{what} nothing");
    }
    let shown: Vec<&str> = names.iter().take(SHOWN).map(|name| name.name.as_str()).collect();
    let more = if names.len() > SHOWN { format!(" and {} more", names.len() - SHOWN) } else { String::new() };
    format!("{what} {}{more}", shown.join(", "))
}

fn nowhere(wire: &Wire, why: String, hint: Option<String>) -> ComposeError {
    ComposeError::Wire { wire: wire.to_string(), why, hint }
}
