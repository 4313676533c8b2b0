//! Ctrl-C ends whatever runs for this process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;

use holm_engine::{Error, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::building;
use super::command::Running;

/// What a shell reports of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// What runs beside this process, and whether it ends by itself.
#[derive(Default)]
pub(super) struct Ending {
    /// The program, where it is one.
    pub(super) running: Running,
    /// A server hears signals itself, and lets requests finish.
    pub(super) serving: AtomicBool,
}

impl Ending {
    /// Listens for signals from now on. Compilers run in groups of their own, which no terminal sends any to.
    pub(super) fn listen() -> Result<Arc<Self>> {
        let failed = |error| Error::io("listen for signals", &error);
        let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(failed)?;
        let ending = Arc::new(Self::default());
        let heard = Arc::clone(&ending);
        let wait = move || {
            for _ in signals.forever() {
                building::give_up();
                if !heard.serving.load(SeqCst) {
                    heard.running.stop();
                    std::process::exit(INTERRUPTED);
                }
            }
        };
        thread::Builder::new().spawn(wait).map(|_| ending).map_err(failed)
    }
}
