use std::io::Write;
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};

use http::{Method, Version};
use serde_json::Value;

use super::*;
use crate::observe::stats::answered;
use crate::observe::{Failure, Finished, Ids, Outcome};

const PATIENCE: Duration = Duration::from_secs(60);

/// What was written, to look at.
#[derive(Clone, Default)]
pub(in crate::observe) struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    pub(in crate::observe) fn lines(&self, log: &Log) -> Vec<String> {
        assert!(log.flush(PATIENCE));
        let bytes = self.0.lock().unwrap();
        str::from_utf8(&bytes).unwrap().lines().map(str::to_owned).collect()
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(in crate::observe) fn log(format: LogFormat) -> (Log, Written) {
    let written = Written::default();
    (Log::to(format, true, written.clone()).unwrap(), written)
}

fn asked(log: &Log, host: &str, path: &str, finished: &Finished) -> String {
    let ids = Ids::new();
    let request = ids.request();
    let trace = Some(ids.trace(request, None));
    let peer = Some(SocketAddr::from(([192, 0, 2, 1], 4711)));
    let (method, protocol, version) = (&Method::GET, Version::HTTP_2, Some(3));
    let access = Access {
        request,
        trace,
        trace_state: None,
        caller: None,
        occasion: None,
        version,
        guest: Some("api"),
        route: None,
        scheme: "http",
        method,
        host,
        path,
        protocol,
        peer,
        finished,
    };
    log.access_of(Some(&"shop".parse().unwrap()), &access);
    request.to_string()
}

#[test]
fn a_request_is_one_line_for_people() {
    let (log, written) = log(LogFormat::Text);
    let cold_start = Some(Duration::from_micros(812));
    let outcome = Outcome::Failed(Failure::Trap);
    let id = asked(&log, "example.com", "/cart", &Finished { cold_start, outcome, ..answered(502) });
    let lines = written.lines(&log);
    let (time, rest) = lines[0].split_once(' ').unwrap();
    assert!(humantime::parse_rfc3339(time).is_ok());
    let expected = format!(
        "info  shop@3 {id} GET example.com/cart 502 0.700ms failed=trap cpu=0.040ms memory=1024K in=3 out=5 HTTP/2 \
         peer=192.0.2.1:4711 guest=api cold=0.812ms trace="
    );
    assert!(rest.starts_with(&expected), "{rest}");
    assert_eq!(lines.len(), 1);
}

#[test]
fn a_request_is_one_object_for_programs() {
    let (log, written) = log(LogFormat::Json);
    let id = asked(&log, "example.com", "/ä\"", &answered(200));
    asked(&log, "h", "/", &Finished { status: None, outcome: Outcome::ClientGone, ..answered(200) });
    let lines: Vec<Value> = written.lines(&log).iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let line = &lines[0];
    assert_eq!((&line["kind"], &line["level"], &line["request"]), (&"access".into(), &"info".into(), &id.into()));
    assert_eq!((&line["app"], &line["version"], &line["path"]), (&"shop".into(), &3.into(), &"/ä\"".into()));
    assert_eq!((&line["status"], &line["latency_us"], &line["cpu_us"]), (&200.into(), &700.into(), &40.into()));
    assert_eq!((&line["protocol"], &line["peer"]), (&"HTTP/2".into(), &"192.0.2.1:4711".into()));
    assert!(line["trace_id"].as_str().unwrap().len() == 32 && line["span_id"].as_str().unwrap().len() == 16);
    assert!(line.get("failed").is_none() && line.get("message").is_none());
    assert_eq!((&lines[1]["status"], &lines[1]["client"]), (&Value::Null, &"gone".into()));
}

#[test]
fn nothing_a_stranger_sends_makes_another_line() {
    for format in [LogFormat::Text, LogFormat::Json] {
        let (log, written) = log(format);
        asked(&log, "a\nb", "/\r\n\x1b[2J\u{2028}", &answered(200));
        asked(&log, "a", &"/ä".repeat(50_000), &answered(200));
        let lines = written.lines(&log);
        assert!(lines.len() == 2 && lines.iter().all(|line| line.len() < 3_000 && !line.contains('\x1b')));
    }
}

#[test]
fn further_lines_of_a_text_cannot_pass_for_events() {
    let (log, written) = log(LogFormat::Text);
    log.server(Level::Error, "one\n2026-01-01T00:00:00.000Z info  - - two\n");
    let lines = written.lines(&log);
    assert!(lines[0].ends_with("error - - one") && lines[1].starts_with("    2026") && lines.len() == 2);
}

#[test]
fn requests_have_no_lines_where_that_is_not_wanted() {
    let written = Written::default();
    let log = Log::to(LogFormat::Text, false, written.clone()).unwrap();
    asked(&log, "h", "/", &answered(200));
    log.server(Level::Info, "ready");
    assert_eq!(written.lines(&log).len(), 1);
}

/// Writes nothing until it may.
struct Stuck(Receiver<()>, Written);

impl Write for Stuck {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Fails for good once the other end is gone, which lets everything through.
        let _ = self.0.recv();
        self.1.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn stuck() -> (Log, Written, Sender<()>) {
    let (go, may) = channel();
    let written = Written::default();
    let log = Log::to(LogFormat::Text, true, Stuck(may, written.clone())).unwrap();
    (log, written, go)
}

#[test]
fn nobody_waits_for_a_log_that_is_stuck_and_it_says_what_it_lost() {
    let (log, written, go) = stuck();
    let rest = "x".repeat(500);
    for number in 0..30_000 {
        log.server(Level::Info, &format!("line {number} {rest}"));
    }
    assert!(!log.flush(Duration::from_millis(20)));
    let lost = log.dropped();
    assert!(lost > 10_000);
    drop(go);
    let lines = written.lines(&log);
    let kept = lines.iter().filter(|line| line.contains(" line ")).count() as u64;
    assert_eq!((kept + lost, log.dropped()), (30_000, lost));
    // It may have been told in several parts.
    let told = lines.iter().filter_map(|line| {
        let (number, _) = line.split_once(" warn  - - ")?.1.split_once(" lines of this log were dropped")?;
        number.parse::<u64>().ok()
    });
    assert_eq!(told.sum::<u64>(), lost);
}

#[test]
fn long_lines_that_wait_are_bounded_in_bytes() {
    let (log, written, go) = stuck();
    let long = "x".repeat(60_000);
    (0..1_000).for_each(|_| log.server(Level::Info, &long));
    assert!(log.dropped() > 500);
    drop(go);
    assert!(written.lines(&log).iter().map(String::len).sum::<usize>() < 20 << 20);
}

#[test]
fn a_file_is_added_to_and_opened_again_after_it_was_renamed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("holm.log");
    std::fs::write(&path, "before\n").unwrap();
    let config = server::Log { format: LogFormat::Text, file: Some(path.clone()), access: true };
    let log = Log::open(&config).unwrap();
    log.server(Level::Info, "old");
    assert!(log.flush(PATIENCE));
    let renamed = folder.path().join("holm.log.1");
    std::fs::rename(&path, &renamed).unwrap();
    log.reopen();
    assert!(log.flush(PATIENCE));
    log.server(Level::Info, "new");
    assert!(log.flush(PATIENCE));
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    assert!(read(&renamed).starts_with("before\n") && read(&renamed).ends_with("- - old\n"));
    assert!(read(&path).ends_with("- - new\n") && read(&path).lines().count() == 1);
}

#[test]
fn a_file_that_cannot_be_opened_again_goes_on_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("holm.log");
    let config = server::Log { format: LogFormat::Text, file: Some(path.clone()), access: true };
    let log = Log::open(&config).unwrap();
    let renamed = folder.path().join("holm.log.1");
    std::fs::rename(&path, &renamed).unwrap();
    std::fs::create_dir(&path).unwrap();
    log.reopen();
    log.server(Level::Info, "further");
    assert!(log.flush(PATIENCE));
    let text = std::fs::read_to_string(&renamed).unwrap();
    assert!(text.contains("is not opened again") && text.contains("further"), "{text}");
}

#[test]
fn a_log_that_cannot_be_opened_names_the_file_and_the_next_step() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing/holm.log");
    let config = server::Log { file: Some(path.clone()), ..server::Log::default() };
    let message = Log::open(&config).unwrap_err().to_string();
    assert!(message.contains(path.to_str().unwrap()) && message.contains("log.file"), "{message}");
}

#[test]
fn what_was_logged_last_is_written_when_the_log_is_dropped() {
    let (ended, wait) = channel();
    struct Ends(Written, Sender<()>);
    impl Write for Ends {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    impl Drop for Ends {
        fn drop(&mut self) {
            let _ = self.1.send(());
        }
    }
    let written = Written::default();
    let log = Log::to(LogFormat::Text, true, Ends(written.clone(), ended)).unwrap();
    log.server(Level::Info, "last");
    drop(log);
    wait.recv_timeout(PATIENCE).unwrap();
    assert!(written.0.lock().unwrap().ends_with(b"last\n"));
}
