//! `holm inspect`

use holm_engine::Result;

use crate::args::Inspect;

/// Shows what a guest is.
pub(crate) fn inspect(_args: Inspect) -> Result<i32> {
    Ok(0)
}
