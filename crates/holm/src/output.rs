//! What plugins print, line by line: as `tracing` events unless the host wants it otherwise.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use holm_abi::{Input, Output, Sink, Stdio};

/// Bytes of a line; longer ones are cut into several.
const LINE: usize = 8 * 1024;

/// Streams that end in events with the target `holm::guest`: INFO for standard output, WARN for standard error.
pub(crate) fn to_tracing(plugin: &Arc<str>) -> Stdio {
    let plugin = Arc::clone(plugin);
    lines(move |stream, line| {
        let plugin = &*plugin;
        match stream {
            Stream::Out => tracing::info!(target: "holm::guest", plugin, "{line}"),
            Stream::Err => tracing::warn!(target: "holm::guest", plugin, "{line}"),
        }
    })
}

/// Streams of which `tell` is told each line.
pub(crate) fn lines(tell: impl Fn(Stream, &str) + Send + Sync + 'static) -> Stdio {
    let tell: Arc<Tell> = Arc::new(tell);
    let lines = |stream| Output::Sink(Arc::new(Lines { tell: Arc::clone(&tell), stream, rest: Mutex::default() }));
    Stdio { stdin: Input::Empty, stdout: lines(Stream::Out), stderr: lines(Stream::Err) }
}

/// Where a plugin printed something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

type Tell = dyn Fn(Stream, &str) + Send + Sync;

struct Lines {
    tell: Arc<Tell>,
    stream: Stream,
    /// A line that is not yet whole.
    rest: Mutex<Vec<u8>>,
}

impl Lines {
    fn tell(&self, line: &[u8]) {
        (self.tell)(self.stream, &String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)));
    }
}

impl Sink for Lines {
    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            rest.extend_from_slice(piece);
            if let Some(line) = rest.strip_suffix(b"\n") {
                self.tell(line);
                rest.clear();
            }
            while rest.len() > LINE {
                self.tell(&rest[..LINE]);
                rest.drain(..LINE);
            }
        }
        Ok(())
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        let rest = std::mem::take(self.rest.get_mut().unwrap_or_else(PoisonError::into_inner));
        if !rest.is_empty() {
            self.tell(&rest);
        }
    }
}
