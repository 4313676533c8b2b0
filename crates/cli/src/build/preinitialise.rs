//! Components that are started once they are built.

use holm_build::Preinitialise;

/// Where there is no engine that compiles, nobody can.
#[cfg(not(feature = "preinitialise"))]
pub(crate) const PREINITIALISE: Option<Preinitialise<'static>> = None;
/// By the ABI whose world they start in.
#[cfg(feature = "preinitialise")]
pub(crate) const PREINITIALISE: Option<Preinitialise<'static>> = Some(&started);

#[cfg(feature = "preinitialise")]
fn started(bytes: &[u8]) -> Result<Vec<u8>, holm_build::BuildError> {
    let done =
        crate::run::runtime().and_then(|runtime| runtime.block_on(holm_wasi::preinitialise("what was built", bytes)));
    done.map_err(|error| {
        let hint = error.notes().first().cloned();
        holm_build::BuildError::Project { message: error.to_string(), hint }
    })
}
