//! Changing what is served while it is served.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use tempfile::{TempDir, tempdir};

use crate::client::{Response, connect};
use crate::server::{Server, start};
use crate::support::{Holm, PATIENCE, guest, holm};

const HELLO: &str = "serve-hello.p2.wasm";
const KIT: &str = "serve-kit.p2.wasm";

/// A folder with a configuration, apps and the server that reads them.
struct Home(TempDir);

impl Home {
    /// Without an app yet.
    fn new() -> Self {
        Self(tempdir().unwrap())
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Puts one of our guests in the place of a file, as editors and compilers do: whole, by a new name first.
    fn put(&self, path: &str, file: &str) {
        let new = self.at("new");
        fs::copy(guest(file), &new).unwrap();
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        fs::rename(new, self.at(path)).unwrap();
    }

    /// An app in a folder of its own.
    fn app(&self, name: &str, file: &str, rest: &str) {
        self.put(&format!("{name}/app.wasm"), file);
        self.write(&format!("{name}/holm.toml"), format!("holm = 1\nguest = \"app.wasm\"\n{rest}\n"));
    }

    fn configure(&self, rest: &str) {
        let text = "holm-server = 1\nstate = \"state\"\nadmin = { listen = \"unix:admin.sock\" }\n";
        self.write("server.toml", format!("{text}{rest}\n"));
    }

    fn command(&self) -> Holm {
        holm(["serve", "--addr", "127.0.0.1:0", "--server-config"]).arg(self.at("server.toml"))
    }

    /// The server, which only does as it is told.
    fn start(&self) -> Server {
        start(self.command().arg("--no-watch"))
    }

    fn drive(&self, words: &[&str]) -> Holm {
        holm(words).arg("--to").arg(format!("unix:{}", self.at("admin.sock").display()))
    }
}

/// Waits until the app at `host` says this.
#[track_caller]
fn becomes(server: &Server, host: &str, says: (u16, &str)) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let response = server.get_at(host, "/counter");
        if response.said() == says {
            return;
        }
        assert!(Instant::now() < deadline, "still {response:?}: {}", server.log());
        thread::sleep(Duration::from_millis(20));
    }
}

const SAYS_HELLO: (u16, &str) = (200, "Hello from Holm!\n");
const COUNTS: (u16, &str) = (200, "1\n");

#[test]
fn a_hangup_replaces_an_app_and_requests_under_way_finish_on_the_old_one() {
    let home = Home::new();
    home.configure("apps = \"one\"");
    home.app("one", KIT, "");
    let server = home.start();
    let mut client = server.client();
    client.send("POST /echo HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n");
    client.send_chunk("first");
    assert_eq!((client.head().unwrap().status, client.chunk().unwrap()), (200, "first".to_owned()));

    home.put("one/app.wasm", HELLO);
    assert_eq!(server.get("/counter").said(), COUNTS, "a changed file alone is none of its business here");
    server.signal(Signal::HUP);
    becomes(&server, "localhost", SAYS_HELLO);
    server.logs(&["read again", "replaced: one"]);
    client.send_chunk("second");
    assert_eq!(client.chunk().unwrap(), "second");
    client.send("0\r\n\r\n");
    assert_eq!(client.chunk().unwrap(), "");
    assert_eq!(client.get("/counter").said(), SAYS_HELLO, "the connection stays");
}

#[test]
fn apps_come_and_go_with_the_configuration_and_those_that_are_the_same_stay() {
    let home = Home::new();
    home.configure("apps = [\"one\", \"two\"]");
    home.app("one", KIT, "routes = \"one.example\"");
    home.app("two", KIT, "routes = \"two.example\"");
    let server = home.start();
    assert_eq!(server.get_at("one.example", "/counter").said(), COUNTS);

    home.configure("apps = [\"one\", \"three\"]");
    // A route can change hands.
    home.app("three", HELLO, "routes = [\"two.example\", \"three.example\"]");
    home.drive(&["reload"]).prints();
    assert_eq!(server.get_at("two.example", "/").said(), SAYS_HELLO);
    assert_eq!(server.get_at("three.example", "/").said(), SAYS_HELLO);
    assert_eq!(server.get_at("one.example", "/counter").said(), COUNTS);
    let line = server.logs(&["read again"]);
    assert!(line.trim_end().ends_with("read again; new: three; gone: two"), "{line}");

    home.configure("");
    home.drive(&["reload"]).prints();
    assert_eq!(server.get_at("one.example", "/counter").said().0, 404);
    server.logs(&["gone: one, three"]);
}

