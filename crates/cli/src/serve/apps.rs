//! From what was named on the command line to apps.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use holm_admin::AppName;
use holm_engine::{Error, Kind, Result};
use holm_manifest::App as Manifest;
use holm_serve::apps::{App, Ceilings, World};

use super::wrong::Wrong;
use crate::app;
use crate::args::HostArgs;
use crate::guest::say;

/// The apps that `paths` name, with what the flags give to all of them; without those that have something wrong.
pub(super) fn read(
    paths: &[PathBuf],
    args: &HostArgs,
    ceilings: &Ceilings,
    world: &World,
    wrong: &mut Wrong,
) -> Vec<Arc<App>> {
    let mut apps: Vec<Arc<App>> = Vec::new();
    for path in paths {
        match one(path, args) {
            Ok((name, _)) if apps.iter().any(|app| app.name == name) => {
                let message = format!("two apps are called {name}: give one of them another `name` in its manifest");
                wrong.add(&Error::new(Kind::Usage, message));
            }
            Ok((name, manifest)) => apps.push(App::new(name, manifest, ceilings, world)),
            Err(error) => wrong.add(&error),
        }
    }
    apps
}

fn one(path: &Path, args: &HostArgs) -> Result<(AppName, Manifest)> {
    let mut found = app::find(path)?;
    for guest in &mut found.manifest.guests {
        say(guest, args.clone())?;
    }
    Ok((found.name()?, found.manifest))
}
