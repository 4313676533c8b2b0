use std::time::Duration;

/// How long to wait at first before a server is tried again; twice as long each time it fails again.
const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(10);

/// How long to wait before the next try.
pub(super) struct Backoff(Duration);

impl Backoff {
    pub(super) fn new() -> Self {
        Self(FIRST)
    }

    /// It worked.
    pub(super) fn reset(&mut self) {
        self.0 = FIRST;
    }

    pub(super) fn next(&mut self) -> Duration {
        let now = self.0;
        self.0 = (now * 2).min(LONGEST);
        now
    }
}
