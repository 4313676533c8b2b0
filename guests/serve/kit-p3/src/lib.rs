//! The main behaviours of `kit` for WASI 0.3, chosen by the path.

mod bodies;
mod fetch;
mod hoards;
mod reply;
mod sockets;

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

use wasip3::clocks::monotonic_clock::wait_for;
use wasip3::http::types::{ErrorCode, Method, Request, Response, Scheme};
use wasip3::spawn_local;

use crate::reply::{start, text};

wasip3::http::service::export!(Kit);

struct Kit;

impl wasip3::exports::http::handler::Guest for Kit {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let target = request.get_path_with_query().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let words: Vec<&str> = path.split('/').skip(1).collect();
        Ok(match *words.as_slice() {
            ["echo"] => bodies::echo(request),
            ["trailers"] => bodies::trailers(request),
            ["sse"] => bodies::server_sent_events(),
            ["headers"] => text(200, headers(&request)),
            ["counter"] => text(200, format!("{}\n", count())),
            ["sleep", milliseconds] => sleep(milliseconds).await,
            ["fetch"] => fetch::fetch(query).await,
            ["tcp", number] => sockets::tcp(number, query).await,
            ["hoard", what] => hoards::hoard(what),
            ["loop"] => spin(),
            ["loop-after-head"] => after_head(|| spin()),
            ["trap"] => trap(),
            ["trap-after-head"] => after_head(|| trap()),
            ["error"] => return Err(ErrorCode::InternalError(Some("the kit has no response".to_owned()))),
            _ => text(404, "no such behaviour\n".to_owned()),
        })
    }
}

/// `method M`, `path P`, `scheme S`, `authority A`, then `NAME: VALUE` for each header.
fn headers(request: &Request) -> String {
    let method = match request.get_method() {
        Method::Other(name) => name,
        known => format!("{known:?}").trim_start_matches("Method::").to_uppercase(),
    };
    let scheme = match request.get_scheme() {
        Some(Scheme::Http) => "http".to_owned(),
        Some(Scheme::Https) => "https".to_owned(),
        Some(Scheme::Other(name)) => name,
        None => "(none)".to_owned(),
    };
    let or_none = |value: Option<String>| value.unwrap_or("(none)".to_owned());
    let (path, authority) = (or_none(request.get_path_with_query()), or_none(request.get_authority()));
    let lines = request.get_headers().copy_all().into_iter();
    let lines: String = lines.map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(&value))).collect();
    format!("method {method}\npath {path}\nscheme {scheme}\nauthority {authority}\n{lines}")
}

/// How many requests this instance has been asked this, this one included: 1 in a fresh one.
fn count() -> u64 {
    static REQUESTS: AtomicU64 = AtomicU64::new(0);
    REQUESTS.fetch_add(1, Ordering::Relaxed) + 1
}

/// Waits before it answers; other requests may enter the instance meanwhile.
async fn sleep(milliseconds: &str) -> Response {
    let Ok(milliseconds) = milliseconds.parse::<u64>() else {
        return text(400, "not a number\n".to_owned());
    };
    wait_for(milliseconds * 1_000_000).await;
    text(200, format!("slept {milliseconds}\n"))
}

/// Sends the head and one chunk, then does `this`.
fn after_head(this: fn()) -> Response {
    let (response, mut body) = start(200, &[("content-type", b"text/plain")]);
    spawn_local(async move {
        body.write(b"the last chunk\n".to_vec()).await;
        this();
    });
    response
}

fn spin() -> ! {
    let mut number = 0_u64;
    loop {
        number = black_box(number.wrapping_add(1));
    }
}

fn trap() -> ! {
    core::arch::wasm32::unreachable()
}
