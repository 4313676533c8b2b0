//! A guest's log.

use std::io::Write as _;

use holm_abi::Output;

use crate::memory::LONGEST;

/// The levels of the ABI: -1 debug, 0 info, 1 warn, 2 error; 3 is none.
pub(crate) fn level(level: u32) -> Option<&'static str> {
    match level.cast_signed() {
        0 => Some("info"),
        1 => Some("warn"),
        2 => Some("error"),
        _ => None,
    }
}

/// Bytes of a message that are kept.
pub(crate) const MOST: u32 = LONGEST;

/// Writes a line that says of what importance it is.
pub(crate) fn line(output: &Output, name: &str, level: &str, message: &[u8]) {
    let mut line = format!("{name}: {level}: ").into_bytes();
    line.extend_from_slice(message.trim_ascii_end());
    line.push(b'\n');
    // Nobody is to be told that nobody listens.
    match output {
        Output::Discard => {}
        Output::Inherit => _ = std::io::stderr().write_all(&line),
        Output::Capture(buffer) => {
            buffer.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend_from_slice(&line);
        }
        Output::Sink(sink) => _ = sink.write(&line),
        Output::Pipe(pipe) => _ = pipe.write(&line),
    }
}
