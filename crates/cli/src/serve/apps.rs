//! From what was named on the command line to apps.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use holm_admin::AppName;
use holm_engine::shape::Digest;
use holm_engine::{Error, Kind, Result};
use holm_manifest::App as Manifest;
use holm_serve::apps::App;

use super::copies::Copies;
use super::files::Files;
#[cfg(feature = "spin")]
use super::shown::pack;
use super::wrong::Wrong;
use crate::args::{HostArgs, Serve};
use crate::described::unbuilt;
use crate::guest::say;
use crate::{app, sources};

/// An app as it was read, with what the flags give to all apps. Two that are equal behave the same.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) name: AppName,
    /// Its files are copies.
    pub(super) manifest: Manifest,
    pub(super) digests: Vec<Digest>,
}

#[cfg(feature = "build")]
impl Read {
    /// An app that answers every request, whatever the files say.
    pub(super) fn of_everything(name: AppName) -> Self {
        Self { name, manifest: Manifest::default(), digests: Vec::new() }
    }
}

/// An app that is served.
#[derive(Clone)]
pub(super) struct Named {
    pub(super) read: Read,
    pub(super) app: Arc<App>,
}

/// The apps that `paths` name, without those that have something wrong. `files` takes note of what was read.
pub(super) fn read(
    paths: &[PathBuf],
    args: &Serve,
    copies: &Copies,
    files: &mut Files,
    wrong: &mut Wrong,
) -> Vec<Read> {
    if let Some(carried) = &args.carried {
        return vec![carried.read()];
    }
    let mut apps: Vec<Read> = Vec::new();
    for path in paths {
        match one(path, &args.host, copies, files, wrong) {
            Ok(Some(read)) if apps.iter().any(|app| app.name == read.name) => {
                let message =
                    format!("two apps are called {}: give one of them another `name` in its manifest", read.name);
                wrong.add(&Error::new(Kind::Usage, message));
            }
            Ok(read) => apps.extend(read),
            Err(error) => wrong.add(&error),
        }
    }
    apps
}

/// `None` where a file of it cannot be read, which is told.
fn one(path: &Path, args: &HostArgs, copies: &Copies, files: &mut Files, wrong: &mut Wrong) -> Result<Option<Read>> {
    files.note(path);
    let folder = if path.is_dir() { path } else { path.parent().unwrap_or(Path::new("")) };
    files.note(&folder.join("holm.toml"));
    files.note(&folder.join("spin.toml"));
    let mut found = app::find(path)?;
    let root = &found.from.parent().unwrap_or(Path::new("")).to_owned();
    let name = found.name()?;
    let (mut digests, mut whole) = (configure(&mut found.manifest, &name, args, files)?, true);
    for guest in &mut found.manifest.guests {
        say(guest, args.clone())?;
        let built: Vec<PathBuf> = guest.built().map(Path::to_owned).collect();
        let named = guest.clone();
        for file in guest.files_mut() {
            files.note(file);
            let copied = sources::local(file, &named, &args.registry).and_then(|local| copies.of(&local, file));
            match wrong.unless(copied.map_err(|error| unbuilt(error, file, built.iter()))) {
                Some((copy, digest)) => {
                    *file = copy;
                    digests.push(digest);
                }
                None => whole = false,
            }
        }
        match wrong.unless(pack(guest, root, copies, files)) {
            Some(packed) => digests.extend(packed),
            None => whole = false,
        }
    }
    Ok(whole.then_some(Read { name, manifest: found.manifest, digests }))
}

/// Has an app of Spin's take over what the flags say. `files` takes note of what else is read for that, and what is returned
/// says whether it changed.
#[cfg(feature = "spin")]
fn configure(app: &mut Manifest, name: &AppName, args: &HostArgs, files: &mut Files) -> Result<Vec<Digest>> {
    use crate::spin::configure;

    let mut digests = Vec::new();
    for file in configure::files(app, args) {
        files.note(file);
        digests.push(Digest::of(&std::fs::read(file).unwrap_or_default()));
    }
    configure::configure(app, name.as_str(), args)?;
    Ok(digests)
}

#[cfg(not(feature = "spin"))]
#[expect(clippy::unnecessary_wraps, reason = "whoever reads files may fail")]
fn configure(_: &mut Manifest, _: &AppName, _: &HostArgs, _: &mut Files) -> Result<Vec<Digest>> {
    Ok(Vec::new())
}

/// Guests see no files where nothing of Spin's is served.
#[cfg(not(feature = "spin"))]
#[expect(clippy::unnecessary_wraps, reason = "whoever packs may fail")]
fn pack(_: &holm_manifest::Guest, _: &Path, _: &Copies, _: &mut Files) -> Result<Option<Digest>> {
    Ok(None)
}
