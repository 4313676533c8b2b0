use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::*;
use crate::observe::stats::answered;
use crate::observe::{Failure, Finished, Outcome, Process, Refusal};

/// Metrics by name, and their samples by labels: a strict reader of the format.
#[derive(Default)]
struct Parsed {
    kinds: HashMap<String, String>,
    samples: HashMap<(String, BTreeMap<String, String>), f64>,
}

impl Parsed {
    fn of(text: &str) -> Self {
        assert!(text.ends_with('\n'));
        let mut parsed = Self::default();
        let mut current = String::new();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let Some(help) = line.strip_prefix("# HELP ") else {
                parsed.sample(line, &current);
                continue;
            };
            let (name, help) = help.split_once(' ').unwrap();
            assert!(help.ends_with('.') && !help.contains('\\'), "{line}");
            let kind = lines.next().unwrap().strip_prefix(&format!("# TYPE {name} ")).unwrap();
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
            assert!(parsed.kinds.insert(name.to_owned(), kind.to_owned()).is_none(), "{name} is there twice");
            name.clone_into(&mut current);
        }
        parsed
    }

    fn sample(&mut self, line: &str, family: &str) {
        let (series, value) = line.rsplit_once(' ').unwrap();
        let (name, labels) = match series.split_once('{') {
            Some((name, labels)) => (name, labels_of(labels.strip_suffix('}').unwrap())),
            None => (series, BTreeMap::new()),
        };
        let suffix = name.strip_prefix(family).unwrap_or_else(|| panic!("{line} is not with its metric"));
        let histogram = self.kinds[family] == "histogram";
        assert_eq!(histogram, ["_bucket", "_sum", "_count"].contains(&suffix), "{line}");
        assert!(histogram || suffix.is_empty(), "{line}");
        let value = value.parse().unwrap();
        assert!(self.samples.insert((name.to_owned(), labels), value).is_none(), "{line} is there twice");
    }

    fn get(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels = labels.iter().map(|(label, value)| ((*label).to_owned(), (*value).to_owned())).collect();
        self.samples.get(&(name.to_owned(), labels)).copied()
    }
}

/// `name="value",…`; no value in these tests has a quote or comma in it.
fn labels_of(text: &str) -> BTreeMap<String, String> {
    let label = |label: &str| {
        let (name, value) = label.split_once('=').unwrap();
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap();
        assert!(!value.contains(['"', '\\']), "{text}");
        (name.to_owned(), value.to_owned())
    };
    text.split(',').map(label).collect()
}

fn name(text: &str) -> AppName {
    text.parse().unwrap()
}

fn app<'a>(name: &'a AppName, stats: &'a Stats) -> App<'a> {
    App { name, version: 3, state: AppState::Running, stats, instances: 2, memory: 1 << 20 }
}

