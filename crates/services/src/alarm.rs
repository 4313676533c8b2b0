use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Told what an operator has to put right, in one line without secrets.
pub type Report = Arc<dyn Fn(&str) + Send + Sync>;

/// Tells an operator of what fails, once until it works again.
#[derive(Default)]
pub(crate) struct Alarm {
    report: Option<Report>,
    ringing: AtomicBool,
}

impl Alarm {
    pub(crate) fn new(report: Option<Report>) -> Self {
        Self { report, ringing: AtomicBool::new(false) }
    }

    /// It works.
    pub(crate) fn rest(&self) {
        // Most of the time nothing has to be written, which all threads would have to hear of.
        if self.ringing.load(Relaxed) {
            self.ringing.store(false, Relaxed);
        }
    }

    /// It does not.
    pub(crate) fn ring(&self, error: &impl ToString) {
        if let (false, Some(report)) = (self.ringing.swap(true, Relaxed), &self.report) {
            report(&error.to_string());
        }
    }
}

impl std::fmt::Debug for Alarm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Alarm").field("ringing", &self.ringing).finish_non_exhaustive()
    }
}
