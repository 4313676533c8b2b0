//! Where each import comes from.

mod explicit;

use std::collections::VecDeque;

use crate::error::{Ambiguous, ComposeError, Step, VersionSkew};
use crate::mismatch::Mismatch;
use crate::name::{compatible, is_wasi, same_interface, split};
use crate::{Extern, ExternKind, Plan, World};
use explicit::Explicit;

/// Where one import comes from. Parts are numbered: the root is 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Host,
    Part { part: usize, export: String, chosen: bool },
}

/// Where all imports come from.
#[derive(Debug, Default)]
pub(crate) struct Choices {
    /// For each part the sources of its imports, in their order; `None` for a part that nothing asks for.
    pub(crate) sources: Vec<Option<Vec<Source>>>,
    pub(crate) warnings: Vec<String>,
}

/// Says whether types fit.
pub(crate) trait Types {
    /// How what part `to` exports differs from what `part` imports. `None` when it fits.
    fn mismatch(&self, part: usize, import: &str, to: usize, export: &str) -> Option<Mismatch>;
}

/// Chooses for the root, for what it takes from other parts, and so on.
pub(crate) fn choose(plan: &Plan, worlds: &[World], types: &dyn Types) -> Result<Choices, ComposeError> {
    let explicit = Explicit::new(plan, worlds)?;
    let mut choosing = Choosing { plan, worlds, types, explicit, warnings: Vec::new() };
    let mut sources: Vec<Option<Vec<Source>>> = vec![None; worlds.len()];
    let mut queue = VecDeque::from([0]);
    while let Some(part) = queue.pop_front() {
        let Some(slot) = sources.get_mut(part).filter(|slot| slot.is_none()) else { continue };
        let chosen = choosing.sources(part)?;
        queue.extend(chosen.iter().filter_map(|source| match source {
            Source::Part { part, .. } => Some(*part),
            Source::Host => None,
        }));
        *slot = Some(chosen);
    }
    refuse_cycles(plan, worlds, &sources)?;
    Ok(Choices { sources, warnings: choosing.warnings })
}

struct Choosing<'a> {
    plan: &'a Plan,
    worlds: &'a [World],
    types: &'a dyn Types,
    explicit: Explicit,
    warnings: Vec<String>,
}

/// A part and the name of its export.
type Candidate = (usize, String);

