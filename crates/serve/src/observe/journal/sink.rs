//! From what a guest writes to lines.

use std::io;
use std::iter;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use holm_abi::Sink;

use super::entry::About;
use super::{AppLog, MAX_LINE, Raw};

/// Makes lines of what one guest writes to one stream for one request. The rest without an end of line becomes a line
/// when this is dropped. Nothing is allocated before the guest writes, and then only for lines that come in pieces.
#[derive(Debug)]
pub struct LineSink {
    log: Arc<AppLog>,
    about: About,
    begun: Mutex<Begun>,
}

/// A line whose end has not come.
#[derive(Debug, Default)]
struct Begun {
    bytes: Vec<u8>,
    left_out: usize,
}

impl LineSink {
    pub(super) fn new(log: Arc<AppLog>, about: About) -> Self {
        Self { log, about, begun: Mutex::default() }
    }
}

impl Sink for LineSink {
    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n') else {
            begun.extend(bytes);
            return Ok(());
        };
        let mut lines = bytes[..end].split(|byte| *byte == b'\n').map(without_return);
        if begun.is_empty() {
            self.log.write(self.about, lines.map(Raw::of));
        } else {
            begun.extend(lines.next().unwrap_or_default());
            // Taken, so that its memory is not kept for a request that may go on for long.
            let first = mem::take(&mut *begun);
            self.log.write(self.about, iter::once(first.line()).chain(lines.map(Raw::of)));
        }
        begun.extend(&bytes[end + 1..]);
        Ok(())
    }
}

impl Drop for LineSink {
    fn drop(&mut self) {
        let begun = self.begun.get_mut().unwrap_or_else(PoisonError::into_inner);
        if !begun.is_empty() {
            self.log.write(self.about, iter::once(begun.line()));
        }
    }
}

impl Begun {
    fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.left_out == 0
    }

    fn extend(&mut self, bytes: &[u8]) {
        let room = MAX_LINE - self.bytes.len();
        let (kept, left_out) = bytes.split_at(bytes.len().min(room));
        self.bytes.extend_from_slice(kept);
        self.left_out += left_out.len();
    }

    fn line(&self) -> Raw<'_> {
        let bytes = if self.left_out == 0 { without_return(&self.bytes) } else { &self.bytes };
        Raw { bytes, left_out: self.left_out }
    }
}

/// Some programs end lines with CR LF.
fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}