#[test]
fn what_has_anything_wrong_is_refused_with_all_of_it_and_the_old_goes_on() {
    let home = Home::new();
    home.configure("apps = [\"one\", \"two\"]");
    home.app("one", KIT, "routes = \"one.example\"");
    home.app("two", KIT, "routes = \"two.example\"");
    let server = home.start();

    home.configure("apps = [\"one\", \"two\", \"text\", \"missing.wasm\"]");
    home.put("one/app.wasm", HELLO);
    home.write("two/holm.toml", "holm = 1\nguest = \"app.wasm\"\ncolour = 3\nshape = 4\n");
    home.write("text/app.wasm", "hello");
    home.write("text/holm.toml", "holm = 1\nroutes = \"one.example\"\n");
    let said = home.drive(&["reload"]).fails(126);
    let wrong = [
        "unknown key `colour`",
        "unknown key `shape`",
        "app.wasm is text, not WebAssembly",
        "missing.wasm does not exist",
        "the route one.example belongs to one already, and text wants it too",
    ];
    for mistake in wrong {
        assert!(said.contains(mistake), "{mistake} is missing: {said}");
    }
    assert!(!said.contains("holm-serve-"), "files are called what their owner calls them: {said}");
    server.logs(&["all goes on as it was"]);
    for mistake in wrong {
        server.logs(&[mistake]);
    }
    for host in ["one.example", "two.example"] {
        assert_eq!(server.get_at(host, "/counter").said(), COUNTS, "{host}, though one could be replaced");
    }

    home.configure("apps = [\"one\", \"two\"]");
    home.app("two", HELLO, "routes = \"two.example\"");
    home.drive(&["reload"]).prints();
    for host in ["one.example", "two.example"] {
        assert_eq!(server.get_at(host, "/").said(), SAYS_HELLO);
    }
    home.configure("apps = 3");
    assert!(home.drive(&["reload"]).fails(126).contains("`apps` takes"));
    assert_eq!(server.get_at("one.example", "/").said(), SAYS_HELLO);
}

#[test]
fn what_cannot_change_while_the_server_runs_is_said() {
    let home = Home::new();
    home.configure("apps = \"one\"");
    home.app("one", KIT, "");
    let server = home.start();
    home.configure("apps = \"one\"\nwatch = true\ndrain = \"1s\"\n[ceilings]\nmemory = \"1MiB\"");
    home.put("one/app.wasm", HELLO);
    home.drive(&["reload"]).prints();
    server.logs(&["drain, ceilings: changed, which counts from the server's next start on"]);
    assert_eq!(server.get("/").said(), SAYS_HELLO, "the rest is taken over");
}

/// Each change takes the place of the hello with the kit or the other way around.
fn watched(change: impl Fn(&Home, &str)) {
    let home = Home::new();
    home.configure("apps = \"one\"");
    home.app("one", HELLO, "");
    let server = start(home.command());
    becomes(&server, "localhost", SAYS_HELLO);
    for _ in 0..2 {
        change(&home, KIT);
        becomes(&server, "localhost", COUNTS);
        change(&home, HELLO);
        becomes(&server, "localhost", SAYS_HELLO);
    }
}

#[test]
fn a_file_that_is_replaced_is_read_again() {
    watched(|home, file| home.put("one/app.wasm", file));
}

#[test]
fn a_file_that_is_written_over_is_read_again() {
    watched(|home, file| assert!(fs::copy(guest(file), home.at("one/app.wasm")).is_ok()));
}

#[test]
fn a_manifest_that_names_another_guest_is_read_again() {
    watched(|home, file| {
        home.put("one/other.wasm", file);
        home.write("one/holm.toml", format!("holm = 1\nguest = \"other.wasm\"\nargs = \"{file}\"\n"));
    });
}

/// Kubernetes mounts files as links through a link to a folder, which it replaces.
#[test]
fn a_link_that_leads_elsewhere_is_followed() {
    let mounted = |home: &Home, file: &str| {
        home.put(&format!("mount/{file}.d/app.wasm"), file);
        let _ = fs::remove_file(home.at("mount/..new"));
        symlink(home.at(&format!("mount/{file}.d")), home.at("mount/..new")).unwrap();
        fs::rename(home.at("mount/..new"), home.at("mount/..data")).unwrap();
        let app = home.at("one/app.wasm");
        if !app.is_symlink() {
            let _ = fs::remove_file(&app);
            symlink(home.at("mount/..data/app.wasm"), app).unwrap();
        }
    };
    watched(mounted);
}

