//! `holm dev` with what answers requests.

use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::client::{Client, connect};
use crate::project::Project;
use crate::support::{Holm, PATIENCE, guest};

const HELLO: (u16, &str) = (200, "Hello from Holm!\n");
const COUNTS: (u16, &str) = (200, "1\n");

/// `holm dev` while it runs, and what it says.
struct Dev {
    child: Child,
    log: Arc<Mutex<String>>,
    address: SocketAddr,
}

/// Starts it and waits until it answers.
fn start(mut holm: Holm) -> Dev {
    let mut child = holm.spawn();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let log = Arc::new(Mutex::new(String::new()));
    let (tell, told) = std::sync::mpsc::channel();
    let heard = Arc::clone(&log);
    thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            if let Some(address) = line.strip_prefix("http://") {
                let _ = tell.send(address.to_socket_addrs().unwrap().next().unwrap());
            }
            heard.lock().unwrap().extend([line.as_str(), "\n"]);
        }
    });
    let address = told.recv_timeout(PATIENCE);
    let address = address.unwrap_or_else(|_| panic!("it does not say where it answers: {}", log.lock().unwrap()));
    Dev { child, log, address }
}

impl Dev {
    fn client(&self) -> Client<TcpStream> {
        connect(self.address)
    }

    fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits until it answers like this.
    #[track_caller]
    fn becomes(&self, is: impl Fn((u16, &str)) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let response = self.client().get("/counter");
            if is(response.said()) {
                return;
            }
            assert!(Instant::now() < deadline, "still {response:?}: {}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        if thread::panicking() {
            println!("{}", self.log());
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A project that is built by copying one of our guests, the one that `make` names.
fn project(make: &str) -> Project {
    let manifest = "holm = 1\nguest = \"app.wasm\"\n[build]\nfolder = \"src\"\ncommand = \"sh make\"\n";
    Project::new(&[("holm.toml", manifest), ("src/make", make)])
}

fn making(name: &str) -> String {
    format!("cp '{}' ../app.wasm", guest(name).display())
}

/// A compiler's message, in colour and with characters that HTML has other uses for.
const FAILS: &str = "printf '\\033[31merror\\033[0m: expected <u8> & found \"x\"\\n' >&2; exit 1";

fn dev(project: &Project) -> Holm {
    project.holm(&["dev", "--addr", "127.0.0.1:0"]).env("HOLM_STATE_DIR", project.at("state"))
}

#[test]
fn what_is_saved_is_served_and_no_request_is_lost() {
    let project = project(&making("serve-hello.p2.wasm"));
    let dev = start(dev(&project));
    dev.becomes(|said| said == HELLO);
    let (stop, seen) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut client = dev.client();
                while !stop.load(SeqCst) {
                    let response = client.get("/counter");
                    let said = (response.whole, response.head.status, response.body);
                    let mut seen = seen.lock().unwrap();
                    if seen.last() != Some(&said) {
                        seen.push(said);
                    }
                }
            });
        }
        for _ in 0..3 {
            project.write("src/make", making("serve-kit.p2.wasm"));
            dev.becomes(|said| said == COUNTS);
            project.write("src/make", making("serve-hello.p2.wasm"));
            dev.becomes(|said| said == HELLO);
        }
        stop.store(true, SeqCst);
    });
    let seen = seen.into_inner().unwrap();
    let good = |(whole, status, body): &(bool, u16, String)| *whole && [HELLO, COUNTS].contains(&(*status, body));
    assert!(seen.iter().all(good) && seen.len() > 6, "{seen:?}");
}

#[test]
fn until_it_builds_again_requests_are_answered_with_what_the_compiler_says() {
    let project = project(&making("serve-hello.p2.wasm"));
    let dev = start(dev(&project));
    dev.becomes(|said| said == HELLO);
    project.write("src/make", FAILS);
    dev.becomes(|(status, _)| status == 500);
    let response = dev.client().get("/");
    let text = "error: expected <u8> & found \"x\"\nerror: `sh make` failed (exit code 1); what it said is above";
    assert!(response.body.starts_with(text), "{response:?}");
    assert_eq!(response.head.header("content-type"), Some("text/plain; charset=utf-8"));

    let mut browser = dev.client();
    browser.send("GET / HTTP/1.1\r\nhost: localhost\r\naccept: text/html,*/*\r\n\r\n");
    let page = browser.response();
    assert_eq!((page.head.status, page.head.header("cache-control")), (500, Some("no-store")));
    assert!(page.body.contains("error: expected &lt;u8&gt; &amp; found &quot;x&quot;"), "{page:?}");
    assert!(dev.log().contains("\u{1b}[31merror"), "the terminal has it as it was said: {}", dev.log());

    project.write("src/make", making("serve-kit.p2.wasm"));
    dev.becomes(|said| said == COUNTS);
    assert_eq!(browser.get("/counter").said(), COUNTS, "the connection stays");
}

#[test]
fn what_never_built_is_a_page_and_so_is_what_cannot_be_served() {
    let project = project(FAILS);
    let dev = start(dev(&project));
    dev.becomes(|(status, body)| status == 500 && body.contains("expected <u8>"));
    project.write("src/make", "echo '(module)' > ../app.wasm");
    dev.becomes(|(status, body)| status == 500 && body.contains("app.wasm does not answer HTTP requests"));
    project.write("holm.toml", "holm = 1\nguests = 1\n");
    dev.becomes(|(status, body)| status == 500 && body.contains("unknown key `guests`"));
    let manifest =
        "holm = 1\nguest = \"app.wasm\"\nroutes = \"/counter\"\n[build]\nfolder = \"src\"\ncommand = \"sh make\"\n";
    project.write("holm.toml", manifest);
    project.write("src/make", making("serve-kit.p2.wasm"));
    dev.becomes(|said| said == COUNTS);
    assert_eq!(dev.client().get("/elsewhere").head.status, 404, "the manifest's routes hold");
}

#[test]
fn a_signal_ends_it_and_a_build_under_way() {
    let project = project(&making("serve-hello.p2.wasm"));
    let mut dev = start(dev(&project));
    dev.becomes(|said| said == HELLO);
    project.write("src/make", "echo $$ > ../pid; exec sleep 100000");
    let pid = loop {
        let written = std::fs::read_to_string(project.at("pid")).unwrap_or_default();
        match written.trim().parse::<i32>() {
            Ok(pid) => break pid,
            Err(_) => thread::sleep(Duration::from_millis(20)),
        }
    };
    dev.signal(Signal::INT);
    assert_eq!(dev.child.wait().unwrap().code(), Some(0));
    let left = std::path::PathBuf::from(format!("/proc/{pid}"));
    let deadline = Instant::now() + PATIENCE;
    while left.exists() {
        assert!(Instant::now() < deadline, "the command goes on");
        thread::sleep(Duration::from_millis(20));
    }
}