fn rendered(apps: &[App<'_>]) -> (String, Parsed) {
    let (front, process) = (Counters::default(), Process::start().read());
    let text = render(
        apps.iter().copied(),
        &Server {
            front: &front,
            process: &process,
            log_dropped: 7,
            spans: Some(SpanCounts { exported: 8, dropped: 9 }),
        },
    );
    let parsed = Parsed::of(&text);
    (text, parsed)
}

fn busy() -> Stats {
    let stats = Stats::default();
    for _ in 0..5 {
        stats.finished(&answered(200));
    }
    let cold_start = Some(Duration::from_millis(4));
    stats.finished(&Finished { latency: Duration::from_secs(2), cold_start, ..answered(404) });
    stats.finished(&Finished { outcome: Outcome::Failed(Failure::NoResponse), ..answered(502) });
    stats.finished(&Finished { outcome: Outcome::Refused(Refusal::QueueFull), ..answered(503) });
    stats.finished(&Finished { latency: Duration::from_secs(100), ..answered(799) });
    stats
}

#[test]
fn what_is_counted_can_be_read_back() {
    let (shop, stats) = (name("shop"), busy());
    let (_, parsed) = rendered(&[app(&shop, &stats)]);
    let shop = ("app", "shop");
    let get = |name, label| parsed.get(name, &[shop, label]);
    assert_eq!(get("holm_requests_total", ("code", "200")), Some(5.0));
    assert_eq!(get("holm_requests_total", ("code", "other")), Some(1.0));
    assert_eq!(get("holm_requests_total", ("code", "500")), None);
    assert_eq!(get("holm_failures_total", ("kind", "no_response")), Some(1.0));
    assert_eq!(get("holm_refused_total", ("reason", "queue_full")), Some(1.0));
    assert_eq!(get("holm_app_info", ("version", "3")), Some(1.0));
    assert_eq!(parsed.get("holm_cold_starts_total", &[shop]), Some(1.0));
    assert_eq!(parsed.get("holm_cold_start_seconds_total", &[shop]), Some(0.004));
    assert_eq!(parsed.get("holm_guest_cpu_seconds_total", &[shop]), Some(0.00036));
    assert_eq!(parsed.get("holm_guest_memory_peak_bytes", &[shop]), Some(1_048_576.0));
    assert_eq!(parsed.get("holm_instances", &[shop]), Some(2.0));
    assert_eq!(parsed.get("holm_breaker_open", &[shop]), Some(0.0));
    assert_eq!(parsed.get("holm_apps", &[("state", "running")]), Some(1.0));
    assert_eq!(parsed.get("holm_server_log_lines_dropped_total", &[]), Some(7.0));
    assert_eq!(parsed.get("holm_spans_exported_total", &[]), Some(8.0));
    assert_eq!(parsed.get("holm_spans_dropped_total", &[]), Some(9.0));
    assert!(parsed.get("process_cpu_seconds_total", &[]).unwrap() > 0.0);
}

#[test]
fn a_histogram_agrees_with_itself_and_with_the_requests() {
    let (shop, stats) = (name("shop"), busy());
    let (text, parsed) = rendered(&[app(&shop, &stats)]);
    let buckets = |line: &&str| line.starts_with("holm_request_duration_seconds_bucket");
    let counts: Vec<f64> =
        text.lines().filter(buckets).map(|line| line.rsplit_once(' ').unwrap().1.parse().unwrap()).collect();
    assert!(counts.is_sorted() && counts.len() == 19);
    let shop = ("app", "shop");
    let bucket = |le| parsed.get("holm_request_duration_seconds_bucket", &[shop, ("le", le)]).unwrap();
    assert_eq!(
        (bucket("0.0005"), bucket("0.001"), bucket("2.5"), bucket("60"), bucket("+Inf")),
        (0.0, 7.0, 8.0, 8.0, 9.0)
    );
    assert_eq!(parsed.get("holm_request_duration_seconds_count", &[shop]), Some(9.0));
    let sum = parsed.get("holm_request_duration_seconds_sum", &[shop]).unwrap();
    assert!((sum - 102.0049).abs() < 1e-9, "{sum}");
    let requests = parsed.samples.iter().filter(|((name, _), _)| name == "holm_requests_total");
    assert!((requests.map(|(_, count)| count).sum::<f64>() - 9.0).abs() < f64::EPSILON);
}

#[test]
fn apps_that_were_never_asked_have_no_lines_of_their_own() {
    let idle: Vec<_> = (0..10_000).map(|number| (name(&format!("idle-{number}")), Stats::default())).collect();
    let (shop, stats) = (name("shop"), busy());
    let mut apps: Vec<_> = idle
        .iter()
        .map(|(name, stats)| App { state: AppState::Idle, instances: 0, memory: 0, ..app(name, stats) })
        .collect();
    apps.push(app(&shop, &stats));
    let (text, parsed) = rendered(&apps);
    assert!(!text.contains("idle-") && text.lines().count() < 200);
    assert_eq!(parsed.get("holm_apps", &[("state", "idle")]), Some(10_000.0));
}

#[test]
fn an_app_whose_first_request_is_under_way_is_seen() {
    let (shop, stats) = (name("shop"), Arc::new(Stats::default()));
    let held = stats.begin();
    let (text, parsed) = rendered(&[App { state: AppState::Failing, ..app(&shop, &stats) }]);
    assert_eq!(parsed.get("holm_requests_in_flight", &[("app", "shop")]), Some(1.0));
    assert_eq!(parsed.get("holm_breaker_open", &[("app", "shop")]), Some(1.0));
    assert!(!text.contains("holm_requests_total"));
    drop(held);
}

#[test]
fn every_series_of_two_apps_is_there_for_both() {
    let (one, other, stats) = (name("one"), name("other"), busy());
    let (_, parsed) = rendered(&[app(&one, &stats), app(&other, &stats)]);
    let of = |wanted: &str| -> HashSet<String> {
        let series = parsed.samples.keys().filter(|(_, labels)| labels.get("app").is_some_and(|app| app == wanted));
        series.map(|(name, labels)| format!("{name} {:?} {:?}", labels.get("code"), labels.get("le"))).collect()
    };
    assert!(of("one") == of("other") && of("one").len() > 30);
}

#[test]
fn top_shows_the_apps_that_are_loaded() {
    let (one, other, stats) = (name("one"), name("other"), busy());
    let (front, process) = (Counters::default(), Process::start().read());
    let server = Server { front: &front, process: &process, log_dropped: 0, spans: None };
    let top = top([app(&one, &stats), App { state: AppState::Idle, ..app(&other, &stats) }], &server);
    assert_eq!(top.apps.len(), 1);
    let shown = &top.apps[0];
    assert_eq!((shown.name.as_str(), shown.requests, shown.errors, shown.memory), ("one", 9, 2, 1 << 20));
    assert!((shown.p50 - 0.7).abs() < 1e-9 && (shown.p99 - 100_000.0).abs() < 1e-9, "{shown:?}");
    assert!(top.uptime >= 0.0 && top.cpu > 0.0);
}
