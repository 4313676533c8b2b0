//! What a guest can see of the request, of its instance and of the world.

use std::fmt::Write;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep as wait;
use std::time::{Duration, Instant, SystemTime};

use wasip2::http::types::{IncomingRequest, Method, ResponseOutparam, Scheme};

use crate::reply::text;

/// `method M`, `path P`, `scheme S`, `authority A`, then `NAME: VALUE` for each header.
pub fn headers(request: &IncomingRequest, out: ResponseOutparam) -> io::Result<()> {
    let method = match request.method() {
        Method::Other(name) => name,
        known => format!("{known:?}").trim_start_matches("Method::").to_uppercase(),
    };
    let scheme = match request.scheme() {
        Some(Scheme::Http) => "http".to_owned(),
        Some(Scheme::Https) => "https".to_owned(),
        Some(Scheme::Other(name)) => name,
        None => "(none)".to_owned(),
    };
    let or_none = |value: Option<String>| value.unwrap_or("(none)".to_owned());
    let (path, authority) = (or_none(request.path_with_query()), or_none(request.authority()));
    let mut lines = format!("method {method}\npath {path}\nscheme {scheme}\nauthority {authority}\n");
    for (name, value) in request.headers().entries() {
        let _ = writeln!(lines, "{name}: {}", String::from_utf8_lossy(&value));
    }
    text(out, 200, &lines)
}

pub fn environment(out: ResponseOutparam) -> io::Result<()> {
    let mut lines: Vec<String> = std::env::vars().map(|(name, value)| format!("{name}={value}\n")).collect();
    lines.sort();
    text(out, 200, &lines.concat())
}

pub fn arguments(out: ResponseOutparam) -> io::Result<()> {
    let lines: String = std::env::args().map(|argument| argument + "\n").collect();
    text(out, 200, &lines)
}

/// How many requests this instance has been asked this, itself included: 1 in a fresh one.
pub fn counter(out: ResponseOutparam) -> io::Result<()> {
    static REQUESTS: AtomicU64 = AtomicU64::new(0);
    let count = REQUESTS.fetch_add(1, Ordering::Relaxed) + 1;
    text(out, 200, &format!("{count}\n"))
}

pub fn random(out: ResponseOutparam) -> io::Result<()> {
    let bytes = wasip2::random::random::get_random_bytes(16);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    text(out, 200, &format!("{hex}\n"))
}

/// `wall NANOSECONDS` since 1970, `monotonic NANOSECONDS` since the host's zero.
pub fn time(out: ResponseOutparam) -> io::Result<()> {
    let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    let monotonic = wasip2::clocks::monotonic_clock::now();
    text(out, 200, &format!("wall {}\nmonotonic {monotonic}\n", wall.as_nanos()))
}

pub fn sleep(out: ResponseOutparam, milliseconds: u64) -> io::Result<()> {
    wait(Duration::from_millis(milliseconds));
    text(out, 200, &format!("slept {milliseconds}\n"))
}

/// So many lines to standard output and as many to standard error.
pub fn log(out: ResponseOutparam, lines: u64) -> io::Result<()> {
    for line in 1..=lines {
        println!("output line {line}");
        eprintln!("error line {line}");
    }
    text(out, 200, &format!("logged {lines}\n"))
}

/// Computes for 50 ms once the response is complete, then says so on standard error.
pub fn after(out: ResponseOutparam) -> io::Result<()> {
    text(out, 200, "more follows in the log\n")?;
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(50) {}
    eprintln!("after");
    Ok(())
}
