use std::sync::Arc;
use std::time::Duration;

use holm_abi::Output;
use holm_manifest::server::LogFormat;
use http::{Method, StatusCode, Version};
use tokio::sync::mpsc::error::TryRecvError;

use super::*;
use crate::observe::log::tests::{Written, log};
use crate::observe::stats::answered;
use crate::observe::{Access, Failure, Finished, Ids, Level, Log, Outcome, Stats};

const ALL: LogQuery = LogQuery { since: None, follow: false };
const FOLLOW: LogQuery = LogQuery { since: None, follow: true };

struct App {
    log: Arc<AppLog>,
    stats: Arc<Stats>,
    process: Log,
    written: Written,
    ids: Ids,
}

impl App {
    fn new(limits: JournalLimits) -> Self {
        let (process, written) = log(LogFormat::Text);
        let stats = Arc::<Stats>::default();
        let log = AppLog::new("shop".parse().unwrap(), process.clone(), Arc::clone(&stats), limits);
        Self { log: Arc::new(log), stats, process, written, ids: Ids::new() }
    }

    fn plenty() -> Self {
        Self::new(JournalLimits { lines: 10_000, bytes: 8 << 20, rate: 100 << 20 })
    }

    fn stdout(&self) -> Arc<dyn holm_abi::Sink> {
        match self.log.stdio(3, self.ids.request()).stdout {
            Output::Sink(sink) => sink,
            other => panic!("{other:?}"),
        }
    }

    fn size(&self) -> (usize, usize) {
        self.log.journal.lock().open.as_ref().map_or((0, 0), |open| open.ring.size())
    }
}

impl AppLog {
    fn lines(&self) -> Vec<LogLine> {
        all(&mut self.read(ALL))
    }

    fn texts(&self) -> Vec<String> {
        self.lines().into_iter().map(|line| line.text).collect()
    }
}

fn all(reader: &mut Receiver<LogLine>) -> Vec<LogLine> {
    std::iter::from_fn(|| reader.try_recv().ok()).collect()
}

#[test]
fn what_a_guest_writes_becomes_lines_however_it_is_cut() {
    let text = b"one\r\n\ntwo \xc3\xa4\n\x1b[1m\xffthree\nrest";
    for size in 1..=text.len() {
        let app = App::plenty();
        let sink = app.stdout();
        text.chunks(size).for_each(|chunk| sink.write(chunk).unwrap());
        let expected = ["one", "", "two ä", "\\u{1b}[1m\u{fffd}three"];
        assert_eq!(app.log.texts(), expected, "in pieces of {size}");
        drop(sink);
        assert_eq!(app.log.texts().last().unwrap(), "rest");
    }
}

#[test]
fn a_line_says_when_and_of_what_it_was_written() {
    let app = App::plenty();
    let request = app.ids.request();
    let stdio = app.log.stdio(3, request);
    let (Output::Sink(stdout), Output::Sink(stderr)) = (stdio.stdout, stdio.stderr) else { panic!() };
    stdout.write(b"out\n").unwrap();
    stderr.write(b"err\n").unwrap();
    app.log.server(Level::Warn, Some(3), Some(request), "it trapped\n  at main");
    let lines = app.log.lines();
    let sources: Vec<_> = lines.iter().map(|line| line.source).collect();
    assert_eq!(sources, [LogSource::Stdout, LogSource::Stderr, LogSource::Server, LogSource::Server]);
    assert!(lines.iter().all(|line| line.version == Some(3) && line.request == Some(request.to_string())));
    assert!(humantime::parse_rfc3339(&lines[0].time).is_ok());
    let written = app.written.lines(&app.process);
    assert!(written[0].ends_with(&format!(" info  shop@3 {request} stdout: out")), "{written:?}");
    assert!(written[2].contains(" warn  shop@3 ") && written[2].ends_with(" it trapped"), "{written:?}");
}

