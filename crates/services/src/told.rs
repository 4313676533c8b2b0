//! What guests are refused by their databases, told to an operator as well.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::alarm::Report;

/// How long the same is not told again.
const AGAIN: Duration = Duration::from_secs(60);
/// How many different lines are told in that time: a guest chooses their words.
const MOST: usize = 20;
/// The most characters of a line.
const LENGTH: usize = 300;

/// Tells an operator, in lines that neither flood a log nor rewrite a terminal.
#[derive(Default)]
pub(crate) struct Told {
    report: Option<Report>,
    lately: Mutex<Vec<(Instant, String)>>,
}

impl Told {
    pub(crate) fn new(report: Option<Report>) -> Self {
        Self { report, lately: Mutex::default() }
    }

    /// `error` of what is called `whose`, without secrets.
    pub(crate) fn tell(&self, whose: &str, error: &dyn std::fmt::Display) {
        let Some(report) = &self.report else { return };
        let line: String = format!("{whose}: {error}").chars().take(LENGTH).map(plain).collect();
        let mut lately = self.lately.lock().unwrap_or_else(PoisonError::into_inner);
        lately.retain(|(at, _)| at.elapsed() < AGAIN);
        if lately.len() >= MOST || lately.iter().any(|(_, told)| *told == line) {
            return;
        }
        lately.push((Instant::now(), line.clone()));
        drop(lately);
        report(&line);
    }
}

fn plain(character: char) -> char {
    if character.is_control() { ' ' } else { character }
}

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Told").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_guest_cannot_flood_a_log_with_its_errors() {
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let noting = Arc::clone(&lines);
        let told = Told::new(Some(Arc::new(move |line| noting.lock().unwrap().push(line.to_owned()))));
        for _ in 0..3 {
            told.tell("here", &"a\nb");
        }
        assert_eq!(*lines.lock().unwrap(), ["here: a b"]);
        for n in 0..1000 {
            told.tell("here", &format!("{n}{}", "x".repeat(1000)));
        }
        let lines = lines.lock().unwrap();
        assert!(lines.len() == MOST && lines.iter().all(|line| line.len() <= LENGTH));
    }
}
