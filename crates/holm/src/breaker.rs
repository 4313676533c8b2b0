//! Leaving a plugin alone that only fails.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// After how many failures in a row a plugin is left alone, and for how long. Then one call decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breaker {
    /// Failures in a row: traps and limits, not errors that the plugin returns.
    pub failures: u32,
    /// How long calls are refused.
    pub pause: Duration,
}

#[derive(Debug)]
pub(crate) struct Switch {
    rule: Breaker,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    open_until: Option<Instant>,
}

impl Switch {
    pub(crate) fn new(rule: Breaker) -> Self {
        Self { rule, state: Mutex::default() }
    }

    /// How long the plugin is still left alone, if it is.
    pub(crate) fn open_for(&self) -> Option<Duration> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let left = state.open_until?.saturating_duration_since(Instant::now());
        if left.is_zero() {
            // This call decides; those that come meanwhile are refused.
            state.open_until = Some(Instant::now() + self.rule.pause);
            return None;
        }
        Some(left)
    }

    pub(crate) fn succeeded(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }

    pub(crate) fn failed(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.failures = state.failures.saturating_add(1);
        if state.failures >= self.rule.failures {
            state.open_until = Some(Instant::now() + self.rule.pause);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_the_pause_one_call_decides() {
        let switch = Switch::new(Breaker { failures: 2, pause: Duration::from_millis(30) });
        switch.failed();
        assert_eq!(switch.open_for(), None);
        switch.failed();
        assert!(switch.open_for().is_some());
        std::thread::sleep(Duration::from_millis(40));
        assert_eq!(switch.open_for(), None, "one may try");
        assert!(switch.open_for().is_some(), "and the others wait for what becomes of it");
        switch.succeeded();
        assert_eq!(switch.open_for(), None);
    }

    #[test]
    fn failures_between_successes_do_not_count_together() {
        let switch = Switch::new(Breaker { failures: 2, pause: Duration::from_secs(9) });
        for _ in 0..9 {
            switch.failed();
            switch.succeeded();
        }
        assert_eq!(switch.open_for(), None);
    }
}
