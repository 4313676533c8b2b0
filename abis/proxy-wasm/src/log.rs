//! What guests write.

use std::borrow::Cow;
use std::io::Write as _;
use std::sync::PoisonError;

use holm_abi::{Error, Kind, Output};
use holm_grants::{Limits, format_size};

use crate::plugin::Plugin;

/// The levels, least first (specification, `proxy_log_level_t`).
pub(crate) const LEVELS: [&str; 6] = ["trace", "debug", "info", "warn", "error", "critical"];
pub(crate) const INFO: u32 = 2;
pub(crate) const ERROR: u32 = 4;

/// The level that guests are told of, and from which on what they say is kept.
pub(crate) const LEVEL: u32 = INFO;

/// Bytes of one message that are kept.
const LONGEST: usize = 16 << 10;

/// Bytes that a guest wrote in one callback, against its limit on output.
#[derive(Default)]
pub(crate) struct Written(u64);

impl Written {
    pub(crate) fn begin_anew(&mut self) {
        self.0 = 0;
    }

    /// # Errors
    /// More than the limit allows, which ends the guest.
    pub(crate) fn add(&mut self, bytes: usize, limits: &Limits) -> Result<(), Error> {
        self.0 = self.0.saturating_add(bytes as u64);
        match limits.max_output {
            Some(most) if self.0 > most => {
                let most = format_size(most);
                Err(Error::new(Kind::OutOfOutput, format!("stopped: it wrote more than its limit of {most}"))
                    .note("--max-output sets the limit"))
            }
            _ => Ok(()),
        }
    }
}

/// A message as one line: the level, who says it, what.
pub(crate) fn line(level: u32, name: &str, message: &[u8]) -> Vec<u8> {
    let level = LEVELS.get(level as usize).unwrap_or(&"info");
    let message = message.strip_suffix(b"\n").unwrap_or(message);
    let cut = &message[..message.len().min(LONGEST)];
    let text = String::from_utf8_lossy(cut);
    let text = if text.contains('\n') { Cow::Owned(text.replace('\n', " ")) } else { text };
    let name = if name.is_empty() { String::new() } else { format!("{name}: ") };
    let more = if cut.len() < message.len() { " …" } else { "" };
    format!("{level}: {name}{text}{more}\n").into_bytes()
}

/// Writes a line. What nobody takes is lost: a filter does not end for it.
pub(crate) fn put(output: &Output, line: &[u8]) {
    match output {
        Output::Discard => {}
        Output::Inherit => _ = std::io::stderr().write_all(line),
        Output::Capture(buffer) => buffer.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(line),
        Output::Sink(sink) => _ = sink.write(line),
        Output::Pipe(pipe) => _ = pipe.write(line),
    }
}

/// Says what went wrong with a filter where nobody waits for it.
pub(crate) fn failed(plugin: &Plugin, amid: &str, error: &Error) {
    let message = format!("the filter failed amid {amid}: {error}");
    put(&plugin.host.stdio.stderr, &line(ERROR, plugin.name(), message.as_bytes()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line() {
        assert_eq!(line(3, "auth", b"a\nb\n"), b"warn: auth: a b\n");
        assert_eq!(line(99, "", b"\xff"), "info: \u{fffd}\n".as_bytes());
        let long = line(0, "", &vec![b'x'; LONGEST + 1]);
        assert_eq!(long.len(), "trace: ".len() + LONGEST + " …\n".len());
    }
}
