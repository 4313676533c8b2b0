//! Runtimes.

use std::ffi::c_char;

use holm::{Key, Runtime, RuntimeBuilder};

use crate::error::holm_error;
use crate::given::{place, several, taken, text, usage};
use crate::guard::{caught, guard};

/// What all plugins of a program share: compiled code, engines, a thread. One for a program is enough.
pub struct holm_runtime(pub(crate) Runtime);

/// Settings of a runtime that is to be built.
///
/// Mistakes in them are kept, and holm_runtime_builder_build returns them all.
#[derive(Default)]
pub struct holm_runtime_builder {
    builder: RuntimeBuilder,
    wrong: Vec<String>,
}

impl holm_runtime_builder {
    fn set(&mut self, set: impl FnOnce(RuntimeBuilder) -> holm::Result<RuntimeBuilder>) {
        let builder = std::mem::take(&mut self.builder);
        match caught(|| set(builder)) {
            Some(Ok(builder)) => self.builder = builder,
            Some(Err(error)) => self.wrong.push(error.to_string()),
            None => self.wrong.push("Holm itself failed: a panic".into()),
        }
    }
}

/// Writes a runtime with the usual settings to `runtime`: compiled code is kept in the user's cache, where `holm` keeps it
/// too.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_runtime_new(runtime: *mut *mut holm_runtime) -> *mut holm_error {
    guard(|| {
        // SAFETY: as the caller promises.
        let place = unsafe { place(runtime, "the runtime") }?;
        place.put(holm_runtime(Runtime::new()?));
        Ok(())
    })
}

/// Frees a runtime. Plugins that were loaded with it go on. NULL is none.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_runtime_free(runtime: *mut holm_runtime) {
    // SAFETY: as the caller promises.
    let runtime = unsafe { taken(runtime) };
    caught(|| drop(runtime));
}

/// Settings, to begin with the usual ones. Never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn holm_runtime_builder_new() -> *mut holm_runtime_builder {
    Box::into_raw(Box::default())
}

/// Keeps compiled code in this directory, which must be the user's own. It is made if it is not there.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_runtime_builder_cache(builder: *mut holm_runtime_builder, dir: *const c_char) {
    // SAFETY: as the caller promises.
    let Some(this) = (unsafe { builder.as_mut() }) else { return };
    // SAFETY: likewise.
    this.set(|builder| Ok(builder.cache(unsafe { text(dir, "the cache's directory") }?)));
}

/// Keeps no compiled code: plugins are compiled every time.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_runtime_builder_no_cache(builder: *mut holm_runtime_builder) {
    // SAFETY: as the caller promises.
    let Some(this) = (unsafe { builder.as_mut() }) else { return };
    this.set(|builder| Ok(builder.no_cache()));
}

/// How many instances there may be at once, of all plugins together; 1000 unless it is said.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_runtime_builder_instances(builder: *mut holm_runtime_builder, most: u32) {
    // SAFETY: as the caller promises.
    let Some(this) = (unsafe { builder.as_mut() }) else { return };
    this.set(|builder| match most {
        0 => Err(usage("there have to be instances, at least 1")),
        most => Ok(builder.instances(most)),
    });
}

/// Takes plugins that are signed with this Ed25519 key, in any form that `wasmsign2` writes: its own, DER, PEM. Once a key
/// is trusted, no others are taken.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_runtime_builder_trust(builder: *mut holm_runtime_builder, key: *const u8, size: usize) {
    // SAFETY: as the caller promises.
    let Some(this) = (unsafe { builder.as_mut() }) else { return };
    // SAFETY: likewise.
    this.set(|builder| Ok(builder.trust(Key::from_bytes(unsafe { several(key, size, "the key") }?)?)));
}

/// Writes a runtime with these settings to `runtime`. The builder is used up, whether that succeeds or not.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_runtime_builder_build(
    builder: *mut holm_runtime_builder,
    runtime: *mut *mut holm_runtime,
) -> *mut holm_error {
    // SAFETY: as the caller promises.
    let builder = unsafe { taken(builder) };
    guard(|| {
        // SAFETY: likewise.
        let place = unsafe { place(runtime, "the runtime") }?;
        let builder = builder.ok_or_else(|| usage("the builder is NULL"))?;
        match builder.wrong.is_empty() {
            true => place.put(holm_runtime(builder.builder.build()?)),
            false => return Err(usage(builder.wrong.join("\n"))),
        }
        Ok(())
    })
}

/// Frees a builder that was not used up. NULL is none.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_runtime_builder_free(builder: *mut holm_runtime_builder) {
    // SAFETY: as the caller promises.
    drop(unsafe { taken(builder) });
}
