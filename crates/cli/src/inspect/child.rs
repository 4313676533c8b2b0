//! The WIT of a guest, printed by a child process.
//!
//! The decoder can exhaust its stack on a hostile guest, which ends the process it runs in, and might take for
//! ever. A guest that does so to the child is shown without the types of its functions.

use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, setrlimit};

/// The largest guests known take a tenth of this.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes of memory. A few bytes of nested types can stand for a text without end.
const MEMORY: u64 = 2 << 30;

/// More than any interface has, and little enough to keep.
const LONGEST: u64 = 16 << 20;

/// The WIT of the guest `bytes`; `None` when it cannot be had.
pub(super) fn wit(bytes: &[u8]) -> Option<String> {
    let child = Command::new(std::env::current_exe().ok()?)
        .args(["inspect", "--wit", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    talk(child.ok()?, bytes)
}

/// Makes this process one that a hostile guest can have: with little memory to fill, and no core dump to leave.
pub(super) fn be_expendable() {
    let limit = |most| Rlimit { current: Some(most), maximum: Some(most) };
    // Where a limit cannot be had, the guest only costs more.
    let _ = setrlimit(Resource::As, limit(MEMORY));
    let _ = setrlimit(Resource::Core, limit(0));
}

/// Gives `input` to the child and returns what it answers.
fn talk(mut child: Child, input: &[u8]) -> Option<String> {
    let (mut stdin, stdout) = (child.stdin.take()?, child.stdout.take()?);
    let (send, answer) = mpsc::channel();
    thread::scope(|scope| {
        // A child that ends early does not read everything, which is its own affair.
        scope.spawn(move || stdin.write_all(input));
        scope.spawn(move || {
            let mut text = String::new();
            let read = stdout.take(LONGEST).read_to_string(&mut text);
            send.send(read.map(|_| text))
        });
        let text = answer.recv_timeout(PATIENCE);
        if text.is_err() {
            let _ = child.kill();
        }
        // What a child wrote that was cut off or died is not whole.
        let whole = child.wait().is_ok_and(|status| status.success());
        text.ok()?.ok().filter(|_| whole)
    })
}
