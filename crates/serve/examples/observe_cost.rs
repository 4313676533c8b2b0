//! What it costs to record one request: its numbers, its id and trace, its line in the log, and its span. Says something
//! in an optimised build only.
#![allow(clippy::unwrap_used)]

use std::hint::black_box;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use holm_abi::Output;
use holm_manifest::server::{LogFormat, Telemetry};
use holm_serve::observe::trace::TraceParent;
use holm_serve::observe::{Access, AppLog, Finished, Ids, JournalLimits, Log, Outcome, Spans, Stats};
use http::{Method, StatusCode, Version};
use rustix::time::{ClockId, clock_gettime};

const ROUNDS: usize = 9;

fn finished() -> Finished {
    Finished {
        status: Some(StatusCode::OK),
        latency: Duration::from_micros(180),
        cpu: Duration::from_micros(35),
        memory: 1_200_000,
        bytes_in: 0,
        bytes_out: 13,
        cold_start: None,
        outcome: Outcome::Answered,
    }
}

/// Does `times` of something, several times over, and prints the median CPU time of one: of the thread that does it, and
/// of all threads.
fn time(what: &str, times: u32, mut round: impl FnMut(u32)) {
    let now = |clock| Duration::try_from(clock_gettime(clock)).unwrap();
    let mut rounds: Vec<_> = (0..ROUNDS)
        .map(|_| {
            let (own, all) = (now(ClockId::ThreadCPUTime), now(ClockId::ProcessCPUTime));
            round(times);
            ((now(ClockId::ThreadCPUTime) - own) / times, (now(ClockId::ProcessCPUTime) - all) / times)
        })
        .collect();
    rounds.sort();
    let (own, all) = rounds[ROUNDS / 2];
    println!("{what:44} {own:?}, all threads {all:?}");
}

fn stats() {
    let (stats, finished) = (Arc::<Stats>::default(), finished());
    time("stats.finished", 1_000_000, |times| (0..times).for_each(|_| stats.finished(black_box(&finished))));
    time("stats.begin to finished", 1_000_000, |times| {
        (0..times).for_each(|_| {
            let held = stats.begin();
            stats.finished(black_box(&finished));
            drop(held);
        });
    });
    time("stats.finished twice, by two threads at once", 1_000_000, |times| {
        let half = || (0..times).for_each(|_| stats.finished(black_box(&finished)));
        thread::scope(|scope| {
            scope.spawn(half);
            half();
        });
    });
}

fn ids() {
    let ids = Ids::new();
    time("request id and trace", 1_000_000, |times| {
        (0..times).for_each(|_| {
            black_box(ids.trace(ids.request(), None));
        });
    });
}

/// A request of a trace that is recorded.
fn over(finished: &Finished) -> Access<'_> {
    let (ids, sent) = (Ids::new(), TraceParent::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
    let request = ids.request();
    Access {
        request,
        caller: None,
        occasion: None,
        trace: Some(ids.trace(request, sent)),
        trace_state: None,
        version: Some(12),
        guest: None,
        route: Some("/api"),
        method: &Method::GET,
        scheme: "http",
        host: "www.example.com",
        path: "/api/v1/things/4711",
        protocol: Version::HTTP_11,
        peer: Some(SocketAddr::from(([192, 0, 2, 1], 50_123))),
        finished,
    }
}

/// A collector that takes everything and looks at nothing.
fn collector() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut buffer) = (stream.unwrap(), vec![0; 1 << 20]);
            loop {
                let read = stream.read(&mut buffer).unwrap_or(0);
                let head = String::from_utf8_lossy(&buffer[..read.min(1024)]).into_owned();
                let Some((head, _)) = head.split_once("\r\n\r\n") else { break };
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
                let mut left = length.parse::<usize>().unwrap() - (read - head.len() - 4);
                while left > 0 {
                    left -= stream.read(&mut buffer[..left.min(1 << 20)]).unwrap();
                }
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
            }
        }
    });
    address
}

fn spans() {
    let log = Log::to(LogFormat::Text, true, io::sink()).unwrap();
    let otlp = format!("http://{}", collector());
    let spans = Spans::start(&Telemetry { otlp, service_name: "holm".to_owned(), sample: 1.0 }, log).unwrap();
    let (app, finished) = ("hello".parse().unwrap(), finished());
    let access = over(&finished);
    time("a span, sent", 10_000, |times| {
        let before = spans.counts();
        (0..times).for_each(|_| spans.request(Some(&app), black_box(&access)));
        // The last ones of a round go with the next.
        while spans.counts().exported - before.exported < u64::from(times / 2) {
            thread::sleep(Duration::from_millis(1));
        }
    });
    spans.end(Duration::from_secs(10));
    println!("{:44} {} dropped", "", spans.counts().dropped);
    let trace = access.trace.unwrap();
    time("the header for the guest", 1_000_000, |times| {
        (0..times).for_each(|_| drop(black_box(trace.sent().header())));
    });
}

fn access(format: LogFormat) {
    let log = Log::to(format, true, io::sink()).unwrap();
    let app = AppLog::new("hello".parse().unwrap(), log.clone(), Arc::default(), JournalLimits::default());
    let finished = finished();
    let access = over(&finished);
    let what = format!("access line, {format:?}");
    time(&what, 5_000, |times| {
        (0..times).for_each(|_| app.access(black_box(&access)));
        assert!(log.flush(Duration::from_secs(10)));
    });
    println!("{:44} {} dropped", "", log.dropped());
}

fn guest_lines(rate: u64, what: &str) {
    let log = Log::to(LogFormat::Text, true, io::sink()).unwrap();
    let limits = JournalLimits { rate, ..JournalLimits::default() };
    let app = Arc::new(AppLog::new("hello".parse().unwrap(), log.clone(), Arc::default(), limits));
    let request = Ids::new().request();
    time(what, 5_000, |times| {
        let Output::Sink(sink) = app.stdio(1, request).stdout else { unreachable!() };
        (0..times).for_each(|_| sink.write(black_box(b"something that a guest has to say\n")).unwrap());
        assert!(log.flush(Duration::from_secs(10)));
    });
    time("streams for a request that writes nothing", 100_000, |times| {
        (0..times).for_each(|_| drop(black_box(app.stdio(1, request))));
    });
}

fn main() {
    stats();
    ids();
    access(LogFormat::Text);
    access(LogFormat::Json);
    spans();
    guest_lines(1 << 40, "a guest's line");
    guest_lines(1, "a guest's line over its limit");
}
