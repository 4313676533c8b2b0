//! Running code of others on hostile input.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;
use std::thread;

use crate::ComposeError;

/// Enough for types that nest as deep as the validator allows, in functions that were not written to be lean.
const STACK: usize = 64 << 20;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs `compose` on a stack that suffices. The library below us has places where it gives up on what it did not expect by
/// panicking; to a user that is an error like others.
///
/// # Errors
/// What `compose` returns, and [`ComposeError::Invalid`] when it panicked.
pub(crate) fn run<T: Send>(compose: impl FnOnce() -> Result<T, ComposeError> + Send) -> Result<T, ComposeError> {
    silence_panics_of_quiet_threads();
    let quietly = || {
        QUIET.set(true);
        catch_unwind(AssertUnwindSafe(compose))
    };
    thread::scope(|scope| {
        let worker = thread::Builder::new().name("compose".to_owned()).stack_size(STACK);
        let worker = worker.spawn_scoped(scope, quietly).map_err(|error| invalid(&format!("no thread: {error}")))?;
        match worker.join() {
            Ok(Ok(result)) => result,
            Ok(Err(_)) | Err(_) => Err(invalid("its types are of a form that cannot be composed yet")),
        }
    })
}

fn invalid(why: &str) -> ComposeError {
    ComposeError::Invalid(why.to_owned())
}

/// A panic that is caught is no news for the terminal. Those of all other threads are reported as before.
fn silence_panics_of_quiet_threads() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |info| {
            if !QUIET.get() {
                before(info);
            }
        }));
    });
}
