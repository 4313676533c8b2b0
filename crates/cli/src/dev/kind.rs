//! Whether what is built answers requests or runs.

use std::fs;
use std::path::Path;

use holm_engine::Source;
use holm_engine::shape::Shape;
use holm_manifest::{Guest, Platform, Trigger};

use super::building::Attempt;
use crate::args::Dev;
use crate::build::projects::Found;

/// What is done with what is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It is served.
    Http,
    /// It is run.
    Program,
    /// Neither.
    Library,
}

/// What the last attempt made, or what an earlier one did; `None` as long as nothing was made that says it.
pub(super) fn of(args: &Dev, attempt: &Attempt) -> Option<Kind> {
    let app = attempt.found.manifest.as_ref().map(|(app, _)| app);
    if let Some(app) = app.filter(|app| app.platform == Platform::Spin) {
        let is_run = |guest: &Guest| guest.routes.is_empty() && guest.triggers == [Trigger::Command];
        let all = args.addr.is_none() && app.guests.iter().all(is_run);
        return Some(if all { Kind::Program } else { Kind::Http });
    }
    if args.addr.is_some() || describes_a_site(&attempt.found) {
        return Some(Kind::Http);
    }
    let project = attempt.found.projects.last()?;
    let made = Source::read(&project.output.to_string_lossy()).ok().and_then(|made| Shape::parse(&made.bytes).ok());
    match (made, &attempt.wrong) {
        (Some(shape), _) => Some(of_shape(&shape)),
        (None, None) => Some(Kind::Library),
        (None, Some(_)) => will_answer(project.folder()).then_some(Kind::Http),
    }
}

fn describes_a_site(found: &Found) -> bool {
    let Some((app, _)) = &found.manifest else { return false };
    let in_front = |guest: &Guest| guest.upstream.is_some() || !guest.filters.is_empty();
    app.guests.len() > 1 || app.guests.iter().any(in_front)
}

fn of_shape(shape: &Shape) -> Kind {
    let exports = |name: &str| shape.exports.iter().any(|export| export.name.starts_with(name));
    if exports("wasi:http/incoming-handler@") || exports("wasi:http/handler@") {
        return Kind::Http;
    }
    match exports("wasi:cli/run@") || exports("_start") {
        true => Kind::Program,
        false => Kind::Library,
    }
}

/// A guess at sources that were never built: their WIT exports a handler, or a crate for handlers is used.
fn will_answer(folder: &Path) -> bool {
    let wit = fs::read_dir(folder.join("wit")).into_iter().flatten().flatten();
    let texts = wit.filter_map(|file| fs::read_to_string(file.path()).ok());
    let mut lines = texts.flat_map(|text| text.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>());
    let cargo = fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
    let crates = ["wstd", "wasip2", "wasip3"];
    lines.any(|line| line.starts_with("export wasi:http/") || line.starts_with("include wasi:http/"))
        || cargo.lines().any(|line| crates.iter().any(|name| line.trim_start().starts_with(name)))
}
