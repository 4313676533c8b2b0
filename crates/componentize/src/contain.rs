//! The tools of others, on modules of strangers.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;
use std::thread;

/// Enough for descriptions that nest as deep as a component may.
const STACK: usize = 64 << 20;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs `encode` on a stack that suffices. The tools below panic on some of what they did not expect; to a user that is an
/// error like others.
///
/// # Errors
/// What `encode` returns, and a sentence where it panicked.
pub(crate) fn run<T: Send>(encode: impl FnOnce() -> Result<T, String> + Send) -> Result<T, String> {
    silence_panics_of_quiet_threads();
    let quietly = || {
        QUIET.set(true);
        catch_unwind(AssertUnwindSafe(encode))
    };
    thread::scope(|scope| {
        let worker = thread::Builder::new().name("componentize".to_owned()).stack_size(STACK);
        let worker = worker.spawn_scoped(scope, quietly).map_err(|error| format!("no thread: {error}"))?;
        match worker.join() {
            Ok(Ok(result)) => result,
            Ok(Err(_)) | Err(_) => Err("what it says of its world is of no known form".to_owned()),
        }
    })
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
