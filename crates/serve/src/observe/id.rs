//! Ids of requests, and those of traces made from them.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde::{Serialize, Serializer};

use super::trace::{SpanId, Trace, TraceId, TraceParent};

/// The id of a request: 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId(u64);

/// Makes ids. No two requests of a process have the same, and an id says nothing about others to those who do not
/// have this process's keys.
#[derive(Debug)]
pub struct Ids {
    next: AtomicU64,
    keys: [u64; 4],
}

impl Ids {
    /// Ids with fresh keys.
    #[must_use]
    pub fn new() -> Self {
        Self { next: AtomicU64::new(random()), keys: [random(), random(), random(), random()] }
    }

    /// The id of one more request.
    #[must_use]
    pub fn request(&self) -> RequestId {
        RequestId(mix(self.next.fetch_add(1, Relaxed) ^ self.keys[0]))
    }

    /// The trace of `request`, which goes on with the one the client sent or begins here.
    #[must_use]
    pub fn trace(&self, request: RequestId, sent: Option<TraceParent>) -> Trace {
        let [_, high, low, span] = self.keys.map(|key| mix(request.0 ^ key));
        let (id, parent, flags) = match sent {
            Some(sent) => (sent.trace, Some(sent.parent), sent.flags),
            None => (TraceId::from_words(high, low), None, 0),
        };
        Trace { id, parent, span: SpanId::from_word(span), flags }
    }
}

impl Default for Ids {
    fn default() -> Self {
        Self::new()
    }
}

/// From what the standard library seeds its hash maps with, which is the system's randomness.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// Spreads every bit over all of them; different words stay different (the last steps of SplitMix64).
pub(super) fn mix(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for RequestId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_differ_within_a_process_and_between_processes() {
        let (one, other) = (Ids::new(), Ids::new());
        let ids: HashSet<_> = (0..50_000).flat_map(|_| [one.request(), other.request()]).collect();
        assert_eq!(ids.len(), 100_000);
    }

    #[test]
    fn an_id_is_16_digits_and_not_near_the_one_before() {
        let ids = Ids::new();
        let (one, next) = (ids.request(), ids.request());
        let text = one.to_string();
        assert!(text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert!((one.0 ^ next.0).count_ones() > 8, "{one} {next}");
    }

    #[test]
    fn a_trace_begins_here_or_goes_on() {
        let ids = Ids::new();
        let begun = ids.trace(ids.request(), None);
        let other = ids.trace(ids.request(), None);
        assert!(begun.parent.is_none() && begun.id != other.id && begun.span != other.span);
        let sent = TraceParent::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").unwrap();
        let gone_on = ids.trace(ids.request(), Some(sent));
        assert_eq!((gone_on.id, gone_on.parent, gone_on.flags), (sent.trace, Some(sent.parent), 1));
        assert_ne!(gone_on.span, sent.parent);
    }
}
