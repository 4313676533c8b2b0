//! `holm dev`: build, serve or run, and again whenever something is saved.

mod building;
mod command;
mod ending;
mod kind;
pub(crate) mod page;
mod watch;

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::thread;

use holm_engine::Result;

use crate::args::{Dev, Serve};
use crate::build::projects::{self, Found};
use crate::output;
use crate::serve::developing::{Driver, serve_while};
use building::{Attempt, settle};
use ending::Ending;
use kind::Kind;
use watch::Watched;

/// Works on a folder until it is told to stop, and returns the exit code.
pub(crate) fn dev(args: Dev) -> Result<i32> {
    if let Some(guest) = command::asked_for() {
        return command::run_once(guest, args);
    }
    let ending = Ending::listen()?;
    let found = Arc::new(projects::of(&args.folder)?);
    let mut attempt = settle(&args, found);
    loop {
        match kind::of(&args, &attempt) {
            Some(Kind::Http) => {
                ending.serving.store(true, SeqCst);
                return serve(args, attempt);
            }
            Some(Kind::Program) => return command::run(args, attempt, &ending.running),
            Some(Kind::Library) => {
                output::note("it neither answers requests nor runs, so it is only built when something is saved");
            }
            None => output::note("it is built again when something is saved"),
        }
        attempt = next(&args, &attempt);
    }
}

/// Waits until something is saved, and builds.
fn next(args: &Dev, last: &Attempt) -> Attempt {
    let for_ever = |pause| {
        thread::sleep(pause);
        false
    };
    Watched::new(&last.found).changed(&last.inputs, false, &for_ever);
    settle(args, Arc::clone(&last.found))
}

fn serve(args: Dev, first: Attempt) -> Result<i32> {
    let served = Serve {
        addr: vec![args.addr.clone().unwrap_or_else(|| "127.0.0.1:3000".to_owned())],
        server_config: None,
        // Who builds knows when there is something new.
        no_watch: true,
        state: None,
        admin: None,
        token_file: None,
        host: args.host.clone(),
        compiling: args.compiling,
        carried: None,
        apps: vec![app(&first.found)],
    };
    let wrong = first.wrong.clone();
    serve_while(served, wrong, move |driver| go_on(&args, first, &driver))
}

/// What is served of what is built: what the manifest says, or the only file.
fn app(found: &Found) -> std::path::PathBuf {
    let manifest = found.manifest.as_ref().map(|(_, manifest)| manifest.clone());
    let only = || found.projects.first().map(|project| project.output.clone());
    manifest.or_else(only).unwrap_or_default()
}

/// Builds again and again; the process ends with the server.
fn go_on(args: &Dev, mut last: Attempt, driver: &Driver) {
    loop {
        last = next(args, &last);
        if building::is_ending() {
            return;
        }
        match &last.wrong {
            None => driver.swap(),
            Some(said) => driver.answer_with(said),
        }
    }
}
