//! Sessions.

use std::ffi::c_char;
use std::sync::{Mutex, MutexGuard, TryLockError};

use holm::{Result, Session};

use crate::call::{Asked, holm_call_options};
use crate::data::holm_data;
use crate::error::holm_error;
use crate::given::{needed, place, taken, usage};
use crate::guard::{caught, guard};
use crate::plugin::holm_plugin;
use crate::value::holm_value;

/// An instance of a plugin that keeps what it has in memory from one call to the next. A call that traps or reaches a limit
/// ends the instance, and the next call begins with a fresh one.
///
/// One call at a time: others meanwhile, from other threads or from a callback, return HOLM_KIND_USAGE.
pub struct holm_session(Mutex<Session>);

impl holm_session {
    /// Waiting for another call would be for ever, where that one waits for a callback that is this one.
    fn free(&self) -> Result<MutexGuard<'_, Session>> {
        match self.0.try_lock() {
            Ok(session) => Ok(session),
            Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => Err(usage("the session is busy with another call")),
        }
    }

    fn make(&self, asked: Asked<'_>) -> Result<()> {
        let mut session = self.free()?;
        let function = asked.function;
        asked.make(session.invoke(function))
    }
}

/// Writes a session of the plugin to `session`. Its instance is made when it is first called.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_session_open(
    plugin: *const holm_plugin,
    session: *mut *mut holm_session,
) -> *mut holm_error {
    guard(|| {
        // SAFETY: as the caller promises.
        let place = unsafe { place(session, "the session") }?;
        // SAFETY: likewise.
        let session = unsafe { needed(plugin, "the plugin") }?.plugin.session();
        place.put(holm_session(Mutex::new(session)));
        Ok(())
    })
}

/// Calls a function on the session's instance, otherwise as holm_plugin_call.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_session_call(
    session: *const holm_session,
    function: *const c_char,
    args: *const holm_value,
    count: usize,
    options: *const holm_call_options,
    result: *mut *mut holm_data,
) -> *mut holm_error {
    guard(|| {
        // SAFETY: as the caller promises.
        let asked = unsafe { Asked::values(function, args, count, options, result) }?;
        // SAFETY: likewise.
        unsafe { needed(session, "the session") }?.make(asked)
    })
}

/// Calls a function of one argument that is text, otherwise as holm_session_call.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_session_call_text(
    session: *const holm_session,
    function: *const c_char,
    argument: *const c_char,
    result: *mut *mut holm_data,
) -> *mut holm_error {
    guard(|| {
        // SAFETY: as the caller promises.
        let asked = unsafe { Asked::text(function, argument, result) }?;
        // SAFETY: likewise.
        unsafe { needed(session, "the session") }?.make(asked)
    })
}

/// Calls a function whose arguments are a JSON array and whose result is JSON, as holm_plugin_call_json.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_session_call_json(
    session: *const holm_session,
    function: *const c_char,
    args: *const c_char,
    result: *mut *mut holm_data,
) -> *mut holm_error {
    guard(|| {
        // SAFETY: as the caller promises.
        let asked = unsafe { Asked::json(function, args, result) }?;
        // SAFETY: likewise.
        unsafe { needed(session, "the session") }?.make(asked)
    })
}

/// Lets go of the instance: the next call begins with a fresh one, of the newest code.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_session_restart(session: *const holm_session) -> *mut holm_error {
    guard(|| {
        // SAFETY: as the caller promises.
        unsafe { needed(session, "the session") }?.free()?.restart();
        Ok(())
    })
}

/// How many instances the session has had: more than one if calls failed or it was restarted. 0 for NULL, or while a call is
/// under way.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_session_instances(session: *const holm_session) -> u64 {
    // SAFETY: as the caller promises.
    let session = unsafe { session.as_ref() };
    session.and_then(|session| session.free().ok()).map_or(0, |session| session.instances())
}

/// Frees a session and its instance; not while a call is under way. NULL is none.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_session_free(session: *mut holm_session) {
    // SAFETY: as the caller promises.
    let session = unsafe { taken(session) };
    caught(|| drop(session));
}
