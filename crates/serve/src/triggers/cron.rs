//! Moments of a schedule.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Utc};
use croner::Cron;
use croner::parser::{CronParser, Seconds};
use holm_abi::Event;
use tokio::time::sleep;

use super::dispatch::Dispatch;
use super::running::Wants;
use crate::observe::Occasion;

/// The longest expression that is read, in bytes.
const MAX_EXPRESSION: usize = 256;
/// How long to sleep at most: the clock may be set meanwhile, and the machine may sleep.
const NAP: Duration = Duration::from_secs(10);

/// When something happens, in UTC.
///
/// Seconds, minutes, hours, days of the month, months, days of the week (0 is Sunday, as 7 is, or by name), and perhaps
/// years, as the trigger of Spin takes them. A day has to be one of the month and one of the week where both are given.
pub(crate) struct Schedule {
    text: String,
    cron: Cron,
}

impl Schedule {
    /// Reads an expression.
    ///
    /// # Errors
    /// A sentence about what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong =
            |why: &str| format!("the schedule `{text}` makes no sense: {why}; `0 */5 * * * *` is every five minutes");
        if text.len() > MAX_EXPRESSION {
            return Err(format!("a schedule has at most {MAX_EXPRESSION} bytes"));
        }
        if text.split_whitespace().count() == 5 {
            return Err(wrong("it begins with seconds, and so has six parts"));
        }
        // Seconds alone, as `1/2`, are steps from there on.
        let parser = CronParser::builder().seconds(Seconds::Required).dom_and_dow(true).sloppy_ranges(true).build();
        let cron = parser.parse(text).map_err(|error| wrong(&error.to_string()))?;
        let it = Self { text: text.to_owned(), cron };
        match it.after(seconds(SystemTime::now())) {
            Some(_) => Ok(it),
            None => Err(wrong("no such moment comes any more")),
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The first moment after this one, both in seconds since 1970.
    fn after(&self, moment: u64) -> Option<u64> {
        let moment = DateTime::<Utc>::from_timestamp(i64::try_from(moment).ok()?, 0)?;
        let next = self.cron.find_next_occurrence(&moment, false).ok()?;
        u64::try_from(next.timestamp()).ok()
    }
}

/// Tells guests of each moment, until nothing more is to be taken up.
///
/// A moment for which the guest has no place waits until it has one. Of those that come meanwhile, none is made up for; nor
/// of those that pass while the machine sleeps.
pub(super) async fn wait(schedule: Arc<Schedule>, mut wants: Wants, mut dispatch: Dispatch) {
    let (mut told, mut behind) = (seconds(SystemTime::now()), false);
    wants.begun();
    // The next one after the last, even if the clock is set back.
    while let Some(next) = schedule.after(told.max(seconds(SystemTime::now()))) {
        let due = UNIX_EPOCH + Duration::from_secs(next);
        let come = async {
            while let Ok(left) = due.duration_since(SystemTime::now()) {
                sleep(left.min(NAP)).await;
            }
        };
        tokio::select! {
            () = come => {}
            () = wants.ended() => break,
        }
        let targets = wants.wanted.borrow().values().flatten().cloned().collect::<Vec<_>>();
        let (occasion, event) = (Occasion::cron(schedule.text()), Event::Cron { at: next });
        tokio::select! {
            () = dispatch.event(&targets, &occasion, &event, async {}) => {}
            () = wants.ended() => break,
        }
        told = next;
        let missed = schedule.after(next).is_some_and(|after| after <= seconds(SystemTime::now()));
        if missed && !behind {
            wants.warn("comes more often than its guest has places for; moments are left out");
        }
        behind = missed;
    }
    dispatch.finish().await;
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The moments after a Sunday, the first of 2023, at midnight.
    fn after_midnight(text: &str, count: usize) -> Vec<u64> {
        let schedule = Schedule::parse(text).unwrap();
        let midnight = 1_672_531_200;
        let mut moments = vec![midnight];
        for _ in 0..count {
            moments.push(schedule.after(moments[moments.len() - 1]).unwrap());
        }
        moments.iter().skip(1).map(|moment| moment - midnight).collect()
    }

    #[test]
    fn seconds_come_first_and_steps_go_on_from_where_they_begin() {
        assert_eq!(after_midnight("1/2 * * * * *", 3), [1, 3, 5]);
        assert_eq!(after_midnight("0 */5 * * * *", 2), [300, 600]);
        assert_eq!(after_midnight("30 0 12 * * *", 1), [12 * 3600 + 30]);
        assert_eq!(after_midnight("0 0 0 * * Mon", 1), [24 * 3600]);
        assert_eq!(after_midnight("0 0 0 * * 1", 1), [24 * 3600], "Monday, and not Sunday");
    }

    #[test]
    fn a_day_has_to_be_one_of_the_month_and_of_the_week() {
        assert_eq!(after_midnight("0 0 0 13 * Fri", 1), [12 * 24 * 3600], "Friday, the 13th of January 2023");
    }

    #[test]
    fn what_is_no_schedule_is_said_to_be_none() {
        for text in
            ["", "* * * * *", "x * * * * *", "61 * * * * *", "0 0 0 30 2 *", "0 0 0 1 1 * 1999", &"* ".repeat(500)]
        {
            assert!(Schedule::parse(text).is_err(), "{text}");
        }
    }
}
