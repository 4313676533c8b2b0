//! The `reuse` table: whether requests share instances.

use crate::keys;
use crate::values::Reader;
use std::time::Duration;

/// How far an instance may serve more than one request. Without it every request has a fresh one.
///
/// State that a request leaves behind is seen by those after it, so this is the app's choice alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reuse {
    /// Requests that one instance serves before it is thrown away; at least 1.
    pub requests: u64,
    /// Requests that one instance serves at once; at least 1. Guests that cannot do several at once get one.
    pub concurrent: u64,
    /// How long an instance without requests is kept.
    pub idle: Duration,
}

impl Default for Reuse {
    fn default() -> Self {
        Reuse { requests: 1000, concurrent: 1, idle: Duration::from_secs(10) }
    }
}

pub(crate) fn read(reader: &mut Reader<'_, '_, '_>) -> Option<Reuse> {
    let mut reader = reader.inside_like("reuse", "reuse = { requests = 1000 }")?;
    keys::REUSE.check(&mut reader);
    let default = Reuse::default();
    Some(Reuse {
        requests: reader.positive("requests").unwrap_or(default.requests),
        concurrent: reader.positive("concurrent").unwrap_or(default.concurrent),
        idle: reader.duration("idle").unwrap_or(default.idle),
    })
}
