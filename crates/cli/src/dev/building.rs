//! Building everything, as often as something is saved.

use std::io::{IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use holm_build::{BuildError, Cancel, How, Inputs};

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
pub(super) fn settle(args: &Dev, mut found: Arc<Found>) -> Attempt {
    loop {
        let before = Watched::new(&found).now();
        match projects::of(&args.folder) {
            Ok(now) => found = Arc::new(now),
            Err(error) => {
                output::report(&error);
                return Attempt { found, wrong: Some(written(&error)), inputs: before };
            }
        }
        let watched = Watched::new(&found);
        let inputs = watched.now();
        if let Some(result) = unless_saved(args, &found, &watched, &inputs) {
            // A command may write what it likes among the sources, and always does so again.
            let inputs = if watched.by_command() { watched.now() } else { inputs.after_tools(&watched.now()) };
            return Attempt { found, wrong: result.err(), inputs };
        }
    }
}

/// Builds everything, and returns what was said if it fails; `None` when something was saved meanwhile.
fn unless_saved(args: &Dev, found: &Found, watched: &Watched, inputs: &Inputs) -> Option<Result<(), String>> {
    let cancel = begin();
    let (done, waits) = channel::<()>();
    thread::scope(|scope| {
        let building = scope.spawn(|| {
            let _done = done;
            all(args, found, &cancel)
        });
        let is_done = |pause| waits.recv_timeout(pause) == Err(RecvTimeoutError::Disconnected);
        let saved = !watched.by_command() && watched.changed(inputs, true, &is_done);
        if saved {
            cancel.cancel();
        }
        let result = building.join().unwrap_or_else(|_| Err("error: building broke off".to_owned()));
        (!saved).then_some(result)
    })
}

/// The build that is under way, or was last.
static UNDER_WAY: Mutex<Option<Arc<Cancel>>> = Mutex::new(None);

/// Nothing is built any more.
static ENDING: AtomicBool = AtomicBool::new(false);

fn begin() -> Arc<Cancel> {
    let cancel = Arc::new(Cancel::default());
    let mut under_way = UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner);
    if is_ending() {
        cancel.cancel();
    }
    *under_way = Some(Arc::clone(&cancel));
    cancel
}

/// Whether what builds report is of no interest any more.
pub(super) fn is_ending() -> bool {
    ENDING.load(SeqCst)
}

/// Ends the build that is under way, with its compilers, and all that are to come.
pub(super) fn give_up() {
    let under_way = UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner);
    ENDING.store(true, SeqCst);
    if let Some(cancel) = &*under_way {
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
