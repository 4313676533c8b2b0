//! Running the real binary, and what tests say about how it ended.

use std::ffi::OsStr;
use std::io::{Read, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// How long any program may take before it is ended and its test fails. Only a guard: nothing is measured.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// The path of a guest: text from `guests/wat`, everything else from `guests/prebuilt`.
pub(crate) fn guest(name: &str) -> PathBuf {
    let folder = if name.ends_with(".wat") { "wat" } else { "prebuilt" };
    guests().join(folder).join(name)
}

fn guests() -> &'static Path {
    static GUESTS: OnceLock<PathBuf> = OnceLock::new();
    GUESTS.get_or_init(|| {
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests");
        beside.canonicalize().unwrap()
    })
}

/// A code cache for all tests of this process that do not look at it, so that a guest is compiled once.
fn shared_cache() -> &'static Path {
    static CACHE: OnceLock<PathBuf> = OnceLock::new();
    CACHE.get_or_init(|| {
        let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join("e2e-caches");
        std::fs::create_dir_all(&all).unwrap();
        // Nothing is run at the end of a test process, so each removes what earlier ones left.
        for left in std::fs::read_dir(&all).unwrap().flatten() {
            if !Path::new("/proc").join(left.file_name()).exists() {
                let _ = std::fs::remove_dir_all(left.path());
            }
        }
        all.join(std::process::id().to_string())
    })
}

/// A handler of HTTP requests that carries `module` along and never calls it, but has an instance of it: what no instance is
/// made of need not be compiled.
pub(crate) fn carrying(dir: &Path, module: &str) -> PathBuf {
    let mut bytes = std::fs::read(guest("serve-hello.p2.wasm")).unwrap();
    let module = wat::parse_str(module).unwrap();
    // One more section of the component: a core module.
    bytes.push(1);
    let mut size = module.len();
    while size >= 0x80 {
        bytes.push((size & 0x7f) as u8 | 0x80);
        size >>= 7;
    }
    bytes.push(size as u8);
    bytes.extend(module);
    // And a section of core instances: one, of module 3, given nothing. The handler has three modules already.
    bytes.extend([2, 4, 1, 0, 3, 0]);
    let path = dir.join("guest.wasm");
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Many variables that all live through many branches: a tenth of a second for the fast compiler, and half a minute
/// and a gigabyte for the optimising one.
pub(crate) fn bomb(branches: usize) -> String {
    const VARIABLES: usize = 2000;
    let branch = |at: usize| {
        let [a, b, c] = [at * 7, at * 13 + 1, at * 29 + 2].map(|variable| variable % VARIABLES);
        format!(
            "(if (i64.eqz (local.get {a}))
                (then (local.set {b} (i64.add (local.get {c}) (local.get {a}))))
                (else (local.set {c} (i64.mul (local.get {b}) (local.get {a})))))"
        )
    };
    let body: String = (0..branches).map(branch).collect();
    let variables = "i64 ".repeat(VARIABLES);
    format!("(module (func (local {variables}) (loop {body} (br_if 0 (i32.wrap_i64 (local.get 0))))))")
}

/// A run of `holm` to be: nothing of this process's environment but PATH, and standard input empty.
pub(crate) struct Holm {
    command: Command,
    stdin: Option<Vec<u8>>,
    names: Vec<(String, String)>,
}

/// `holm WORDS…`
pub(crate) fn holm<S: AsRef<OsStr>>(words: impl IntoIterator<Item = S>) -> Holm {
    let mut command = Command::new(env!("CARGO_BIN_EXE_holm"));
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOLM_CACHE_DIR", shared_cache()).env("HOME", "/nonexistent").args(words);
    Holm { command, stdin: None, names: vec![(format!("{}/", guests().display()), String::new())] }
}

/// `holm run GUEST`
pub(crate) fn run(name: &str) -> Holm {
    holm(["run"]).guest(name)
}

/// `holm call GUEST WORDS…`
pub(crate) fn call<const N: usize>(name: &str, words: [&str; N]) -> Holm {
    holm(["call"]).guest(name).args(words)
}