impl Choosing<'_> {
    fn sources(&mut self, part: usize) -> Result<Vec<Source>, ComposeError> {
        let imports = self.worlds.get(part).map(|world| world.imports.clone()).unwrap_or_default();
        imports.iter().map(|import| self.source(part, import)).collect()
    }

    fn source(&mut self, part: usize, import: &Extern) -> Result<Source, ComposeError> {
        if let Some(source) = self.explicit.get(part, &import.name) {
            if let Source::Part { part: to, export, .. } = &source {
                self.refuse_mismatch(part, &import.name, *to, export)?;
            }
            return Ok(source);
        }
        // Types come along with the instances that they are of; components and modules only where a wire says so.
        if !matches!(import.kind, ExternKind::Instance | ExternKind::Function) {
            return Ok(Source::Host);
        }
        let candidates = self.candidates(part, import);
        if candidates.is_empty() {
            self.refuse_other_version(part, import)?;
            return Ok(Source::Host);
        }
        self.only_one(part, import, candidates)
    }

    /// The other parts that export it, as far as names tell. What the root exports is taken only where no other part has
    /// it: whoever needs the root cannot be needed by it.
    fn candidates(&mut self, part: usize, import: &Extern) -> Vec<Candidate> {
        let mut found: Vec<Candidate> = (1..self.worlds.len())
            .filter(|other| *other != part)
            .filter_map(|other| Some((other, best_export(self.worlds.get(other)?, import)?)))
            .collect();
        if is_wasi(&import.name) {
            found.retain(|(other, _)| self.may_virtualise(part, import, *other));
        } else if found.is_empty() && part != 0 {
            found.extend(self.worlds.first().and_then(|root| best_export(root, import)).map(|export| (0, export)));
        }
        found
    }

    /// Whether a part may stand in for the host. One that is there for something else as well might take what another part
    /// was granted without anyone having meant it to.
    fn may_virtualise(&mut self, part: usize, import: &Extern, other: usize) -> bool {
        let exports = self.worlds.get(other).map(|world| world.exports.as_slice()).unwrap_or_default();
        let only_wasi = exports.iter().all(|export| is_wasi(&export.name));
        if !only_wasi {
            let (part, other, name) = (self.plan.name(part), self.plan.name(other), &import.name);
            self.warnings.push(format!(
                "{part} has {name} from the host, although {other} exports it as well: only a part that exports nothing but \
                 WASI stands in for the host without being told to (--wire {part}/{name}={other})"
            ));
        }
        only_wasi
    }

    fn only_one(&self, part: usize, import: &Extern, candidates: Vec<Candidate>) -> Result<Source, ComposeError> {
        let mismatch = |(to, export): &Candidate| self.types.mismatch(part, &import.name, *to, export);
        let (fitting, wrong): (Vec<_>, Vec<_>) =
            candidates.into_iter().map(|it| (mismatch(&it), it)).partition(|(wrong, _)| wrong.is_none());
        let mut fitting: Vec<Candidate> = fitting.into_iter().map(|(_, it)| it).collect();
        match (fitting.len(), wrong.into_iter().find_map(|(wrong, _)| wrong)) {
            (0, Some(wrong)) => Err(ComposeError::Mismatch(Box::new(wrong))),
            (0 | 1, _) => {
                Ok(fitting.pop().map_or(Source::Host, |(part, export)| Source::Part { part, export, chosen: false }))
            }
            _ => Err(ComposeError::Ambiguous(Ambiguous {
                part: self.plan.name(part).to_owned(),
                import: import.name.clone(),
                candidates: fitting.into_iter().map(|(to, export)| (self.plan.name(to).to_owned(), export)).collect(),
            })),
        }
    }

    fn refuse_mismatch(&self, part: usize, import: &str, to: usize, export: &str) -> Result<(), ComposeError> {
        match self.types.mismatch(part, import, to, export) {
            Some(wrong) => Err(ComposeError::Mismatch(Box::new(wrong))),
            None => Ok(()),
        }
    }

    /// A part that has the interface in another version was meant for it. With WASI's, which the host has, that is only worth
    /// a warning.
    fn refuse_other_version(&mut self, part: usize, import: &Extern) -> Result<(), ComposeError> {
        if !split(&import.name).0.contains(':') {
            return Ok(());
        }
        let near = |export: &&Extern| export.kind == import.kind && same_interface(&import.name, &export.name);
        let mut others = self.worlds.iter().enumerate().skip(1).filter(|(other, _)| *other != part);
        let Some((other, export)) =
            others.find_map(|(other, world)| Some((other, world.exports.iter().find(near)?.name.clone())))
        else {
            return Ok(());
        };
        let (part, to) = (self.plan.name(part).to_owned(), self.plan.name(other).to_owned());
        let skew = VersionSkew { part, import: import.name.clone(), to, export };
        if is_wasi(&import.name) {
            if !compatible(&skew.import, &skew.export) {
                self.warnings.push(format!("{skew}; it is left for the host"));
            }
            return Ok(());
        }
        Err(ComposeError::Version(Box::new(skew)))
    }
}

/// The export that may satisfy an import: the one of its very name, else the newest that is compatible.
fn best_export(world: &World, import: &Extern) -> Option<String> {
    let fits = |export: &&Extern| export.kind == import.kind && compatible(&import.name, &export.name);
    let version = |export: &&Extern| split(&export.name).1.and_then(|version| semver::Version::parse(version).ok());
    let key = |export: &&Extern| (export.name == import.name, version(export));
    world.exports.iter().filter(fits).max_by_key(key).map(|export| export.name.clone())
}

fn refuse_cycles(plan: &Plan, worlds: &[World], sources: &[Option<Vec<Source>>]) -> Result<(), ComposeError> {
    let mut done = vec![false; worlds.len()];
    // Parts on the way from the root, and which of their imports is being followed.
    let mut path: Vec<(usize, usize)> = vec![(0, 0)];
    while let Some((part, next)) = path.last_mut() {
        let source = sources.get(*part).and_then(|sources| sources.as_ref()?.get(*next));
        *next += 1;
        match source {
            None => {
                if let Some(done) = done.get_mut(*part) {
                    *done = true;
                }
                path.pop();
            }
            Some(Source::Part { part: to, .. }) if !done.get(*to).copied().unwrap_or(true) => {
                let to = *to;
                if let Some(start) = path.iter().position(|(part, _)| *part == to) {
                    let cycle = path.get(start..).unwrap_or_default();
                    return Err(ComposeError::Cycle(steps(plan, worlds, cycle, to)));
                }
                path.push((to, 0));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

fn steps(plan: &Plan, worlds: &[World], cycle: &[(usize, usize)], start: usize) -> Vec<Step> {
    let ends = cycle.iter().skip(1).map(|(part, _)| *part).chain([start]);
    let step = |((part, next), to): (&(usize, usize), usize)| Step {
        part: plan.name(*part).to_owned(),
        // The counter is one ahead.
        import: worlds
            .get(*part)
            .and_then(|world| world.imports.get(*next - 1))
            .map(|it| it.name.clone())
            .unwrap_or_default(),
        to: plan.name(to).to_owned(),
    };
    cycle.iter().zip(ends).map(step).collect()
}
