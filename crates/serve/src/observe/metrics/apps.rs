//! Metrics by app. All samples of a metric must stand together, so each is a walk over the apps.

use holm_admin::wire::AppState;

use super::App;
use super::text::{Family, Kind};
use crate::observe::stats::Record;

/// An app that was asked at least once.
struct Asked<'a> {
    name: &'a str,
    app: &'a App<'a>,
    record: &'a Record,
}

pub(super) fn write(out: &mut String, apps: &[App<'_>]) {
    states(out, apps);
    let asked: Vec<Asked<'_>> = apps.iter().filter_map(Asked::of).collect();
    info(out, &asked);
    requests(out, &asked);
    durations(out, &asked);
    usage(out, &asked);
    gauges(out, apps);
}

fn states(out: &mut String, apps: &[App<'_>]) {
    let mut family = Family::new(out, Kind::Gauge, "holm_apps", "Deployed apps.");
    for (name, state) in [
        ("idle", AppState::Idle),
        ("running", AppState::Running),
        ("failing", AppState::Failing),
        ("unavailable", AppState::Unavailable),
    ] {
        family.sample(&[("state", name)], apps.iter().filter(|app| app.state == state).count());
    }
}

fn info(out: &mut String, apps: &[Asked<'_>]) {
    let mut family = Family::new(out, Kind::Gauge, "holm_app_info", "The version of the app that serves.");
    for asked in apps {
        family.sample(&[("app", asked.name), ("version", &asked.app.version.to_string())], 1);
    }
}

fn requests(out: &mut String, apps: &[Asked<'_>]) {
    let help = "Requests that are over. Rare codes are counted by class; none: the client left first.";
    let mut family = Family::new(out, Kind::Counter, "holm_requests_total", help);
    for asked in apps {
        for (code, count) in asked.record.codes() {
            family.sample(&[("app", asked.name), ("code", &code)], count);
        }
    }
    let help = "Requests that a guest failed at.";
    labelled(out, "holm_failures_total", help, "kind", apps, |record| record.failures().collect());
    let help = "Requests that the server refused without asking the guest.";
    labelled(out, "holm_refused_total", help, "reason", apps, |record| record.refusals().collect());
    let help = "Requests that the client gave up.";
    counter(out, "holm_client_gone_total", help, apps, Record::client_gone);
}

fn durations(out: &mut String, apps: &[Asked<'_>]) {
    let help = "From the end of a request's head to the end of its response.";
    let mut family = Family::new(out, Kind::Histogram, "holm_request_duration_seconds", help);
    for asked in apps {
        let latency = asked.record.latency();
        let app = ("app", asked.name);
        for (bound, count) in &latency.buckets {
            let bound = if bound.is_finite() { bound.to_string() } else { "+Inf".to_owned() };
            family.part("_bucket", &[app, ("le", &bound)], count);
        }
        family.part("_sum", &[app], latency.sum.as_secs_f64());
        family.part("_count", &[app], latency.count);
    }
}

fn usage(out: &mut String, apps: &[Asked<'_>]) {
    let help = "Requests that had to wait for the guest's code.";
    counter(out, "holm_cold_starts_total", help, apps, |record| record.cold_starts().0);
    let mut seconds = |name, help, value: fn(&Record) -> f64| {
        let mut family = Family::new(out, Kind::Counter, name, help);
        for asked in apps {
            family.sample(&[("app", asked.name)], value(asked.record));
        }
    };
    let help = "How long requests waited for the guest's code.";
    seconds("holm_cold_start_seconds_total", help, |record| record.cold_starts().1.as_secs_f64());
    seconds("holm_guest_cpu_seconds_total", "CPU time of the guests.", |record| record.cpu().as_secs_f64());
    counter(out, "holm_request_bytes_total", "Bytes of requests' bodies.", apps, Record::bytes_in);
    counter(out, "holm_response_bytes_total", "Bytes of responses' bodies.", apps, Record::bytes_out);
    let help = "The most memory one guest had.";
    let mut family = Family::new(out, Kind::Gauge, "holm_guest_memory_peak_bytes", help);
    for asked in apps {
        family.sample(&[("app", asked.name)], asked.record.memory_peak());
    }
}

/// What is up and down, also of an app whose first request is still under way.
fn gauges(out: &mut String, apps: &[App<'_>]) {
    let mut gauge = |kind, name, help, value: fn(&App<'_>) -> u64| {
        let mut family = Family::new(out, kind, name, help);
        for app in apps.iter().filter(|app| app.is_used()) {
            family.sample(&[("app", app.name.as_str())], value(app));
        }
    };
    let up_and_down = Kind::Gauge;
    gauge(up_and_down, "holm_requests_in_flight", "Requests being answered.", |app| app.stats.in_flight().into());
    gauge(up_and_down, "holm_queue_length", "Requests waiting for their turn.", |app| app.stats.queued().into());
    gauge(up_and_down, "holm_instances", "Instances of the guests.", |app| app.instances);
    gauge(up_and_down, "holm_guest_memory_bytes", "Memory of the instances.", |app| app.memory);
    gauge(up_and_down, "holm_breaker_open", "1 while the app is refused for failing too often.", |app| {
        u64::from(app.state == AppState::Failing)
    });
    let help = "Lines of the app's log that were dropped.";
    gauge(Kind::Counter, "holm_log_lines_dropped_total", help, |app| app.stats.dropped_lines());
}

fn counter(
    out: &mut String,
    name: &'static str,
    help: &'static str,
    apps: &[Asked<'_>],
    value: impl Fn(&Record) -> u64,
) {
    let mut family = Family::new(out, Kind::Counter, name, help);
    for asked in apps {
        family.sample(&[("app", asked.name)], value(asked.record));
    }
}

/// Counts by a label, without those that are zero.
fn labelled(
    out: &mut String,
    name: &'static str,
    help: &'static str,
    label: &'static str,
    apps: &[Asked<'_>],
    counts: impl Fn(&Record) -> Vec<(&'static str, u64)>,
) {
    let mut family = Family::new(out, Kind::Counter, name, help);
    for asked in apps {
        for (value, count) in counts(asked.record).into_iter().filter(|(_, count)| *count > 0) {
            family.sample(&[("app", asked.name), (label, value)], count);
        }
    }
}

impl<'a> Asked<'a> {
    fn of(app: &'a App<'a>) -> Option<Self> {
        Some(Self { name: app.name.as_str(), app, record: app.stats.record()? })
    }
}

impl App<'_> {
    fn is_used(&self) -> bool {
        let stats = self.stats;
        let busy = stats.in_flight() > 0 || stats.queued() > 0 || self.instances > 0;
        busy || stats.dropped_lines() > 0 || stats.record().is_some()
    }
}
