//! Ctrl-C.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use holm_grants::Audit;
use signal_hook::consts::SIGINT;

/// What a shell reports of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// Lets Ctrl-C end the guest and Holm with 130, at once, whatever the guest is doing.
///
/// With `audit`, what it was refused until then is printed first.
pub(crate) fn end_on_ctrl_c(audit: Option<Audit>) {
    // Without a handler the default action remains, which ends the program too.
    let _ = match audit {
        Some(audit) => watch(audit),
        None => signal_hook::flag::register_conditional_shutdown(SIGINT, INTERRUPTED, Arc::new(AtomicBool::new(true)))
            .map(drop),
    };
}

fn watch(audit: Audit) -> std::io::Result<()> {
    let mut signals = signal_hook::iterator::Signals::new([SIGINT])?;
    std::thread::Builder::new().spawn(move || {
        if signals.forever().next().is_some() {
            crate::audit::print(&audit);
            std::process::exit(INTERRUPTED);
        }
    })?;
    Ok(())
}
