//! Functions of the host.

use std::cell::OnceCell;
use std::ffi::{CString, c_char, c_void};
use std::ptr::{null, null_mut};
use std::sync::Arc;

use holm::{
    Call, Datum, Dynamic, Error, FromGuest as _, HostFunction, Kind, Provided, Result, Signature, ToGuest as _,
};

use crate::call::CallUser;
use crate::error::{self, kind_of};
use crate::given::{User, text, usage};
use crate::guard::guard;
use crate::value::{holm_value, written};

/// A function of the host that plugins call. It is called on the thread of the call, so on several at once if the plugin is.
///
/// `args` has `count` values, which are gone when it returns, as `call` and `answer` are. It says what it returns by
/// holm_answer_value, or ends the plugin's call by holm_answer_fail. It may call other plugins, and this one.
pub type holm_host_fn = Option<
    unsafe extern "C" fn(
        user: *mut c_void,
        call: *const holm_call,
        args: *const holm_value,
        count: usize,
        answer: *mut holm_answer,
    ),
>;

/// The call of a plugin that a function of the host is part of.
pub struct holm_call {
    call: Call,
    plugin: OnceCell<CString>,
}

/// What a function of the host answers.
#[derive(Default)]
pub struct holm_answer(Option<Result<Dynamic>>);

/// What a function of the host is: a callback, and what belongs to it.
pub(crate) struct Callback {
    pub(crate) from: String,
    pub(crate) name: String,
    pub(crate) signature: Signature,
    pub(crate) function: holm_host_fn,
    pub(crate) user: User,
}

impl Callback {
    pub(crate) fn provided(self) -> Provided {
        let Signature { params, results } = self.signature.clone();
        let (from, name) = (self.from.clone(), self.name.clone());
        let function = HostFunction::Now(Arc::new(move |caller, args| self.call(Call::of(caller), args)));
        Provided { from, name, params, results, function }
    }

    fn call(&self, call: Call, args: Vec<Datum>) -> Result<Vec<Datum>> {
        let Some(function) = self.function else { return Err(self.failed("is NULL")) };
        let args = args.into_iter().map(|arg| Dynamic::from_guest(arg).map(written).map_err(|why| self.failed(&why)));
        let args = args.collect::<Result<Vec<_>>>()?;
        let values: Vec<_> = args.iter().map(|(kind, data)| holm_value::new(*kind, data)).collect();
        let (call, mut answer) = (holm_call { call, plugin: OnceCell::new() }, holm_answer::default());
        // SAFETY: the caller gave the function and its pointer together; all else is there until it returns.
        unsafe { function(self.user.pointer(), &raw const call, values.as_ptr(), values.len(), &raw mut answer) };
        match (answer.0, self.signature.results.first()) {
            (Some(Err(error)), _) => Err(error),
            (None | Some(Ok(Dynamic::Nothing)), None) => Ok(Vec::new()),
            (Some(Ok(_)), None) => Err(self.failed("answered, and was to return nothing")),
            (None, Some(_)) => Err(self.failed("did not answer")),
            (Some(Ok(value)), Some(ty)) => {
                let result = value.to_guest(ty).map_err(|why| self.failed(&format!("returned {why}")))?;
                Ok(vec![result])
            }
        }
    }

    fn failed(&self, why: &str) -> Error {
        Error::new(Kind::Internal, format!("the host's function `{}` {why}", self.name))
    }
}

/// The name of the plugin that calls; "" while an instance starts. It belongs to the call; NULL for NULL.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_call_plugin(call: *const holm_call) -> *const c_char {
    // SAFETY: as the caller promises.
    let Some(call) = (unsafe { call.as_ref() }) else { return null() };
    call.plugin.get_or_init(|| error::text(call.call.plugin())).as_ptr()
}

/// The user pointer of the call (holm_call_options), or NULL, as it is while an instance starts.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_call_user(call: *const holm_call) -> *mut c_void {
    // SAFETY: as the caller promises.
    let call = unsafe { call.as_ref() };
    call.and_then(|call| call.call.with::<CallUser>()).map_or(null_mut(), |user| user.0)
}

/// Answers with a value, which is copied and has to be of the type that the function was said to return. Where it is not,
/// the plugin's call ends. An answer replaces the one before.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_answer_value(answer: *mut holm_answer, value: holm_value) {
    // SAFETY: as the caller promises.
    let Some(answer) = (unsafe { answer.as_mut() }) else { return };
    // SAFETY: likewise.
    answer.0 = Some(unsafe { value.read("the answer of a function of the host") });
}

/// Ends the plugin's call, which returns an error of this kind (holm_kind, HOLM_KIND_INTERNAL for other numbers) and with
/// this message, after the plugin's name. What a plugin is to be told of itself is a value.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_answer_fail(answer: *mut holm_answer, kind: u32, message: *const c_char) {
    // SAFETY: as the caller promises.
    let Some(answer) = (unsafe { answer.as_mut() }) else { return };
    // SAFETY: likewise.
    let message = unsafe { text(message, "the message of a function of the host") };
    answer.0 = Some(Err(match message {
        Ok(message) => Error::new(kind_of(kind).unwrap_or(Kind::Internal), message),
        Err(error) => error,
    }));
}

/// Checks that a text is a signature, as holm_plugin_builder_provide takes them.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_check_signature(signature: *const c_char) -> *mut crate::error::holm_error {
    guard(|| {
        // SAFETY: as the caller promises.
        let signature = unsafe { text(signature, "the signature") }?;
        signature.parse::<Signature>().map(drop).map_err(usage)
    })
}

/// # Safety
/// The pointers are NULL or point to text.
pub(crate) unsafe fn named(
    from: *const c_char,
    name: *const c_char,
    signature: *const c_char,
) -> Result<(String, String, Signature)> {
    // SAFETY: as the caller promises, for all three.
    let name = unsafe { text(name, "the name of a function of the host") }?;
    // SAFETY: likewise.
    let from = unsafe { text(from, "where a function of the host is imported from") }?;
    // SAFETY: likewise.
    let signature = unsafe { text(signature, "the signature of a function of the host") }?;
    let signature = signature.parse().map_err(|why| usage(format!("the host's function `{name}`: {why}")))?;
    Ok((from.to_owned(), name.to_owned(), signature))
}

/// Refuses a function that is NULL.
pub(crate) fn callable(function: holm_host_fn, name: &str) -> Result<()> {
    function.map(drop).ok_or_else(|| usage(format!("the host's function `{name}` is NULL")))
}
