//! Collectors that are down, slow or hostile.

use std::net::TcpListener;
use std::time::Duration;

use holm_serve::observe::SpanCounts;

use crate::collector::{Collector, PATIENCE, access, finished, log, record, spans_to, text};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

fn counts(exported: u64, dropped: u64) -> SpanCounts {
    SpanCounts { exported, dropped }
}

#[test]
fn a_collector_that_is_down_costs_its_spans_and_one_line() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (log, lines) = log();
    let spans = spans_to(&format!("http://{free}"), &log);
    record(&spans, 3);
    spans.end(PATIENCE);
    assert_eq!(spans.counts(), counts(0, 3));
    let lines = text(&log, &lines);
    assert_eq!(lines.lines().count(), 1, "{lines}");
    assert!(lines.contains("3 spans were dropped: the collector at http://"), "{lines}");
    assert!(lines.contains("cannot be reached: the connection was refused"), "{lines}");
}

#[test]
fn a_batch_is_sent_again_when_the_collector_asks_for_that() {
    let later = "HTTP/1.1 503 Busy\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n";
    let collector = Collector::answering(&[later, later, OK]);
    let (log, lines) = log();
    let spans = collector.spans(&log);
    record(&spans, 2);
    let first = collector.next();
    assert_eq!((collector.next(), collector.next()), (first.clone(), first));
    spans.end(PATIENCE);
    assert_eq!((spans.counts(), collector.more()), (counts(2, 0), 0));
    assert_eq!(text(&log, &lines), "");
}

#[test]
fn what_a_collector_will_never_take_is_not_sent_again() {
    for answer in ["400 No", "404 No", "301 Moved\r\nlocation: http://127.0.0.1:1/v1/traces", "500 No"] {
        let collector = Collector::answering(&[&format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n")]);
        let (log, lines) = log();
        let spans = collector.spans(&log);
        record(&spans, 2);
        collector.next();
        spans.end(PATIENCE);
        assert_eq!((spans.counts(), collector.more()), (counts(0, 2), 0), "{answer}");
        let lines = text(&log, &lines);
        assert!(lines.contains(&format!("answered {}", &answer[..3])), "{lines}");
    }
}

#[test]
fn spans_that_a_collector_refuses_are_dropped_and_its_reason_is_told() {
    // ExportTraceServiceResponse { partial_success: { rejected_spans: 2, error_message: "too\nold" } }
    let partial = "\x0a\x0b\x08\x02\x12\x07too\nold";
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{partial}", partial.len());
    let collector = Collector::answering(&[&answer]);
    let (log, lines) = log();
    let spans = collector.spans(&log);
    record(&spans, 3);
    spans.end(PATIENCE);
    assert_eq!(spans.counts(), counts(1, 2));
    let lines = text(&log, &lines);
    assert!(lines.contains("refused them: too\\nold") && lines.lines().count() == 1, "{lines}");
}

#[test]
fn an_answer_that_is_endless_or_breaks_off_still_says_what_became_of_the_spans() {
    let endless =
        format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{}", "400\r\n".to_owned() + &"x".repeat(1 << 20));
    let broken = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\nconnection: close\r\n\r\n";
    for answer in [endless.as_str(), broken] {
        let collector = Collector::answering(&[answer]);
        let (log, _) = log();
        let spans = collector.spans(&log);
        record(&spans, 1);
        spans.end(PATIENCE);
        assert_eq!(spans.counts(), counts(1, 0));
    }
}

#[test]
fn what_is_not_http_is_no_answer() {
    let collector = Collector::answering(&["220 smtp.example.com ESMTP\r\n\r\n"]);
    let (log, lines) = log();
    let spans = collector.spans(&log);
    record(&spans, 1);
    spans.end(PATIENCE);
    assert_eq!(spans.counts(), counts(0, 1));
    assert!(text(&log, &lines).contains("broke the HTTP protocol"));
}

#[test]
fn a_collector_that_says_nothing_does_not_hold_up_the_end_nor_who_records() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let (log, lines) = log();
    let spans = spans_to(&format!("http://{}", silent.local_addr().unwrap()), &log);
    // Far more than may wait.
    record(&spans, 60_000);
    let dropped = spans.counts().dropped;
    assert!(dropped > 10_000, "{dropped}");
    spans.end(Duration::from_millis(50));
    assert_eq!(spans.counts(), counts(0, 60_000));
    assert!(text(&log, &lines).contains("spans were not exported before the end"));
}

#[test]
fn requests_of_traces_that_are_not_recorded_are_not_sent() {
    let collector = Collector::answering(&[OK]);
    let (log, _) = log();
    let spans = collector.spans(&log);
    let finished = finished(200);
    let mut not_sampled = access(&finished);
    not_sampled.trace.as_mut().unwrap().flags = 0;
    spans.request(None, &not_sampled);
    not_sampled.trace = None;
    spans.request(None, &not_sampled);
    spans.end(PATIENCE);
    assert_eq!((spans.counts(), collector.more()), (counts(0, 0), 0));
}