#[test]
fn a_file_that_is_half_written_is_refused_and_read_again_when_it_is_whole() {
    let home = Home::new();
    home.configure("apps = \"one\"");
    home.app("one", HELLO, "");
    let server = start(home.command());
    let whole = fs::read(guest(KIT)).unwrap();
    home.write("one/app.wasm", &whole[..whole.len() / 2]);
    server.logs(&["one/app.wasm"]);
    assert_eq!(server.get("/").said(), SAYS_HELLO);
    home.write("one/app.wasm", "");
    assert_eq!(server.get("/").said(), SAYS_HELLO);
    home.write("one/app.wasm", whole);
    becomes(&server, "localhost", COUNTS);
}

#[test]
fn an_app_that_was_not_loaded_yet_is_not_read_from_a_file_that_changed() {
    let home = Home::new();
    // No room for code of any kind: it is dropped as soon as nobody asks for it.
    home.configure("apps = \"one\"\n[ceilings]\ncode = \"1\"");
    home.app("one", HELLO, "");
    let server = home.start();
    let cold = || server.metric_at(&home.at("admin.sock"), "holm_cold_starts_total{app=\"one\"}").unwrap_or(0);
    home.write("one/app.wasm", "half a gu");
    let deadline = Instant::now() + PATIENCE;
    while cold() == 0 {
        assert_eq!(server.get("/").said(), SAYS_HELLO);
        assert!(Instant::now() < deadline, "it is never dropped");
        thread::sleep(Duration::from_millis(100));
    }
}

/// Clients that ask without a pause while `change` goes on. Each is answered by one version or the other.
fn under_load(server: &Server, change: impl FnOnce()) -> usize {
    let (done, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    let fits = |response: &Response| [SAYS_HELLO, COUNTS].contains(&response.said());
    thread::scope(|scope| {
        for keeps in [true, true, true, false] {
            let (done, asked) = (&done, &asked);
            scope.spawn(move || {
                let mut client = server.client();
                while !done.load(Relaxed) {
                    if !keeps {
                        client = server.client();
                    }
                    let response = client.get("/counter");
                    if !fits(&response) {
                        done.store(true, Relaxed);
                        panic!("{response:?}");
                    }
                    asked.fetch_add(1, Relaxed);
                }
            });
        }
        // Whatever becomes of the change, the clients come to an end.
        struct End<'a>(&'a AtomicBool);
        impl Drop for End<'_> {
            fn drop(&mut self) {
                self.0.store(true, Relaxed);
            }
        }
        let _end = End(&done);
        change();
    });
    asked.load(Relaxed)
}

#[test]
fn no_request_fails_while_apps_are_replaced() {
    let home = Home::new();
    home.configure("apps = \"one\"");
    home.app("one", HELLO, "");
    let server = home.start();
    let asked = under_load(&server, || {
        for round in 0..20 {
            home.put("one/app.wasm", if round % 2 == 0 { KIT } else { HELLO });
            home.write("one/holm.toml", format!("holm = 1\nguest = \"app.wasm\"\nargs = \"{round}\"\n"));
            match round % 3 {
                0 => server.signal(Signal::HUP),
                1 => drop(home.drive(&["reload"]).prints()),
                _ => {
                    home.write("one/holm.toml", "holm = 2");
                    home.drive(&["reload"]).fails(126);
                }
            }
        }
    });
    assert!(asked > 100, "{asked} requests say little");
}

#[test]
fn no_request_fails_while_a_file_is_written_over_again_and_again() {
    let home = Home::new();
    home.configure("apps = \"one\"");
    home.app("one", HELLO, "");
    let server = start(home.command());
    let guests = [KIT, HELLO].map(|file| fs::read(guest(file)).unwrap());
    under_load(&server, || {
        for round in 0..8 {
            let bytes = &guests[round % 2];
            // In pieces, with time to look in between.
            for part in 1..=4 {
                home.write("one/app.wasm", &bytes[..bytes.len() * part / 4]);
                thread::sleep(Duration::from_millis(150));
            }
            if round >= 6 {
                becomes(&server, "localhost", if round % 2 == 0 { COUNTS } else { SAYS_HELLO });
            }
        }
    });
}

#[test]
fn a_log_file_that_was_moved_is_begun_anew() {
    let home = Home::new();
    home.configure("apps = \"one\"\n[log]\nfile = \"log\"");
    home.app("one", HELLO, "");
    let server = home.start();
    let holds = |file: &str, text: &str| {
        let deadline = Instant::now() + PATIENCE;
        while !fs::read_to_string(home.at(file)).is_ok_and(|log| log.contains(text)) {
            assert!(Instant::now() < deadline, "{text} is never in {file}");
            thread::sleep(Duration::from_millis(20));
        }
    };
    assert_eq!(server.get("/before").said().0, 200);
    holds("log", "/before");
    fs::rename(home.at("log"), home.at("log.1")).unwrap();
    server.signal(Signal::HUP);
    holds("log", "");
    assert_eq!(server.get("/after").said().0, 200);
    holds("log", "/after");
    assert!(!fs::read_to_string(home.at("log.1")).unwrap().contains("/after"));
}