#[test]
fn a_line_without_end_is_cut_and_its_memory_bounded() {
    let app = App::plenty();
    let sink = app.stdout();
    (0..1_000).for_each(|_| sink.write(&[b'x'; 1_000]).unwrap());
    sink.write(b"\nnext\n").unwrap();
    sink.write(&[&[b'y'; 10_000][..], b"\n"].concat()).unwrap();
    let texts = app.log.texts();
    assert!(texts[0].len() < MAX_LINE + 50 && texts[0].ends_with("x… [991808 bytes left out]"));
    assert_eq!(texts[1], "next");
    assert!(texts[2].ends_with("y… [1808 bytes left out]"));
}

#[test]
fn nothing_is_allocated_before_the_first_line() {
    let app = App::plenty();
    drop(app.stdout());
    assert!(app.log.journal.lock().open.is_none());
    assert!(size_of::<AppLog>() <= 128, "{}", size_of::<AppLog>());
}

#[test]
fn a_journal_under_flood_stays_within_bounds_and_counts_what_it_drops() {
    const LINES: usize = 200_000;
    let limits = JournalLimits { lines: 100, bytes: 32 << 10, rate: 20 << 10 };
    let app = App::new(limits);
    let sink = app.stdout();
    let batch = "a line of a guest that floods its log\n".repeat(1_000);
    for _ in 0..LINES / 1_000 {
        sink.write(batch.as_bytes()).unwrap();
        let (lines, bytes) = app.size();
        assert!(lines <= limits.lines && bytes <= limits.bytes);
    }
    let in_log = app.written.lines(&app.process).iter().filter(|line| line.contains("stdout: ")).count();
    assert_eq!(app.stats.dropped_lines() as usize + in_log, LINES);
    assert!(in_log > 500 && in_log < LINES / 10, "{in_log}");
}

#[test]
fn lines_of_no_length_do_not_pass_for_free() {
    let app = App::new(JournalLimits { rate: 1_000, ..JournalLimits::default() });
    app.stdout().write(&[b'\n'; 50_000]).unwrap();
    assert!(app.stats.dropped_lines() > 45_000);
}

#[test]
fn what_was_dropped_is_told_once_when_it_is_over() {
    let app = App::new(JournalLimits { rate: 1_000, ..JournalLimits::default() });
    let sink = app.stdout();
    sink.write(&b"flood\n".repeat(1_000)).unwrap();
    let dropped = app.stats.dropped_lines();
    // As if a while had passed.
    app.log.set_limits(JournalLimits { rate: 1 << 30, ..JournalLimits::default() });
    let deadline = Instant::now() + Duration::from_secs(60);
    let told = |texts: &[String]| texts.iter().filter(|text| text.contains("were dropped here")).count();
    while told(&app.log.texts()) == 0 {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(5));
    }
    sink.write(b"after\n").unwrap();
    let lines = app.log.lines();
    let texts = app.log.texts();
    assert_eq!((told(&texts), texts.last().unwrap().as_str()), (1, "after"));
    assert!(texts[texts.len() - 2].starts_with(&format!("{dropped} lines of the app")), "{texts:?}");
    assert_eq!(lines[lines.len() - 2].source, LogSource::Server);
    assert_eq!(app.stats.dropped_lines(), dropped);
}

#[test]
fn a_flood_of_the_guest_does_not_hide_what_the_server_says() {
    let app = App::new(JournalLimits { rate: 1_000, ..JournalLimits::default() });
    app.stdout().write(&b"flood\n".repeat(10_000)).unwrap();
    app.log.server(Level::Error, None, None, "it trapped");
    assert_eq!(app.log.texts().last().unwrap(), "it trapped");
}

#[test]
fn since_leaves_out_what_is_older() {
    let app = App::plenty();
    app.log.server(Level::Info, None, None, "old");
    let (now, mut after) = (SystemTime::now(), SystemTime::now());
    while after <= now {
        after = SystemTime::now();
    }
    app.log.server(Level::Info, None, None, "new");
    let lines = all(&mut app.log.read(LogQuery { since: Some(after), follow: false }));
    assert_eq!(lines.into_iter().map(|line| line.text).collect::<Vec<_>>(), ["new"]);
}

