//! Building everything, as often as something is saved.

use std::io::{IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use holm_build::{BuildError, Cancel, How, Inputs};
use holm_engine::Result;

use super::watch::Watched;
use crate::build::projects::{self, Found};
use crate::build::{said, show_step, told};
use crate::{args::Dev, output};

/// What is kept of what compilers say, in bytes.
const KEPT: usize = 1 << 20;

/// One build of everything.
pub(super) struct Attempt {
    /// What was found, or what was found last.
    pub(super) found: Arc<Found>,
    /// What went wrong, as it was said; `None` if nothing did.
    pub(super) wrong: Option<String>,
    /// What all of it was made from.
    pub(super) inputs: Inputs,
}

/// Builds until nothing is saved meanwhile: what is saved during a build begins it anew.
pub(super) fn settle(args: &Dev, mut found: Arc<Found>, stop: &(dyn Fn() -> bool + Sync)) -> Attempt {
    loop {
        let watched = Watched::new(&found);
        let before = watched.now();
        match projects::of(&args.folder) {
            Ok(now) => found = Arc::new(now),
            Err(error) => {
                output::report(&error);
                return Attempt { found, wrong: Some(written(&error)), inputs: before };
            }
        }
        let watched = Watched::new(&found);
        let inputs = watched.now();
        let cancel = begin();
        let (ended, mut saved) = (Mutex::new(false), false);
        let over = || stop() || *ended.lock().unwrap_or_else(PoisonError::into_inner);
        let result = thread::scope(|scope| {
            let building = scope.spawn(|| {
                let result = all(args, &found, &cancel);
                *ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
                result
            });
            // A command may write what it likes among the sources.
            if found.projects.iter().all(|project| project.build.command.is_none()) {
                saved = watched.changed(&inputs, true, &over);
                if saved || stop() {
                    cancel.cancel();
                }
            }
            building.join().unwrap_or(Err(String::new()))
        });
        if saved && !stop() {
            continue;
        }
        let inputs = inputs.after_tools(&watched.now());
        return Attempt { found, wrong: result.err(), inputs };
    }
}

/// The build that is under way, or was last.
static UNDER_WAY: Mutex<Option<Arc<Cancel>>> = Mutex::new(None);

fn begin() -> Arc<Cancel> {
    let cancel = Arc::new(Cancel::default());
    *UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&cancel));
    cancel
}

/// Ends the build that is under way, with its compilers.
pub(super) fn give_up() {
    if let Some(cancel) = &*UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner) {
        cancel.cancel();
    }
}

/// Builds all projects, and returns what was said if one of them fails.
fn all(args: &Dev, found: &Found, cancel: &Cancel) -> Result<(), String> {
    let heard = Mutex::new(Vec::new());
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let on_output = |said: &[u8]| {
        let _ = std::io::stderr().write_all(said);
        let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
        let room = KEPT.saturating_sub(heard.len());
        heard.extend_from_slice(said.get(..room).unwrap_or(said));
    };
    let mut wrong = String::new();
    for project in &found.projects {
        let step = |step: &str| show_step(&project.name, step);
        let how = How {
            release: args.release,
            force: false,
            colour,
            on_step: Some(&step),
            on_output: Some(&on_output),
            preinitialise: crate::build::PREINITIALISE,
            cancel: Some(cancel),
        };
        match holm_build::build(project, &how) {
            Ok(built) if built.unchanged => {}
            Ok(built) => output::note(said(&built).trim_end()),
            Err(BuildError::Cancelled) => return Err(String::new()),
            Err(error) => {
                let error = told(project, &error, found.projects.len());
                output::report(&error);
                let heard = std::mem::take(&mut *heard.lock().unwrap_or_else(PoisonError::into_inner));
                wrong += &format!("{}{}\n", String::from_utf8_lossy(&heard), written(&error));
            }
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

/// An error as text, with what helps.
pub(super) fn written(error: &holm_engine::Error) -> String {
    let notes = error.notes().iter().map(|note| format!("\nhint: {note}"));
    std::iter::once(format!("error: {error}")).chain(notes).collect()
}
