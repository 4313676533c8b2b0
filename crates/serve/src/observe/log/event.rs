//! How an event reads.

use std::fmt::Write;
use std::time::SystemTime;

use holm_admin::AppName;
use holm_admin::wire::LogSource;
use holm_manifest::server::LogFormat;
use serde::Serialize;

use crate::observe::access::AccessJson;
use crate::observe::printable::printable_text;
use crate::observe::time::rfc3339;
use crate::observe::{Access, RequestId};

/// The most bytes of a text of the server: an error with a long list and a stack fits.
const MAX_TEXT: usize = 64 << 10;

/// How much an event matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// As it should be.
    Info,
    /// Someone should know.
    Warn,
    /// Someone should act.
    Error,
}

/// What happened, and what it is about.
#[derive(Debug, Clone, Copy)]
pub(in crate::observe) struct Event<'a> {
    pub(in crate::observe) time: SystemTime,
    pub(in crate::observe) level: Level,
    pub(in crate::observe) source: LogSource,
    pub(in crate::observe) app: Option<&'a AppName>,
    pub(in crate::observe) version: Option<u64>,
    pub(in crate::observe) request: Option<RequestId>,
    pub(in crate::observe) text: &'a str,
}

/// A line in JSON. Its keys are what programs rely on.
#[derive(Serialize)]
struct Line<'a> {
    time: String,
    level: Level,
    kind: LogSource,
    #[serde(skip_serializing_if = "Option::is_none")]
    app: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<RequestId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(flatten)]
    access: Option<AccessJson<'a>>,
}

impl Event<'_> {
    /// The line, with its end.
    pub(super) fn line(&self, format: LogFormat) -> String {
        match format {
            LogFormat::Json => json(self, Some(self.text), None),
            LogFormat::Text => {
                let mut line = head(self, self.text.len());
                match self.source {
                    LogSource::Stdout => line.push_str("stdout: "),
                    LogSource::Stderr => line.push_str("stderr: "),
                    LogSource::Access | LogSource::Server => {}
                }
                push_text(&mut line, self.text);
                line.push('\n');
                line
            }
        }
    }
}

/// The line of a request, with its end.
pub(super) fn access(format: LogFormat, time: SystemTime, app: Option<&AppName>, access: &Access<'_>) -> String {
    let (version, request) = (access.version, Some(access.request));
    let event = Event { time, level: Level::Info, source: LogSource::Access, app, version, request, text: "" };
    match format {
        LogFormat::Json => json(&event, None, Some(access.json())),
        LogFormat::Text => {
            let mut line = head(&event, 128 + access.host.len() + access.path.len());
            // Writing to a string does not fail.
            let _ = access.write_text(&mut line);
            line.push('\n');
            line
        }
    }
}

/// Time, level, app and request, each in its column.
fn head(event: &Event<'_>, room: usize) -> String {
    let mut line = String::with_capacity(128 + room);
    let level = match event.level {
        Level::Info => "info ",
        Level::Warn => "warn ",
        Level::Error => "error",
    };
    // Writing to a string does not fail.
    let _ = write!(line, "{} {level} ", rfc3339(event.time));
    line.push_str(event.app.map_or("-", AppName::as_str));
    if let Some(version) = event.version {
        let _ = write!(line, "@{version}");
    }
    match event.request {
        Some(request) => drop(write!(line, " {request} ")),
        None => line.push_str(" - "),
    }
    line
}

/// Further lines of a text are set in, so that none can pass for an event.
fn push_text(line: &mut String, text: &str) {
    for (number, part) in text.trim_end().split('\n').enumerate() {
        if number > 0 {
            line.push_str("\n    ");
        }
        line.push_str(&printable_text(part, MAX_TEXT));
    }
}

fn json(event: &Event<'_>, message: Option<&str>, access: Option<AccessJson<'_>>) -> String {
    let line = Line {
        time: rfc3339(event.time).to_string(),
        level: event.level,
        kind: event.source,
        app: event.app.map(AppName::as_str),
        version: event.version,
        request: event.request,
        message,
        access,
    };
    let mut bytes = Vec::with_capacity(512);
    // None of this can fail to be JSON; if it did, the line would end where it is.
    let _ = serde_json::to_writer(&mut bytes, &line);
    bytes.push(b'\n');
    String::from_utf8(bytes).unwrap_or_default()
}
