//! A terminal taken over for a view that changes, and given back as it was.

use std::io::{self, IsTerminal as _, Read as _, Write as _};

use holm_engine::{Error, Result};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// Another screen than the one with the shell's history, home, without a cursor.
const ENTER: &str = "\x1b[?1049h\x1b[?25l";
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";
const CTRL_C: u8 = 3;

/// The terminal, until it is dropped.
pub(super) struct Screen {
    /// How it took keys before, where it can be asked for any.
    before: Option<Termios>,
}

/// Whether there is a terminal that a view can be drawn on.
pub(super) fn is_there() -> bool {
    io::stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

impl Screen {
    /// Takes the terminal over: keys come one by one and are not shown.
    ///
    /// # Errors
    /// The terminal refuses.
    pub(super) fn enter() -> Result<Self> {
        let before = match io::stdin().is_terminal() {
            true => Some(take_keys().map_err(|error| Error::io("read keys", &error.into()))?),
            false => None,
        };
        // From here on, dropping gives it back.
        let screen = Self { before };
        write(ENTER)?;
        Ok(screen)
    }

    /// Columns and rows.
    fn size() -> (usize, usize) {
        match tcgetwinsize(io::stdout()) {
            Ok(size) if size.ws_col > 0 && size.ws_row > 0 => (size.ws_col.into(), size.ws_row.into()),
            _ => (80, 24),
        }
    }

    /// Shows these lines, as far as they fit, the one at `heading` in reverse.
    ///
    /// # Errors
    /// The terminal is gone.
    pub(super) fn draw(&self, lines: &[String], heading: usize) -> Result<()> {
        write(&painted(lines, heading, Self::size()))
    }

    /// Completes at `q`, Ctrl-C, or a signal to end.
    ///
    /// # Errors
    /// No signals can be had.
    pub(super) async fn ended(&self) -> Result<()> {
        let listen = |kind| signal(kind).map_err(|error| Error::io("listen for signals", &error));
        let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
        let mut hangup = listen(SignalKind::hangup())?;
        let (sender, mut keys) = mpsc::channel(1);
        let keyboard = self.before.is_some();
        if keyboard {
            let _ = std::thread::Builder::new().spawn(move || read_keys(&sender));
        }
        tokio::select! {
            _ = keys.recv(), if keyboard => {}
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = write(LEAVE);
        if let Some(before) = &self.before {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
        }
    }
}

/// Has keys come one by one, and answers how it was before. Ctrl-C comes as a key too, so that nothing ends Holm
/// before the terminal is given back.
fn take_keys() -> rustix::io::Result<Termios> {
    let before = tcgetattr(io::stdin())?;
    let mut raw = before.clone();
    raw.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG);
    tcsetattr(io::stdin(), OptionalActions::Now, &raw)?;
    Ok(before)
}

/// Says when a key to end was pressed, or no more keys will come.
fn read_keys(pressed: &mpsc::Sender<()>) {
    let mut key = [0];
    while let Ok(1) = io::stdin().read(&mut key) {
        if matches!(key[0], b'q' | b'Q' | CTRL_C) {
            break;
        }
    }
    let _ = pressed.blocking_send(());
}

/// One frame as the terminal wants it: each line cut to the width and clearing the rest of its row, so that nothing
/// flickers.
fn painted(lines: &[String], heading: usize, (columns, rows): (usize, usize)) -> String {
    let rows = lines.iter().take(rows).enumerate().map(|(row, line)| {
        let line: String = line.chars().take(columns).collect();
        match row == heading {
            true => format!("\x1b[7m{line:<columns$}\x1b[0m\x1b[K"),
            false => format!("{line}\x1b[K"),
        }
    });
    format!("\x1b[H{}\x1b[J", rows.collect::<Vec<_>>().join("\r\n"))
}

fn write(text: &str) -> Result<()> {
    let mut out = io::stdout();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.map_err(|error| Error::io("write to the terminal", &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_never_leaves_its_window() {
        let lines = ["a title that is long".to_owned(), "HEAD".to_owned(), "one".to_owned(), "two".to_owned()];
        assert_eq!(painted(&lines, 1, (7, 3)), "\x1b[Ha title\x1b[K\r\n\x1b[7mHEAD   \x1b[0m\x1b[K\r\none\x1b[K\x1b[J");
    }
}
