//! A request as its guest's host sees it, from its turn until the guest is done with it.

use std::sync::{Arc, OnceLock};

use holm_abi::{Error, Kind, Observe, Stdio};
use holm_engine::Usage;

use super::refusal::Refusal;
use super::request::Received;
use crate::apps::{Breaker, Guest};
use crate::observe::{Level, RequestId, Seen};

/// What the server and an instance share of one request.
///
/// It does not keep the guest: an instance that waits for its next request may still have the last one's body.
pub(crate) struct Served {
    seen: Arc<Seen>,
    breaker: Arc<Breaker>,
    version: u64,
    id: RequestId,
    /// What the instance uses.
    pub(super) usage: Arc<Usage>,
    /// What came of the request's body.
    pub(super) received: Received,
    /// How the guest failed after its response began, which was told.
    told: OnceLock<Kind>,
}

impl Served {
    pub(super) fn new(guest: &Guest, id: RequestId, usage: Usage) -> Arc<Self> {
        Arc::new(Self {
            seen: Arc::clone(&guest.seen),
            breaker: Arc::clone(&guest.breaker),
            version: guest.version(),
            id,
            usage: Arc::new(usage),
            received: Received::default(),
            told: OnceLock::new(),
        })
    }

    /// Why the guest failed in this way, if it may be for something that is not its own.
    pub(super) fn fault(&self, kind: Kind) -> Option<Refusal> {
        if kind == Kind::HostFull { Some(Refusal::ServerFull) } else { self.received.fault(kind) }
    }

    /// How the guest failed, where that was told.
    pub(super) fn told(&self) -> Option<Kind> {
        self.told.get().copied()
    }

    /// The guest failed. `counts`: it is the guest's own doing, and not what any client could bring about.
    pub(super) fn guest_failed(&self, error: &Error, counts: bool) {
        self.seen.failed(self.version, self.id, error);
        if counts && self.breaker.failed() {
            let text = "it only fails, so it is left alone for a while";
            self.seen.log.server(Level::Warn, Some(self.version), None, text);
        }
    }
}

impl Observe for Served {
    fn stdio(&self) -> Stdio {
        self.seen.log.stdio(self.version, self.id)
    }

    fn failed(&self, error: &Error) {
        let kind = error.kind();
        let _ = self.told.set(kind);
        // A client that reads slowly can use up the time that the guest has.
        let of_others = self.fault(kind).is_some() || kind == Kind::OutOfTime;
        self.guest_failed(error, !of_others);
    }
}
