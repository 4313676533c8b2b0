//! The keys of a server's configuration.

use crate::keys::Keys;

/// Keys outside of any table, in the order of the documentation.
pub(crate) static SERVER: Keys = Keys {
    table: "",
    known: &["holm-server", "listen", "apps", "state", "drain", "watch", "admin", "ceilings", "log", "telemetry"],
    family: &FAMILY,
};
/// Keys of a table in `listen`.
pub(crate) static LISTEN: Keys =
    Keys { table: "listen", known: &["address", "tls", "proxy-protocol"], family: &FAMILY };
/// Keys of `tls`.
pub(crate) static TLS: Keys = Keys { table: "listen.tls", known: &["cert", "key"], family: &FAMILY };
/// Keys of `admin`.
pub(crate) static ADMIN: Keys = Keys { table: "admin", known: &["listen", "token-file"], family: &FAMILY };
/// Keys of `[log]`.
pub(crate) static LOG: Keys = Keys { table: "log", known: &["format", "file", "access"], family: &FAMILY };
/// Keys of `[telemetry]`.
pub(crate) static TELEMETRY: Keys =
    Keys { table: "telemetry", known: &["otlp", "service-name", "sample"], family: &FAMILY };
/// Keys of `[ceilings]`: those of an app's limits, and then those for all apps together.
pub(crate) static CEILINGS: Keys = Keys {
    table: "ceilings",
    known: &[
        "memory",
        "cpu",
        "wall",
        "fuel",
        "stack",
        "max-output",
        "table-elements",
        "handles",
        "concurrency",
        "queue",
        "first-byte",
        "request-body",
        "connections",
        "log",
        "store",
        "code",
        "memory-total",
        "instances",
        "client-connections",
    ],
    family: &FAMILY,
};

/// `log` is a key of two tables, and meant as the heading by whoever has it in a third.
static FAMILY: [&Keys; 7] = [&SERVER, &CEILINGS, &LOG, &TELEMETRY, &ADMIN, &TLS, &LISTEN];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::LIMITS;

    #[test]
    fn whatever_limits_an_app_has_a_ceiling() {
        assert!(CEILINGS.known.starts_with(LIMITS.known));
    }
}
