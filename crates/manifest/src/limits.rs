//! The `[limits]` table.

use crate::keys;
use crate::values::Reader;
use holm_grants::Limits;
use std::time::Duration;

/// Upper bounds for a guest that is served. `None` leaves the bound to the server; it never means "unlimited".
///
/// These count all instances of a guest together, where [`Limits`] holds for each of them. Whoever runs a guest once,
/// as `holm run` does, has no use for them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ServeLimits {
    /// Requests that are worked on at once; at least 1.
    pub concurrency: Option<u64>,
    /// Requests that wait for their turn beyond those; 0 lets none wait.
    pub queue: Option<u64>,
    /// Time from a request's arrival to the first byte of its response, waiting in the queue included.
    pub first_byte: Option<Duration>,
    /// The body of a request, in bytes. A response's is bounded by [`Limits::max_output`].
    pub request_body: Option<u64>,
    /// Connections to elsewhere that are open at once, of every kind that grants allow.
    pub connections: Option<u64>,
    /// What is kept of the guest's log (its standard output and error), in bytes a second; the rest is dropped and
    /// counted.
    pub log: Option<u64>,
    /// All key-value and blob stores of the guest that Holm keeps itself, in bytes.
    pub store: Option<u64>,
}

impl ServeLimits {
    /// What a server holds a guest to where neither its manifest nor the server's own file says otherwise.
    pub const DEFAULT: ServeLimits = ServeLimits {
        concurrency: Some(100),
        queue: Some(100),
        first_byte: Some(Duration::from_secs(30)),
        request_body: Some(64 << 20),
        connections: Some(32),
        log: Some(64 << 10),
        store: Some(64 << 20),
    };

    /// Takes over every bound that `other` sets, looser or not.
    pub fn merge(&mut self, other: ServeLimits) {
        *self = combine(other, *self, Option::or, Option::or);
    }

    /// The smaller of each pair of bounds: what an app asks for under what its host allows.
    #[must_use]
    pub fn tightest(self, other: ServeLimits) -> ServeLimits {
        combine(self, other, smaller, smaller)
    }
}

fn smaller<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
    a.into_iter().chain(b).min()
}

/// The one place that lists every field, so that no rule forgets one.
fn combine(
    a: ServeLimits,
    b: ServeLimits,
    number: impl Fn(Option<u64>, Option<u64>) -> Option<u64>,
    time: impl Fn(Option<Duration>, Option<Duration>) -> Option<Duration>,
) -> ServeLimits {
    ServeLimits {
        concurrency: number(a.concurrency, b.concurrency),
        queue: number(a.queue, b.queue),
        first_byte: time(a.first_byte, b.first_byte),
        request_body: number(a.request_body, b.request_body),
        connections: number(a.connections, b.connections),
        log: number(a.log, b.log),
        store: number(a.store, b.store),
    }
}

/// Reads the `[limits]` among the keys of `reader`.
pub(crate) fn read(reader: &mut Reader<'_, '_, '_>) -> (Limits, ServeLimits) {
    let Some(mut reader) = reader.inside("limits") else {
        return Default::default();
    };
    keys::LIMITS.check(&mut reader);
    values(&mut reader)
}

/// Reads the `[limits]` of a filter: those of its instances, and its connections.
pub(crate) fn of_filter(reader: &mut Reader<'_, '_, '_>) -> (Limits, Option<u64>) {
    let Some(mut reader) = reader.inside("limits") else {
        return Default::default();
    };
    keys::FILTER_LIMITS.check(&mut reader);
    let (limits, serve) = values(&mut reader);
    // Its table has no others, which is told.
    (Limits { max_output: None, ..limits }, serve.connections)
}

/// The limits in the very table that `reader` reads, whose keys the caller checks.
pub(crate) fn values(reader: &mut Reader<'_, '_, '_>) -> (Limits, ServeLimits) {
    let limits = Limits {
        memory: reader.size("memory"),
        cpu: reader.duration("cpu"),
        wall: reader.duration("wall"),
        fuel: reader.number("fuel"),
        stack: reader.size("stack"),
        max_output: reader.size("max-output"),
        table_elements: reader.number("table-elements"),
        handles: reader.number("handles"),
    };
    let serve = ServeLimits {
        concurrency: reader.positive("concurrency"),
        queue: reader.number("queue"),
        first_byte: reader.duration("first-byte"),
        request_body: reader.size("request-body"),
        connections: reader.number("connections"),
        log: reader.size("log"),
        store: reader.size("store"),
    };
    (limits, serve)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_overrides_what_it_mentions_and_a_server_only_tightens() {
        let shared = ServeLimits { queue: Some(1), log: Some(5), ..ServeLimits::default() };
        let own = ServeLimits { queue: Some(9), ..ServeLimits::default() };
        let mut merged = shared;
        merged.merge(own);
        assert_eq!(merged, ServeLimits { queue: Some(9), log: Some(5), ..ServeLimits::default() });
        assert_eq!(merged.tightest(shared), shared);
        assert_eq!(shared.tightest(merged), shared);
    }
}
