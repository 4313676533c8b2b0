//! The component that a guest begins with: a command, a handler of HTTP requests and a function, which all do the same.

#[path = "../../attempt.rs"]
mod attempt;
#[path = "../../sockets.rs"]
mod sockets;

wit_bindgen::generate!({ path: "../wit", world: "handler", generate_all });

use parts::kit::probe;
use wasi::filesystem::preopens::get_directories;
use wasi::filesystem::types::{DescriptorFlags, OpenFlags, PathFlags};
use wasip2::http::types::{Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam};

struct Handler;

export!(Handler);
wasip2::cli::command::export!(Handler);
wasip2::http::proxy::export!(Handler);

impl Guest for Handler {
    fn ask(what: String) -> String {
        ask(&what)
    }
}

/// Prints an answer for each of its arguments.
impl wasip2::exports::cli::run::Guest for Handler {
    fn run() -> Result<(), ()> {
        let answers: Vec<String> = std::env::args().skip(1).map(|what| ask(&what)).collect();
        answers.iter().for_each(|answer| println!("{answer}"));
        if answers.iter().any(|answer| answer.starts_with("error")) { Err(()) } else { Ok(()) }
    }
}

/// `/WHAT`, with `+` for each space.
impl wasip2::exports::http::incoming_handler::Guest for Handler {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let path = request.path_with_query().unwrap_or_default();
        let answer = ask(&path.trim_start_matches('/').replace('+', " "));
        let response = OutgoingResponse::new(Fields::new());
        let body = response.body().expect("the body is taken once");
        ResponseOutparam::set(out, Ok(response));
        let stream = body.write().expect("the stream is taken once");
        stream.blocking_write_and_flush(answer.as_bytes()).expect("somebody reads");
        drop(stream);
        OutgoingBody::finish(body, None).expect("it is whole");
    }
}

/// own WHAT | model WHAT, or a gift: give-stream PATH and give-directory PATH of its first directory, give-socket PORT,
/// take-socket PORT
fn ask(what: &str) -> String {
    let (who, with) = what.split_once(' ').unwrap_or((what, ""));
    match who {
        "own" => attempt::attempt(with),
        "model" => probe::attempt(with),
        "give-stream" => give_stream(with),
        "give-directory" => match get_directories().first() {
            Some((directory, _)) => probe::read_below(directory, with),
            None => "error: nothing to give".to_owned(),
        },
        "give-socket" => sockets::make().map_or_else(told, |socket| probe::dial_with(socket, port(with))),
        "take-socket" => probe::make_socket().map_or_else(told, |socket| sockets::dial(&socket, port(with))),
        _ => format!("error: unknown word `{who}`"),
    }
}

fn give_stream(path: &str) -> String {
    let directories = get_directories();
    let Some((directory, _)) = directories.first() else { return "error: nothing to give".to_owned() };
    let file = directory.open_at(PathFlags::empty(), path, OpenFlags::empty(), DescriptorFlags::READ);
    match file.and_then(|file| file.read_via_stream(0)) {
        Ok(stream) => probe::read_stream(stream),
        Err(error) => format!("error: {}", error.name()),
    }
}

fn port(text: &str) -> u16 {
    text.parse().expect("a port")
}

fn told(why: String) -> String {
    format!("error: {why}")
}
