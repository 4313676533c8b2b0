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

/// Prints on standard output.
///
/// # Errors
/// [`Kind::BrokenPipe`] when nobody reads it any more.
pub(crate) fn print(text: &str) -> Result<()> {
    io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush()).map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Error::new(Kind::BrokenPipe, "nobody reads standard output"),
        _ => Error::io("write to standard output", &error),
    })
}

/// Prints a value as indented JSON on standard output.
///
/// # Errors
/// As [`print`].
pub(crate) fn print_json(value: &impl serde::Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Error::new(Kind::Internal, format!("not representable as JSON: {error}")))?;
    print(&format!("{text}\n"))
}
