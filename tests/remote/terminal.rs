//! `holm` on a terminal.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use crate::server::Server;

/// A run of `holm` on a terminal of its own.
pub(crate) struct Terminal {
    child: Child,
    keyboard: File,
    /// The program's end, kept open so that its settings can be looked at afterwards.
    line: File,
    printed: Receiver<Vec<u8>>,
    shown: String,
}

/// How long anything may take to be shown. Only a guard: nothing is measured.
const PATIENCE: Duration = Duration::from_secs(120);

impl Terminal {
    pub(crate) fn run<const N: usize>(server: &Server, words: [&str; N]) -> Self {
        let terminal: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let path = ptsname(&terminal, Vec::new()).unwrap();
        let path = std::ffi::OsStr::from_bytes(path.as_bytes());
        let line = File::options().read(true).write(true).open(path).unwrap();
        tcsetwinsize(&line, Winsize { ws_col: 120, ws_row: 30, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_holm"));
        command.env_clear().env("HOLM_STATE_DIR", server.dir.path()).env("TERM", "xterm").args(words);
        command.stdin(line.try_clone().unwrap()).stdout(line.try_clone().unwrap()).stderr(line.try_clone().unwrap());
        let keyboard = File::from(terminal);
        let printed = printed(keyboard.try_clone().unwrap());
        Self { child: command.spawn().unwrap(), keyboard, line, printed, shown: String::new() }
    }

    /// Waits until this is shown.
    pub(crate) fn shows(&mut self, text: &str) {
        while !self.shown.contains(text) {
            let Ok(bytes) = self.printed.recv_timeout(PATIENCE) else {
                let _ = self.child.kill();
                panic!("{text:?} is not shown: {:?}", self.shown);
            };
            self.shown.push_str(&String::from_utf8_lossy(&bytes));
        }
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    pub(crate) fn end(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Whether keys are taken one by one.
    pub(crate) fn is_taken_over(&self) -> bool {
        !tcgetattr(&self.line).unwrap().local_modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG)
    }

    /// Its exit code.
    pub(crate) fn ends(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

/// What is printed, as it comes.
fn printed(mut terminal: File) -> Receiver<Vec<u8>> {
    let (sender, printed) = channel();
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(read @ 1..) = terminal.read(&mut bytes) {
            if sender.send(bytes[..read].to_vec()).is_err() {
                break;
            }
        }
    });
    printed
}

#[test]
fn removing_asks_and_takes_no_for_an_answer() {
    let server = Server::start().with_shop();
    for answer in ["n\n", "\n", "yep\n"] {
        let mut terminal = Terminal::run(&server, ["remove", "shop"]);
        terminal.shows(&format!(
            "Remove shop, all its 2 versions and what it keeps from unix:{}? [y/N] ",
            server.socket().display()
        ));
        terminal.press(answer);
        terminal.shows("shop stays");
        assert_eq!(terminal.ends(), Some(1));
    }
    let mut terminal = Terminal::run(&server, ["remove", "shop"]);
    terminal.shows("[y/N] ");
    terminal.press("y\n");
    terminal.shows("shop is removed");
    assert_eq!(terminal.ends(), Some(0));
    server.holm(["apps", "shop"]).fails(127);
}

#[test]
fn removing_what_is_not_there_does_not_ask() {
    let server = Server::start();
    let mut terminal = Terminal::run(&server, ["remove", "shop"]);
    terminal.shows("no app is called shop");
    assert_eq!(terminal.ends(), Some(127));
}
