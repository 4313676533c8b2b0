use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// What has happened on all listeners of a [`Front`](super::Front) since it was made. `open` goes up and down, the
/// others only up.
#[derive(Debug, Default)]
pub struct Counters {
    /// Connections that are open now.
    pub open: AtomicUsize,
    /// Connections accepted, those refused afterwards among them.
    pub accepted: AtomicU64,
    /// Connections closed because there were too many.
    pub refused: AtomicU64,
    /// Failures to accept a connection, such as too many open files.
    pub accept_errors: AtomicU64,
    /// Connections closed for want of a valid PROXY header.
    pub proxy_failures: AtomicU64,
    /// TLS handshakes that failed or took too long.
    pub handshake_failures: AtomicU64,
    /// Connections and bodies ended because the client took too long; idle connections do not count.
    pub timeouts: AtomicU64,
    /// Requests, or what should have been ones, that were answered with an error for their form or size.
    pub malformed: AtomicU64,
    /// HTTP/2 connections closed because the client gave up too many of its requests.
    pub floods: AtomicU64,
}

/// One more. Only ever read as statistics, so no ordering is needed.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
