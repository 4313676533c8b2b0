//! Guests, in a build of Holm that makes no components.

use holm_engine::{Cache, Result, Source};

/// The guest as it is.
#[expect(clippy::unnecessary_wraps, reason = "whoever makes components may fail")]
pub(crate) fn of(source: Source, _: Option<&Cache>) -> Result<Source> {
    Ok(source)
}
