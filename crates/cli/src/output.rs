//! What Holm itself prints, as opposed to its guests.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use holm_engine::{Error, Kind, Result};

const RED: Style = AnsiColor::Red.on_default().bold();
const CYAN: Style = AnsiColor::Cyan.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const DIM: Style = Style::new().dimmed();

/// Ends the program: with the code a command gives, or with an error and its code.
///
/// Leaves at once. Nothing that a drop could do matters any more, and unmapping takes time.
pub(crate) fn end(ended: Result<i32>) -> ExitCode {
    let code = match ended {
        Ok(code) => code,
        Err(error) => {
            report(&error);
            error.kind().exit_code()
        }
    };
    let _ = io::stdout().flush();
    std::process::exit(code)
}

/// Prints an error with its stack and its hints, on standard error.
pub(crate) fn report(error: &Error) {
    // A pipe that was closed is how `| head` says it has seen enough.
    if error.kind() == Kind::BrokenPipe {
        return;
    }
    let mut text = format!("{RED}error:{RED:#} {}\n", printable(&error.to_string()));
    for frame in error.frames() {
        let _ = match &frame.location {
            Some(location) => {
                writeln!(text, "    at {} {DIM}{}{DIM:#}", printable(&frame.function), printable(location))
            }
            None => writeln!(text, "    at {}", printable(&frame.function)),
        };
    }
    for note in error.notes() {
        let _ = writeln!(text, "{CYAN}hint:{CYAN:#} {}", printable(note));
    }
    let _ = anstream::stderr().write_all(text.as_bytes());
}

/// Prints something worth knowing that is no error.
pub(crate) fn warn(message: &str) {
    let _ = writeln!(anstream::stderr(), "{YELLOW}warning:{YELLOW:#} {}", printable(message));
}

/// Prints a remark.
pub(crate) fn note(message: &str) {
    let _ = writeln!(anstream::stderr(), "{CYAN}note:{CYAN:#} {}", printable(message));
}

/// Names in a guest are its author's choice, and may try to move the cursor.
pub(crate) fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || *c == '\n').collect()
}

/// A number of bytes for people: `812 B`, `14.8 KiB`, `121 KiB`.
pub(crate) fn human_size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    // What would be written as 1024 of one unit is one of the next.
    let mut size = bytes as f64 / 1024.0;
    let mut unit = 0;
    while size >= 1023.5 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    let decimals = if size < 99.95 { 1 } else { 0 };
    format!("{size:.decimals$} {}", UNITS[unit])
}

/// Prints on standard output.
///
/// # Errors
/// [`Kind::BrokenPipe`] when nobody reads it any more.
pub(crate) fn print(text: &str) -> Result<()> {
    print_bytes(text.as_bytes())
}

/// Prints what is no text on standard output.
///
/// # Errors
/// As [`print()`].
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<()> {
    written(io::stdout().write_all(bytes).and_then(|()| io::stdout().flush()))
}

/// Prints on standard output with the styles in the text, where they are wanted.
///
/// # Errors
/// As [`print()`].
#[cfg(any(feature = "inspect", feature = "serve"))]
pub(crate) fn print_styled(text: &str) -> Result<()> {
    let mut out = anstream::stdout();
    written(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

fn written(result: io::Result<()>) -> Result<()> {
    result.map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Error::new(Kind::BrokenPipe, "nobody reads standard output"),
        _ => Error::io("write to standard output", &error),
    })
}

/// Prints a value as indented JSON on standard output.
///
/// # Errors
/// As [`print()`].
pub(crate) fn print_json(value: &impl serde::Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Error::new(Kind::Internal, format!("not representable as JSON: {error}")))?;
    print(&format!("{text}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_for_people() {
        let sizes = [0, 1023, 1024, 15_155, 123_904, 1_048_063, 1_048_576, 18 << 20, u64::MAX];
        let written = sizes.map(human_size);
        assert_eq!(
            written,
            ["0 B", "1023 B", "1.0 KiB", "14.8 KiB", "121 KiB", "1023 KiB", "1.0 MiB", "18.0 MiB", "16.0 EiB"]
        );
    }
}
