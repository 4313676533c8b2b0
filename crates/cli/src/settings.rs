//! From the guest's shape and the user's words to the engine's settings.

use holm_engine::shape::Shape;
use holm_engine::{Error, Kind, Result, Settings};
use holm_grants::Limits;

/// What the guest needs of the engine, and the limits and flags ask of it.
///
/// # Errors
/// [`Kind::Usage`] for a feature nobody knows.
pub(crate) fn settings(shape: &Shape, limits: &Limits, deterministic: bool, features: &[String]) -> Result<Settings> {
    let mut settings = Settings { deterministic, ..Settings::of(shape, limits) };
    for feature in features {
        match feature.as_str() {
            "wide-arithmetic" => settings.wide_arithmetic = true,
            "stack-switching" => settings.stack_switching = true,
            other => {
                return Err(Error::new(Kind::Usage, format!("no feature is called `{other}`"))
                    .note("--features takes wide-arithmetic and stack-switching; all that is final is always on"));
            }
        }
    }
    Ok(settings)
}