/// A certificate for `name`, and its key.
fn certificate(home: &Home, name: &str) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    home.write("cert.pem", made.cert.pem());
    home.write("key.pem", made.signing_key.serialize_pem());
}

#[test]
fn a_certificate_that_is_of_no_use_is_refused() {
    let home = Home::new();
    let listen = "listen = { address = \"127.0.0.1:0\", tls = { cert = \"cert.pem\", key = \"key.pem\" } }";
    home.configure(&format!("apps = \"one\"\n{listen}"));
    home.app("one", HELLO, "");
    certificate(&home, "a.example");
    let _server = start(holm(["serve", "--no-watch", "--server-config"]).arg(home.at("server.toml")));
    certificate(&home, "b.example");
    home.drive(&["reload"]).prints();
    home.write("cert.pem", "none");
    let said = home.drive(&["reload"]).fails(126);
    assert!(said.contains("cert.pem") && said.contains("it should hold PEM certificates"), "{said}");
}

#[test]
fn a_terminal_that_is_closed_ends_the_server() {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let path = ptsname(&terminal, Vec::new()).unwrap();
    let line = File::options().read(true).write(true).open(OsStr::from_bytes(path.as_bytes())).unwrap();
    let home = Home::new();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_holm"));
    command.args(["serve", "--addr", "127.0.0.1:0"]).arg(guest(HELLO)).env("HOME", home.at(""));
    let mut server = command.stdin(Stdio::null()).stderr(line).spawn().unwrap();
    let mut terminal = BufReader::new(File::from(terminal));
    let mut url = String::new();
    // Terminals are shown progress before that, if it takes long.
    while !url.contains("http://") {
        url.clear();
        terminal.read_line(&mut url).unwrap();
    }
    let (_, address) = url.trim().split_once("http://").unwrap();
    let address = address.parse().unwrap();
    let hangup = || kill_process(Pid::from_child(&server), Signal::HUP).unwrap();
    hangup();
    assert_eq!(connect(address).get("/").said(), SAYS_HELLO, "it reads its configuration again, and goes on");
    drop(terminal);
    hangup();
    assert_eq!(server.wait().unwrap().code(), Some(0));
}

#[test]
fn an_app_that_was_named_is_not_deployed_over() {
    let home = Home::new();
    home.configure("apps = \"one\"");
    home.app("one", HELLO, "");
    let server = home.start();
    let said = home.drive(&["deploy", "--name", "one"]).arg(guest(KIT)).fails(126);
    assert!(said.contains("an app that the server's owner named has this name"), "{said}");
    home.app("two", KIT, "routes = \"two.example\"");
    home.drive(&["deploy", "--name", "two"]).arg(home.at("two")).prints();
    assert_eq!(server.get_at("two.example", "/counter").said(), COUNTS);

    home.app("two", HELLO, "routes = \"other.example\"");
    home.configure("apps = [\"one\", \"two\"]");
    let said = home.drive(&["reload"]).fails(126);
    assert!(said.contains("an app called two is deployed"), "{said}");
    assert_eq!(server.get("/").said(), SAYS_HELLO);
}

#[test]
fn a_server_leaves_no_copies_behind() {
    let (home, tmp) = (Home::new(), tempdir().unwrap());
    home.configure("apps = \"one\"");
    home.app("one", HELLO, "");
    let server = start(home.command().env("TMPDIR", tmp.path()));
    let holds = |path: &Path| fs::read_dir(path).unwrap().count();
    assert_eq!(holds(tmp.path()), 1);
    let copies = fs::read_dir(tmp.path()).unwrap().next().unwrap().unwrap().path();
    for file in [KIT, HELLO, KIT] {
        home.put("one/app.wasm", file);
        home.drive(&["reload"]).prints();
    }
    let files = fs::read_dir(copies).unwrap().filter(|folder| holds(&folder.as_ref().unwrap().path()) > 0);
    assert!(files.count() <= 2, "the one that is served and the one before");
    server.signal(Signal::TERM);
    assert_eq!(server.ends().0, Some(0));
    assert_eq!(holds(tmp.path()), 0);
}
