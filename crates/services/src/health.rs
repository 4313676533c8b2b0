use std::time::Duration;

use crate::StorageError;
use crate::alarm::{Alarm, Report};

/// How a store on a server elsewhere is used.
#[derive(Clone)]
pub struct Manners {
    /// How long connecting may take, and each operation after that.
    pub patience: Duration,
    /// Told when the server stops to work, once until it works again: guests only learn that their store is unavailable.
    pub report: Option<Report>,
}

impl Default for Manners {
    /// Five seconds, and nobody is told.
    fn default() -> Self {
        Self { patience: Duration::from_secs(5), report: None }
    }
}

/// Whether a server works.
pub(crate) struct Health {
    server: String,
    pub(crate) patience: Duration,
    alarm: Alarm,
}

impl Health {
    /// Of `server`, by its URL without secrets.
    pub(crate) fn new(server: String, manners: Manners) -> Self {
        Self { server, patience: manners.patience, alarm: Alarm::new(manners.report) }
    }

    /// The server did what it was asked.
    pub(crate) fn works(&self) {
        self.alarm.rest();
    }

    /// The server did not. Answers the error, and tells the operator unless that was done already.
    pub(crate) fn failed(&self, problem: impl ToString, advice: &'static str) -> StorageError {
        let error =
            StorageError::Server { server: self.server.clone(), problem: one_line(&problem.to_string()), advice };
        self.alarm.ring(&error);
        error
    }

    /// It took longer than the patience there was.
    pub(crate) fn slow(&self) -> StorageError {
        let seconds = self.patience.as_secs_f32();
        self.failed(format!("no answer in {seconds} s"), "see whether it hangs, or is out of reach")
    }
}

/// What a server said, in a form that neither floods a log nor rewrites a terminal.
fn one_line(text: &str) -> String {
    text.chars().take(200).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
