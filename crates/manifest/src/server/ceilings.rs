//! The `[ceilings]` table.

use super::keys;
use crate::limits::{self, ServeLimits};
use crate::values::Reader;
use holm_grants::Limits;

/// What no app gets more of, whatever its manifest says, and what all apps get together. `None` leaves a bound to the
/// server's own default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ceilings {
    /// For each instance of a guest.
    pub limits: Limits,
    /// For each guest.
    pub serve: ServeLimits,
    /// Compiled code that is loaded at once, of all apps, in bytes.
    pub code: Option<u64>,
    /// Linear memory of all instances, in bytes.
    pub memory_total: Option<u64>,
    /// Instances that are there at once; at least 1.
    pub instances: Option<u64>,
    /// Connections that clients have open at once, on all listeners; at least 1.
    pub client_connections: Option<u64>,
}

pub(super) fn read(reader: &mut Reader<'_, '_, '_>) -> Ceilings {
    let Some(mut reader) = reader.inside("ceilings") else {
        return Ceilings::default();
    };
    keys::CEILINGS.check(&mut reader);
    let (limits, serve) = limits::values(&mut reader);
    Ceilings {
        limits,
        serve,
        code: reader.size("code"),
        memory_total: reader.size("memory-total"),
        instances: reader.positive("instances"),
        client_connections: reader.positive("client-connections"),
    }
}
