//! Guests, in a build of Holm that composes none.

use holm_engine::{Cache, Error, Kind, Result, Source};
use holm_manifest::Guest as Described;

use crate::component;

/// Gets the file of this name.
pub(crate) type Read<'a> = dyn Fn(&str) -> Result<Source> + 'a;

/// The guest in the file called `name`.
///
/// # Errors
/// It cannot be read, or has components.
pub(crate) fn source(name: &str, guest: &Described, read: &Read<'_>, cache: Option<&Cache>) -> Result<Source> {
    if guest.components.is_empty() {
        return component::of(read(name)?, cache);
    }
    let why = format!("{name} is composed of several components, which this build of Holm cannot do");
    Err(Error::new(Kind::Unsupported, why).note("a full build can; or compose it before, with `holm compose` of one"))
}
