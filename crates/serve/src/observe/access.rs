//! The line of a log that says what became of a request.

use std::fmt::{self, Write};
use std::net::SocketAddr;
use std::time::Duration;

use http::{Method, Version};
use serde::Serialize;

use super::printable::printable_text;
use super::trace::{SpanId, Trace, TraceId};
use super::{Finished, Occasion, RequestId};

/// The most bytes of a host or path in a log.
const MAX_TARGET: usize = 1 << 10;

/// A request that is over, for the log.
#[derive(Debug, Clone, Copy)]
pub struct Access<'a> {
    /// Its id.
    pub request: RequestId,
    /// The request that a guest of the same app answers with it; `None` for one from a client.
    pub caller: Option<RequestId>,
    /// Its place in a trace.
    pub trace: Option<Trace>,
    /// Further words on the trace: the header `tracestate`.
    pub trace_state: Option<&'a str>,
    /// The version of the app that it came to; `None` when it came to none.
    pub version: Option<u64>,
    /// The guest within the app, where it has more than one.
    pub guest: Option<&'a str>,
    /// The part of its path that its route stands for, `/` for all of it; `None` when it came by none.
    pub route: Option<&'a str>,
    /// What it really is, where it is no request.
    pub occasion: Option<&'a Occasion>,
    /// Its method.
    pub method: &'a Method,
    /// `https` or `http`.
    pub scheme: &'static str,
    /// The host it asked for.
    pub host: &'a str,
    /// The path it asked for. Without the query, which may hold secrets.
    pub path: &'a str,
    /// The protocol it was sent by.
    pub protocol: Version,
    /// Who sent it; `None` on a Unix socket.
    pub peer: Option<SocketAddr>,
    /// What became of it.
    pub finished: &'a Finished,
}

/// The same as a JSON object. Its keys are what programs rely on.
#[derive(Serialize)]
pub(super) struct AccessJson<'a> {
    method: &'a str,
    host: &'a str,
    path: &'a str,
    protocol: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<SocketAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    guest: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller: Option<RequestId>,
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<&'static str>,
    latency_us: u64,
    cpu_us: u64,
    memory_bytes: u64,
    bytes_in: u64,
    bytes_out: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cold_start_us: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<TraceId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    span_id: Option<SpanId>,
}

impl<'a> Access<'a> {
    pub(super) fn json(&self) -> AccessJson<'a> {
        let finished = self.finished;
        let problem = |of: &str| finished.outcome.problem().filter(|(what, _)| *what == of).map(|(_, name)| name);
        AccessJson {
            method: self.method.as_str(),
            host: start(self.host),
            path: start(self.path),
            protocol: self.protocol(),
            peer: self.peer,
            guest: self.guest,
            caller: self.caller,
            status: finished.status.map(|status| status.as_u16()),
            failed: problem("failed"),
            refused: problem("refused"),
            client: problem("client"),
            latency_us: microseconds(finished.latency),
            cpu_us: microseconds(finished.cpu),
            memory_bytes: finished.memory,
            bytes_in: finished.bytes_in,
            bytes_out: finished.bytes_out,
            cold_start_us: finished.cold_start.map(microseconds),
            trace_id: self.trace.map(|trace| trace.id),
            span_id: self.trace.map(|trace| trace.span),
        }
    }

    /// For people: what was asked and what became of it.
    pub(super) fn summary(&self) -> String {
        let mut line = String::with_capacity(128);
        // Writing to a string does not fail.
        let _ = self.write_summary(&mut line);
        line
    }

    fn write_summary(&self, line: &mut String) -> fmt::Result {
        let finished = self.finished;
        line.push_str(self.method.as_str());
        line.push(' ');
        line.push_str(&printable_text(self.host, MAX_TARGET));
        if self.occasion.is_some() && !self.host.is_empty() {
            line.push('/');
        }
        line.push_str(&printable_text(self.path, MAX_TARGET));
        line.push(' ');
        line.push_str(finished.status.as_ref().map_or("-", http::StatusCode::as_str));
        push_millis(line, " ", finished.latency);
        if let Some((what, name)) = finished.outcome.problem() {
            write!(line, " {what}={name}")?;
        }
        Ok(())
    }

    fn protocol(&self) -> &'static str {
        self.occasion.map_or_else(|| protocol(self.protocol), |occasion| occasion.kind.protocol())
    }

    /// For people: all that is known.
    pub(super) fn write_text(&self, line: &mut String) -> fmt::Result {
        let finished = self.finished;
        self.write_summary(line)?;
        push_millis(line, " cpu=", finished.cpu);
        push_number(line, " memory=", finished.memory / 1024);
        push_number(line, "K in=", finished.bytes_in);
        push_number(line, " out=", finished.bytes_out);
        line.push(' ');
        line.push_str(self.protocol());
        if let Some(peer) = self.peer {
            write!(line, " peer={peer}")?;
        }
        if let Some(guest) = self.guest {
            write!(line, " guest={}", printable_text(guest, MAX_TARGET))?;
        }
        if let Some(caller) = self.caller {
            write!(line, " caller={caller}")?;
        }
        if let Some(cold_start) = finished.cold_start {
            push_millis(line, " cold=", cold_start);
        }
        if let Some(trace) = self.trace {
            write!(line, " trace={} span={}", trace.id, trace.span)?;
        }
        Ok(())
    }
}

/// Adds `before` and a number. There are eight of them in each line, and formatting has a price for each.
fn push_number(line: &mut String, before: &str, number: u64) {
    line.push_str(before);
    line.push_str(itoa::Buffer::new().format(number));
}

/// Adds `before` and a duration in milliseconds, to the microsecond.
fn push_millis(line: &mut String, before: &str, duration: Duration) {
    let microseconds = microseconds(duration);
    push_number(line, before, microseconds / 1_000);
    line.push('.');
    let rest = microseconds % 1_000;
    line.extend([100, 10, 1].map(|unit| char::from(b'0' + (rest / unit % 10) as u8)));
    line.push_str("ms");
}

fn microseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "HTTP/0.9",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_11 => "HTTP/1.1",
        Version::HTTP_2 => "HTTP/2",
        Version::HTTP_3 => "HTTP/3",
        _ => "HTTP",
    }
}

/// Its first part, which is enough for a log.
pub(super) fn start(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TARGET)]
}
