//! From what was named on the command line to apps.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use holm_engine::{Error, Kind, Result};
use holm_manifest::App as Manifest;
use holm_serve::Load;
use holm_serve::apps::{App, Ceilings};

use super::load::Loading;
use crate::app;
use crate::args::HostArgs;
use crate::guest::say;

/// The apps that `paths` name, with what the flags give to all of them.
///
/// # Errors
/// Everything that is wrong with any of them, at once.
pub(super) fn read(
    paths: &[PathBuf],
    args: &HostArgs,
    ceilings: &Ceilings,
    load: &Arc<Loading>,
) -> Result<Vec<Arc<App>>> {
    let load: Arc<dyn Load> = Arc::clone(load) as Arc<dyn Load>;
    let mut apps: Vec<Arc<App>> = Vec::new();
    let mut wrong = Vec::new();
    for path in paths {
        match one(path, args) {
            Ok((name, _)) if apps.iter().any(|app| app.name == name) => {
                wrong.push(format!("two apps are called {name}: give one of them another `name` in its manifest"));
            }
            Ok((name, manifest)) => apps.push(App::new(&name, manifest, ceilings, &load)),
            Err(error) => wrong.push(error.to_string()),
        }
    }
    if wrong.is_empty() { Ok(apps) } else { Err(Error::new(Kind::Usage, wrong.join("\n"))) }
}

fn one(path: &Path, args: &HostArgs) -> Result<(String, Manifest)> {
    let mut found = app::find(path)?;
    for guest in &mut found.manifest.guests {
        say(guest, args.clone())?;
    }
    Ok((found.name(), found.manifest))
}
