//! `holm logs`

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use holm_admin::client::LogOptions;
use holm_admin::wire::{LogLine, LogSource};
use holm_engine::{Error, Kind, Result};

use super::server::{call, client, wait_for};
use crate::args::remote::Logs;
use crate::output::{self, printable};

const DIM: Style = Style::new().dimmed();
const CYAN: Style = AnsiColor::Cyan.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const PLAIN: Style = Style::new();

/// Prints a log, each line as it comes.
pub(crate) fn logs(args: Logs) -> Result<i32> {
    let client = client(&args.server)?;
    let options = LogOptions { follow: args.follow, since: args.since };
    wait_for(async {
        let mut logs = call(client.logs(&args.name, &options)).await?;
        while let Some(line) = call(logs.next()).await? {
            if args.json { output::print(&as_json(&line)?)? } else { output::print_styled(&as_text(&line))? }
        }
        Ok(0)
    })
}

fn as_json(line: &LogLine) -> Result<String> {
    let text = serde_json::to_string(line);
    let text = text.map_err(|error| Error::new(Kind::Internal, format!("not representable as JSON: {error}")))?;
    Ok(text + "\n")
}

fn as_text(line: &LogLine) -> String {
    let (source, style) = match line.source {
        LogSource::Stdout => ("stdout", PLAIN),
        LogSource::Stderr => ("stderr", YELLOW),
        LogSource::Access => ("access", DIM),
        LogSource::Server => ("server", CYAN),
    };
    let version = line.version.map(|version| format!("v{version} ")).unwrap_or_default();
    let mut text =
        format!("{DIM}{} {version}{DIM:#}{style}{source}{style:#} {}", one_line(&line.time), one_line(&line.text));
    let _ = write!(text, "{DIM}");
    if let Some(request) = &line.request {
        let _ = write!(text, " request={}", one_line(request));
    }
    for (name, value) in &line.fields {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let _ = write!(text, " {}={}", one_line(name), one_line(&value));
    }
    text + &format!("{DIM:#}\n")
}

/// What a guest prints must not look like another line of the log.
fn one_line(text: &str) -> String {
    printable(text).replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_can_neither_move_the_cursor_nor_feign_lines() {
        let line = LogLine {
            time: "t".into(),
            version: None,
            request: Some("1\n2".into()),
            source: LogSource::Stdout,
            text: "\u{1b}[2Jgone\u{9b}31m\r\nserver: all is well".into(),
            fields: Default::default(),
        };
        let text = anstream::adapter::strip_str(&as_text(&line)).to_string();
        assert_eq!(text, "t stdout [2Jgone31m server: all is well request=1 2\n");
    }
}
