//! Calls.

use std::ffi::{c_char, c_void};

use holm::{Arguments, Dynamic, Invoke, Report, Result, Returned};

use crate::cancel::holm_cancel;
use crate::data::holm_data;
use crate::given::{Place, place, several, text, usage};
use crate::limits::read_sized;
use crate::report::{Room, holm_report, room};
use crate::value::{holm_value, json};

/// What belongs to a call beside its arguments. All but the size may be NULL.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct holm_call_options {
    /// sizeof(holm_call_options), so that there may be more later.
    pub size: usize,
    /// Ends the call when it is used. It may be freed during the call.
    pub cancel: *const holm_cancel,
    /// For callbacks of the host that are called meanwhile: holm_call_user.
    pub user: *mut c_void,
    /// Where it is written what the call used, also if it fails.
    pub report: *mut holm_report,
}

impl Default for holm_call_options {
    fn default() -> Self {
        use std::ptr::{null, null_mut};
        Self { size: 0, cancel: null(), user: null_mut(), report: null_mut() }
    }
}

/// A user pointer that callbacks of one call are given.
pub(crate) struct CallUser(pub(crate) *mut c_void);

// SAFETY: only callbacks of the host get it, which the header says are called on any thread.
unsafe impl Send for CallUser {}
// SAFETY: likewise.
unsafe impl Sync for CallUser {}

/// A call as C asks for it.
pub(crate) struct Asked<'a> {
    pub(crate) function: &'a str,
    args: Arguments,
    options: holm_call_options,
    report: Option<Room>,
    result: Option<Place<holm_data>>,
    as_json: bool,
}

impl<'a> Asked<'a> {
    /// # Safety
    /// As the header says of all pointers.
    pub(crate) unsafe fn values(
        function: *const c_char,
        args: *const holm_value,
        count: usize,
        options: *const holm_call_options,
        result: *mut *mut holm_data,
    ) -> Result<Self> {
        // SAFETY: as the caller promises, for all that follow.
        let result = unsafe { optional(result) };
        // SAFETY: likewise.
        let args = unsafe { values(args, count) }?;
        let options = match options.is_null() {
            true => holm_call_options::default(),
            // SAFETY: likewise.
            false => unsafe { read_sized(options, "the options of a call") }?,
        };
        // SAFETY: likewise.
        let report = unsafe { room(options.report) }?;
        // SAFETY: likewise.
        let function = unsafe { text(function, "the function's name") }?;
        Ok(Self { function, args: Arguments(args), options, report, result, as_json: false })
    }

    /// # Safety
    /// As the header says of all pointers.
    pub(crate) unsafe fn text(
        function: *const c_char,
        argument: *const c_char,
        result: *mut *mut holm_data,
    ) -> Result<Self> {
        // SAFETY: as the caller promises, for all that follow.
        let asked = unsafe { Self::values(function, std::ptr::null(), 0, std::ptr::null(), result) }?;
        // SAFETY: likewise.
        let argument = unsafe { text(argument, "the argument") }?;
        Ok(Self { args: Arguments(vec![Dynamic::Text(argument.to_owned())]), ..asked })
    }

    /// # Safety
    /// As the header says of all pointers.
    pub(crate) unsafe fn json(
        function: *const c_char,
        args: *const c_char,
        result: *mut *mut holm_data,
    ) -> Result<Self> {
        // SAFETY: as the caller promises, for all that follow.
        let asked = unsafe { Self::values(function, std::ptr::null(), 0, std::ptr::null(), result) }?;
        // SAFETY: likewise.
        let args = json(unsafe { text(args, "the array of arguments") }?, "the array of arguments")?;
        let serde_json::Value::Array(args) = args else { return Err(usage("the arguments are no JSON array")) };
        let args = args.into_iter().map(Dynamic::Json).collect();
        Ok(Self { args: Arguments(args), as_json: true, ..asked })
    }

    /// Makes the call.
    pub(crate) fn make(self, mut invoke: Invoke<'_>) -> Result<()> {
        let mut report = Report::default();
        // SAFETY: the caller gave a cancel that is there for the beginning of the call at least; it is cloned here.
        if let Some(cancel) = unsafe { self.options.cancel.as_ref() } {
            invoke = invoke.cancel(&cancel.0);
        }
        if !self.options.user.is_null() {
            invoke = invoke.with(CallUser(self.options.user));
        }
        let returned = invoke.report(&mut report).run::<Returned>(self.args);
        if let Some(room) = self.report {
            room.put(report);
        }
        let Returned(value) = returned?.value;
        if let Some(place) = self.result {
            place.put(if self.as_json { Dynamic::Json(value.into_json()) } else { value }.into());
        }
        Ok(())
    }
}

/// # Safety
/// `result` is NULL or can be written to.
unsafe fn optional(result: *mut *mut holm_data) -> Option<Place<holm_data>> {
    // SAFETY: as the caller promises.
    unsafe { place(result, "the result") }.ok()
}

/// # Safety
/// `args` is NULL or points to `count` values whose data are what they say.
pub(crate) unsafe fn values(args: *const holm_value, count: usize) -> Result<Vec<Dynamic>> {
    // SAFETY: as the caller promises.
    let args = unsafe { several(args, count, "the arguments") }?.iter().enumerate();
    // SAFETY: likewise.
    args.map(|(at, arg)| unsafe { arg.read(&format!("argument {}", at + 1)) }).collect()
}
