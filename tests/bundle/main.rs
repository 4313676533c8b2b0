//! Bundles: executables with a guest inside, run as strangers run them.

// `allow-unwrap-in-tests` does not reach the helpers of integration tests.
#![allow(clippy::unwrap_used)]

mod damaged;
mod making;
mod programs;
mod serving;
#[path = "../e2e/support.rs"]
#[allow(dead_code, reason = "for the tests it was written for")]
mod support;

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use support::{guest, holm};

/// The Holm that is copied into bundles: without what debuggers want of it where that can be had, because it is copied often.
fn runtime() -> &'static Path {
    static RUNTIME: OnceLock<PathBuf> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let holm = Path::new(env!("CARGO_BIN_EXE_holm"));
        let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bundle-runtimes");
        std::fs::create_dir_all(&all).unwrap();
        // Nothing is run at the end of a test process, so each removes what earlier ones left.
        for left in std::fs::read_dir(&all).unwrap().flatten() {
            if !Path::new("/proc").join(left.file_name()).exists() {
                let _ = std::fs::remove_file(left.path());
            }
        }
        let small = all.join(std::process::id().to_string());
        let stripped = Command::new("strip").arg("-g").arg("-o").arg(&small).arg(holm).status();
        match stripped.is_ok_and(|status| status.success()) {
            true => small,
            false => holm.to_owned(),
        }
    })
}

/// `holm bundle` of a guest of ours into `app` in `dir`.
fn bundle(dir: &Path, name: &str, flags: &[&str]) -> PathBuf {
    bundle_file(dir, &guest(name), flags)
}

fn bundle_file(dir: &Path, guest: &Path, flags: &[&str]) -> PathBuf {
    let app = dir.join("app");
    let made = holm(["bundle"]).arg(guest).arg("-o").arg(&app).arg("--runtime").arg(runtime()).args(flags).within(dir);
    assert!(made.prints().starts_with("[dir]/app: "));
    app
}

/// Starts a program with an empty environment: no home, no cache, nothing of Holm's.
fn start(app: &Path) -> Command {
    let mut command = Command::new(app);
    command.env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs a bundle to its end.
fn run(app: &Path, words: &[&str]) -> Output {
    loop {
        match start(app).args(words).stdin(Stdio::null()).output() {
            // A neighbour's child that was just forked has the file open still, as it was written.
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => std::thread::yield_now(),
            output => return output.unwrap(),
        }
    }
}

/// What it prints on standard output; it has to end well and say nothing else.
#[track_caller]
fn prints(output: Output) -> String {
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    text(&output.stdout)
}

/// What it says on standard error, having ended with `code`.
#[track_caller]
fn fails(output: &Output, code: i32) -> String {
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    said
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Writes a file that may be executed.
fn write_executable(path: &Path, bytes: &[u8]) {
    use std::os::unix::fs::OpenOptionsExt as _;

    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o755).open(path).unwrap().write_all(bytes).unwrap();
}
