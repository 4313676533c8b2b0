//! One component with many behaviours, chosen by the path: what `holm serve` is tested with. `guests/README.md` lists
//! them. None is polite: each does exactly what its name says, so that a test can see what the server makes of it.

mod bodies;
mod facts;
mod faults;
mod fetch;
mod hoards;
mod liars;
mod reply;
mod sockets;

use std::io;

use wasip2::http::types::{IncomingRequest, ResponseOutparam};

wasip2::http::proxy::export!(Kit);

struct Kit;

impl wasip2::exports::http::incoming_handler::Guest for Kit {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        // A body fails when the other side has gone, which is no mistake of ours.
        if let Err(error) = behave(&target, &request, out) {
            eprintln!("kit: {target}: {error}");
        }
    }
}

fn behave(target: &str, request: &IncomingRequest, out: ResponseOutparam) -> io::Result<()> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let words: Vec<&str> = path.split('/').skip(1).collect();
    match *words.as_slice() {
        ["echo"] => bodies::echo(request, out),
        ["count"] => bodies::count(request, out),
        ["never-read"] => reply::text(out, 200, "not read\n"),
        ["trailers"] => bodies::trailers(request, out),
        ["sse"] => bodies::server_sent_events(out),
        ["large", kibibytes] => bodies::large(out, number(kibibytes)?),
        ["stream-forever"] => bodies::stream_forever(out),

        ["status", code] => reply::text(out, number(code)? as u16, &format!("status {code}\n")),
        ["headers"] => facts::headers(request, out),
        ["env"] => facts::environment(out),
        ["args"] => facts::arguments(out),
        ["counter"] => facts::counter(out),
        ["random"] => facts::random(out),
        ["time"] => facts::time(out),
        ["sleep", milliseconds] => facts::sleep(out, number(milliseconds)?),
        ["log", lines] => facts::log(out, number(lines)?),
        ["after"] => facts::after(out),
        ["fetch"] => fetch::fetch(query, None, out),
        ["fetch", milliseconds] => fetch::fetch(query, Some(number(milliseconds)?), out),
        ["tcp", count] => sockets::tcp(request, out, number(count)?, query),
        ["udp", count] => sockets::udp(request, out, number(count)?),

        ["loop"] => faults::spin(),
        ["loop-after-head"] => faults::loop_after_head(out),
        ["loop-after-body"] => faults::loop_after_body(out),
        ["grow"] => faults::grow(),
        ["hoard", what] => hoards::hoard(what),
        ["recurse"] => reply::text(out, 200, &faults::recurse().to_string()),
        ["trap"] => faults::trap(),
        ["trap-after-head"] => faults::trap_after_head(out),
        ["trap-after-body"] => faults::trap_after_body(out),
        ["panic"] => panic!("the kit panics"),
        ["exit", code] => std::process::exit(number(code)? as i32),

        ["no-response"] => Ok(()),
        ["error"] => liars::error(out),
        ["twice"] => liars::twice(out),
        ["length-too-long"] => liars::length(out, 100, b"only this\n"),
        ["length-too-short"] => liars::length(out, 4, b"more than this\n"),
        ["length", declared] => liars::declared(out, declared),
        ["lengths"] => liars::two_lengths(out),
        ["forbidden-headers"] => liars::forbidden_headers(out),
        ["crlf"] => liars::line_break_in_header(out),

        _ => reply::text(out, 404, "no such behaviour\n"),
    }
}

fn number(text: &str) -> io::Result<u64> {
    text.parse().map_err(|_| io::Error::other(format!("{text} is no number")))
}