#[test]
fn who_follows_gets_what_is_there_and_what_comes_until_the_app_is_gone() {
    let app = App::plenty();
    app.log.server(Level::Info, None, None, "before");
    let mut reader = app.log.read(FOLLOW);
    app.log.server(Level::Info, None, None, "after");
    let texts: Vec<_> = all(&mut reader).into_iter().map(|line| line.text).collect();
    assert_eq!(texts, ["before", "after"]);
    assert_eq!(reader.try_recv(), Err(TryRecvError::Empty));
    drop(app.log);
    assert_eq!(reader.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn who_does_not_follow_gets_what_is_there_and_the_end() {
    let app = App::plenty();
    let mut reader = app.log.read(ALL);
    assert_eq!(reader.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn a_reader_that_is_too_slow_misses_lines_and_is_told_where() {
    let app = App::plenty();
    let mut slow = app.log.read(FOLLOW);
    (0..2_000).for_each(|number| app.log.server(Level::Info, None, None, &number.to_string()));
    let first = all(&mut slow);
    assert!(first.len() < 1_000 && first[0].text == "0");
    assert!(first.last().unwrap().text.starts_with("lines are missing here"));
    app.log.server(Level::Info, None, None, "again");
    assert_eq!(all(&mut slow).into_iter().map(|line| line.text).collect::<Vec<_>>(), ["again"]);
    assert_eq!(app.log.lines().len(), 2_001);
}

#[test]
fn readers_who_left_are_forgotten_and_too_many_are_told() {
    let app = App::plenty();
    let readers: Vec<_> = (0..32).map(|_| app.log.read(FOLLOW)).collect();
    assert!(app.log.journal.is_followed());
    let refused = all(&mut app.log.read(FOLLOW));
    assert!(refused.len() == 1 && refused[0].text.contains("too many follow"));
    drop(readers);
    let mut reader = app.log.read(FOLLOW);
    assert_eq!(reader.try_recv(), Err(TryRecvError::Empty));
    drop(reader);
    app.log.server(Level::Info, None, None, "line");
    assert!(!app.log.journal.is_followed());
}

fn ask(app: &App, finished: &Finished) {
    let (method, protocol) = (&Method::POST, Version::HTTP_11);
    let request = app.ids.request();
    let (host, path, version) = ("h", "/p", Some(3));
    let access = Access {
        request,
        trace: None,
        trace_state: None,
        caller: None,
        occasion: None,
        version,
        guest: None,
        route: None,
        scheme: "http",
        method,
        host,
        path,
        protocol,
        peer: None,
        finished,
    };
    app.log.access(&access);
}

#[test]
fn requests_are_shown_to_those_who_follow_and_failures_are_kept() {
    let app = App::plenty();
    ask(&app, &answered(200));
    assert!(app.log.lines().is_empty());
    let mut reader = app.log.read(FOLLOW);
    ask(&app, &answered(200));
    let shown = all(&mut reader);
    assert_eq!(shown[0].text, "POST h/p 200 0.700ms");
    assert_eq!((shown[0].source, &shown[0].fields["status"]), (LogSource::Access, &200.into()));
    let status = StatusCode::from_u16(504).ok();
    ask(&app, &Finished { status, outcome: Outcome::Failed(Failure::Time), ..answered(200) });
    assert_eq!(app.log.texts(), ["POST h/p 504 0.700ms failed=time"]);
    assert_eq!(app.written.lines(&app.process).len(), 3);
}

#[test]
fn many_requests_write_at_once_and_every_line_stays_whole() {
    let app = App::plenty();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let app = &app;
            scope.spawn(move || {
                let sink = app.stdout();
                for line in 0..500 {
                    sink.write(format!("thread {thread} ").as_bytes()).unwrap();
                    sink.write(format!("line {line}\n").as_bytes()).unwrap();
                }
            });
        }
    });
    let texts = app.log.texts();
    for thread in 0..4 {
        let own: Vec<_> = texts.iter().filter(|text| text.starts_with(&format!("thread {thread} "))).collect();
        assert!(own.iter().enumerate().all(|(line, text)| **text == format!("thread {thread} line {line}")));
        assert_eq!(own.len(), 500);
    }
}