impl Holm {
    /// Adds a guest of ours to the arguments.
    pub(crate) fn guest(self, name: &str) -> Self {
        let path = guest(name);
        self.arg(path)
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    pub(crate) fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn without_env(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Uses this code cache instead of the one all tests share.
    pub(crate) fn cache(self, dir: &Path) -> Self {
        self.env("HOLM_CACHE_DIR", dir)
    }

    /// Runs in `dir`, which is called `[dir]` in what is printed.
    pub(crate) fn within(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self.naming(dir, "[dir]")
    }

    /// Calls `path` by `name` in what is printed.
    pub(crate) fn naming(mut self, path: &Path, name: &str) -> Self {
        self.names.push((path.display().to_string(), name.to_owned()));
        self
    }

    /// Runs where `dir` is a disk of its own, of this size. It goes away with the process, and nobody else sees it.
    #[allow(dead_code, reason = "for the tests of attacks")]
    pub(crate) fn on_a_disk(self, dir: &Path, size: &str) -> Self {
        let mount = "mount -t tmpfs -o size=$1,mode=700 none \"$2\" && shift 2 && exec \"$@\"";
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", mount, "sh", size]).arg(dir);
        command.arg(self.command.get_program()).args(self.command.get_args());
        let envs = self.command.get_envs().filter_map(|(name, value)| Some((name, value?)));
        command.env_clear().envs(envs);
        Self { command, ..self }
    }

    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// Runs it to its end.
    pub(crate) fn ends(mut self) -> Outcome {
        let input = self.stdin.take().unwrap_or_default();
        let mut running = self.starts();
        let mut stdin = running.stdin.take().unwrap();
        // At the same time as it is read from: pipes are small. Whoever does not read its input closes it, which is
        // no concern of the writer.
        let writer = thread::spawn(move || drop(stdin.write_all(&input)));
        let outcome = running.ends();
        writer.join().unwrap();
        outcome
    }

    /// Runs it to its end, which has to be a good one: 0, and nothing on standard error.
    #[track_caller]
    pub(crate) fn prints(self) -> String {
        let ended = self.ends();
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
        ended.stdout
    }

    /// Runs it to its end, which has to be this code, and returns what it said on standard error.
    #[track_caller]
    pub(crate) fn fails(self, code: i32) -> String {
        let ended = self.ends();
        assert_eq!(ended.code, Some(code), "{ended:?}");
        ended.stderr
    }

    /// Starts it, with all three streams for the caller to look after.
    pub(crate) fn spawn(&mut self) -> Child {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        self.command.spawn().unwrap()
    }

    /// Starts it and leaves its standard input open.
    pub(crate) fn starts(mut self) -> Running {
        let mut child = self.spawn();
        let stdout = Some(child.stdout.take().unwrap());
        let stderr = collect(child.stderr.take().unwrap());
        let stdin = child.stdin.take();
        let guard = guard(pid(&child));
        Running { child, stdin, stdout, stderr, guard, names: self.names }
    }
}

/// A run of `holm` that has begun.
pub(crate) struct Running {
    child: Child,
    pub(crate) stdin: Option<ChildStdin>,
    pub(crate) stdout: Option<std::process::ChildStdout>,
    stderr: JoinHandle<Vec<u8>>,
    guard: Guard,
    names: Vec<(String, String)>,
}

impl Running {
    /// The next line it prints; empty at the end.
    pub(crate) fn line(&mut self) -> String {
        let mut line = Vec::new();
        let mut byte = [0];
        // Byte by byte, so that what follows stays in the pipe.
        while !line.ends_with(b"\n") && self.stdout.as_mut().unwrap().read(&mut byte).unwrap() == 1 {
            line.push(byte[0]);
        }
        String::from_utf8(line).unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(pid(&self.child), signal).unwrap();
    }

    /// Waits for its end.
    pub(crate) fn ends(mut self) -> Outcome {
        drop(self.stdin.take());
        let stdout = self.stdout.take().map(collect);
        let status = self.child.wait().unwrap();
        let in_time = self.guard.dismiss();
        let text = |bytes: Vec<u8>| {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            self.names.iter().fold(text, |text, (path, name)| text.replace(path, name))
        };
        let outcome = Outcome {
            code: status.code(),
            signal: status.signal(),
            stdout: text(stdout.map(|stdout| stdout.join().unwrap()).unwrap_or_default()),
            stderr: text(self.stderr.join().unwrap()),
        };
        assert!(in_time, "still running after {PATIENCE:?}: {outcome:?}");
        outcome.shows_nothing_of_holm();
        outcome
    }
}

fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

fn collect(mut from: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).unwrap();
        bytes
    })
}

/// Ends a program that does not end by itself.
struct Guard {
    done: Sender<()>,
    watcher: JoinHandle<bool>,
}

fn guard(pid: Pid) -> Guard {
    let (done, wait) = channel::<()>();
    let watcher = thread::spawn(move || {
        let in_time = wait.recv_timeout(PATIENCE).is_ok();
        if !in_time {
            let _ = kill_process(pid, Signal::KILL);
        }
        in_time
    });
    Guard { done, watcher }
}

impl Guard {
    /// Whether it was not needed.
    fn dismiss(self) -> bool {
        let _ = self.done.send(());
        self.watcher.join().unwrap()
    }
}

/// How a run ended. Paths of guests are without their folders.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Outcome {
    /// No answer to a user shows Holm's own code, stack or dependencies.
    fn shows_nothing_of_holm(&self) {
        for inner in ["holm_", "wasmtime", "<unknown>", "cranelift", "winch", "crates/", "abis/", ".cargo", "/rustc/"] {
            assert!(!self.stderr.contains(inner), "`{inner}` of Holm in an answer to a user: {self:?}");
        }
        // A guest in Rust says this when it panics itself.
        let by_guest = self.stderr.contains("panicked at src/bin/") || self.stderr.starts_with("memory allocation of ");
        assert!(by_guest || !self.stderr.contains("RUST_BACKTRACE"), "Holm panicked: {self:?}");
        assert!(by_guest || !self.stderr.contains("panicked at"), "Holm panicked: {self:?}");
    }
}
