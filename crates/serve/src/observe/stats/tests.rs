use std::mem::size_of;
use std::thread;

use super::*;

pub(in crate::observe) fn answered(status: u16) -> Finished {
    Finished {
        status: Some(StatusCode::from_u16(status).unwrap()),
        latency: Duration::from_micros(700),
        cpu: Duration::from_micros(40),
        memory: 1 << 20,
        bytes_in: 3,
        bytes_out: 5,
        cold_start: None,
        outcome: Outcome::Answered,
    }
}

#[test]
fn an_app_that_was_never_asked_costs_a_few_words() {
    assert!(size_of::<Stats>() <= 48, "{}", size_of::<Stats>());
    assert!(size_of::<Record>() <= 2_560, "{}", size_of::<Record>());
    let stats = Arc::new(Stats::default());
    drop(stats.begin());
    assert!(stats.record().is_none());
    assert_eq!((stats.requests(), stats.p50_p99()), (0, [Duration::ZERO; 2]));
}

#[test]
fn requests_are_in_flight_or_queued_for_as_long_as_they_are_held() {
    let stats = Arc::new(Stats::default());
    let held = (stats.begin(), stats.begin(), stats.queue());
    assert_eq!((stats.in_flight(), stats.queued()), (2, 1));
    drop(held);
    assert_eq!((stats.in_flight(), stats.queued()), (0, 0));
}

#[test]
fn every_part_of_a_request_is_counted() {
    let stats = Stats::default();
    stats.finished(&answered(200));
    let cold = Some(Duration::from_millis(2));
    let outcome = Outcome::Failed(Failure::Trap);
    stats.finished(&Finished { cold_start: cold, memory: 9 << 20, outcome, ..answered(502) });
    stats.finished(&Finished { outcome: Outcome::Refused(Refusal::Breaker), ..answered(503) });
    stats.finished(&Finished { status: None, outcome: Outcome::ClientGone, ..answered(200) });
    assert_eq!((stats.requests(), stats.errors()), (4, 2));
    assert_eq!(stats.cpu(), Duration::from_micros(160));
    let record = stats.record().unwrap();
    assert_eq!((record.bytes_in(), record.bytes_out(), record.memory_peak()), (12, 20, 9 << 20));
    assert_eq!((record.cold_starts(), record.client_gone()), ((1, Duration::from_millis(2)), 1));
    assert_eq!(record.failures().filter(|(_, count)| *count > 0).collect::<Vec<_>>(), [("trap", 1)]);
    assert_eq!(record.refusals().filter(|(_, count)| *count > 0).collect::<Vec<_>>(), [("breaker", 1)]);
}

#[test]
fn no_request_is_lost_when_many_threads_count_at_once() {
    const THREADS: u64 = 8;
    const EACH: u64 = 5_000;
    let stats = Arc::new(Stats::default());
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let stats = &stats;
            scope.spawn(move || {
                for request in 0..EACH {
                    let held = stats.begin();
                    let status = if request % 2 == 0 { 200 } else { 500 };
                    stats.finished(&Finished { memory: thread, ..answered(status) });
                    drop(held);
                }
            });
        }
    });
    let all = THREADS * EACH;
    let record = stats.record().unwrap();
    assert_eq!((stats.requests(), stats.errors(), stats.in_flight()), (all, all / 2, 0));
    assert_eq!((record.latency().count, record.latency().sum), (all, Duration::from_micros(700 * all)));
    assert_eq!((record.bytes_in(), record.memory_peak()), (3 * all, THREADS - 1));
    assert_eq!(stats.p50_p99(), [Duration::from_micros(700); 2]);
}
