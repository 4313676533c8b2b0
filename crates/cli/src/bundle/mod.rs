//! Executables that carry a guest with them.
//!
//! A bundle is a copy of Holm, with a [`payload`] behind it and a [`record`] that says so. When it is started, the guest runs
//! with what it was granted when it was bundled; all arguments are the guest's.

#[cfg(feature = "inspect")]
mod describe;
#[cfg(feature = "bundle")]
mod make;
mod payload;
mod record;
mod run;
mod said;

#[cfg(feature = "inspect")]
pub(crate) use describe::describe;
#[cfg(feature = "bundle")]
pub(crate) use make::bundle;
pub(crate) use run::start;
