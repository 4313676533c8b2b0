//! Which guest of a manifest is meant.

use std::collections::BTreeMap;
use std::path::Path;

use holm_engine::{Error, Kind, Result};
use holm_manifest::{App, Guest, Platform, Services, Trigger, Variable};

/// What a guest has of the app that it belongs to.
#[derive(Debug, Default)]
#[cfg_attr(not(feature = "stores"), expect(dead_code, reason = "guests are lent nothing"))]
pub(crate) struct OfApp {
    /// Where what it is lent is kept.
    pub(crate) services: Services,
    /// The variables that its own are made of.
    pub(crate) variables: BTreeMap<String, Variable>,
    /// For which program the app was written.
    pub(crate) platform: Platform,
    /// What the app is called, where it keeps what it keeps under that name: those of Spin do.
    pub(crate) name: Option<String>,
}

impl OfApp {
    /// That of this app, which has it no more.
    pub(crate) fn take(app: &mut App) -> Self {
        let (services, variables) = (std::mem::take(&mut app.services), std::mem::take(&mut app.variables));
        Self { services, variables, platform: app.platform, name: None }
    }
}

/// Whether every guest of `app` is another file than `guest`, so that the manifest speaks of something else.
pub(crate) fn is_of_others(app: &App, guest: &str) -> bool {
    app.guests.iter().all(|described| match &described.file {
        Some(file) => !same_file(Path::new(guest), file),
        None => described.upstream.is_some(),
    })
}

/// The guest of `app` that lies in the file `named`, or its only one, and what it has of the app. `manifest` is where the
/// app is from.
pub(crate) fn choose(mut app: App, named: Option<&str>, manifest: &Path) -> Result<(Guest, OfApp)> {
    let of_app = OfApp::take(&mut app);
    one(app, named, manifest).map(|guest| (guest, of_app))
}

fn one(mut app: App, named: Option<&str>, manifest: &Path) -> Result<Guest> {
    if app.guests.len() == 1
        && let Some(only) = app.guests.pop()
    {
        return Ok(only);
    }
    // What says that it is there to be run is what is meant, if nothing else says so.
    let runs = |guest: &&Guest| guest.triggers.contains(&Trigger::Command);
    if let (None, Some(only), 1) = (named, app.guests.iter().find(runs), app.guests.iter().filter(runs).count()) {
        return Ok(only.clone());
    }
    let is_named = |guest: &Guest| match (named, &guest.file) {
        (Some(named), Some(file)) => same_file(Path::new(named), file),
        _ => false,
    };
    let mut meant: Vec<Guest> = app.guests.iter().filter(|guest| is_named(guest)).cloned().collect();
    match (meant.pop(), meant.is_empty()) {
        (Some(guest), true) => Ok(guest),
        (Some(_), false) => {
            Err(several(&app, manifest, "more than one of them is this file, so it does not say which is meant"))
        }
        (None, _) => Err(several(&app, manifest, "name the file of one of them: holm run FILE")),
    }
}

fn several(app: &App, manifest: &Path, advice: &str) -> Error {
    let described = app.guests.iter().map(|guest| {
        let file = guest.file.as_deref().map(|file| file.display().to_string());
        let place = file.or_else(|| guest.upstream.as_ref().map(ToString::to_string)).unwrap_or_default();
        format!("{} ({place})", guest.name.as_deref().unwrap_or_default())
    });
    let described = described.collect::<Vec<_>>().join(", ");
    Error::new(Kind::Usage, format!("which guest? {} has several: {described}", manifest.display())).note(advice)
}

/// The error of `file`, with what makes it if it is among those `built` from sources, and not there.
pub(crate) fn unbuilt<P: AsRef<Path>>(error: Error, file: &Path, mut built: impl Iterator<Item = P>) -> Error {
    match error.kind() == Kind::NotFound && built.any(|made| made.as_ref() == file) {
        true => error.note("`holm build` makes it from its sources"),
        false => error,
    }
}

fn same_file(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}
