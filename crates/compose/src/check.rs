//! What has to be true of a plan before anything is made of it.

use std::collections::HashSet;

use crate::doors::NAMESPACE;
use crate::{BadComponent, ComposeError, MAX_PART_SIZE, MAX_PARTS, MAX_SIZE, Part, Plan, World};

/// Checks names, numbers and sizes, and reads what each part imports and exports: the root first, then the parts in their
/// order.
pub(crate) fn check(plan: &Plan) -> Result<Vec<World>, ComposeError> {
    if plan.parts.len() > MAX_PARTS {
        return Err(ComposeError::TooManyParts(plan.parts.len()));
    }
    let parts = || std::iter::once(&plan.root).chain(&plan.parts);
    let size = parts().map(|part| part.bytes.len() as u64).sum();
    if size > MAX_SIZE {
        return Err(ComposeError::TooLarge(size));
    }
    let mut names = HashSet::new();
    for part in parts() {
        check_name(&part.name)?;
        if !names.insert(&part.name) {
            return Err(ComposeError::SameName(part.name.clone()));
        }
    }
    parts().map(|part| check_part(part).map_err(|why| ComposeError::Part { part: part.name.clone(), why })).collect()
}

fn check_name(name: &str) -> Result<(), ComposeError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if name.is_empty() || name.len() > 63 || !name.chars().all(fits) || name == "host" {
        return Err(ComposeError::Name(name.to_owned()));
    }
    Ok(())
}

pub(crate) fn check_part(part: &Part) -> Result<World, BadComponent> {
    let size = part.bytes.len() as u64;
    if size > MAX_PART_SIZE {
        return Err(BadComponent::TooLarge(size));
    }
    let world = World::read(&part.bytes)?;
    for (names, import) in [(&world.imports, true), (&world.exports, false)] {
        if let Some(reserved) = names.iter().find(|name| is_reserved(&name.name)) {
            // Not validated yet, so it may be anything.
            let name = reserved.name.chars().take(100).collect();
            return Err(BadComponent::Reserved { name, import });
        }
    }
    Ok(world)
}

/// Whether a name could be taken for another part's door: `holm:p` and a number, in any case.
fn is_reserved(name: &str) -> bool {
    let Some((namespace, rest)) = name.split_once(':') else { return false };
    let mut rest = rest.chars();
    namespace.eq_ignore_ascii_case(NAMESPACE)
        && rest.next().is_some_and(|first| first.eq_ignore_ascii_case(&'p'))
        && rest.next().is_some_and(|second| second.is_ascii_digit())
}
