//! Answers HTTP as guests did that were built against the snapshot of 2023-10-18, and runs as a command. Each path tries one
//! part of the snapshot and answers with what it found.

wit_bindgen::generate!({ path: "wit", world: "kit", generate_all });

use exports::wasi::cli::run::Guest as Run;
use exports::wasi::http::incoming_handler::Guest as Handler;
use wasi::cli::{environment, stdout};
use wasi::clocks::{monotonic_clock, timezone, wall_clock};
use wasi::filesystem::preopens;
use wasi::filesystem::types::{AccessType, Descriptor, DescriptorFlags, Modes, OpenFlags, PathFlags};
use wasi::http::outgoing_handler;
use wasi::http::types::{
    Error, Fields, IncomingBody, IncomingRequest, Method, OutgoingBody, OutgoingRequest, OutgoingResponse,
    RequestOptions, ResponseOutparam, Scheme,
};
use wasi::io::poll::{poll_list, poll_one};
use wasi::io::streams::{InputStream, OutputStream, StreamError};
use wasi::random::random;
use wasi::sockets::network::{IpAddressFamily, IpSocketAddress, Ipv4SocketAddress};
use wasi::sockets::{instance_network, ip_name_lookup, tcp_create_socket, udp_create_socket};

struct Kit;

export!(Kit);

impl Run for Kit {
    fn run() -> Result<(), ()> {
        let arguments = environment::get_arguments();
        write_all(&stdout::get_stdout(), format!("{:?} {}\n", arguments, random()).as_bytes());
        if arguments.iter().any(|argument| argument == "fail") { Err(()) } else { Ok(()) }
    }
}

impl Handler for Kit {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        match path {
            "/echo" => echo(&request, out),
            "/forward" => forward(&request, out),
            "/error" => ResponseOutparam::set(out, Err(Error::UnexpectedError("on purpose".into()))),
            "/twice" => {
                let headers = Fields::new(&[]);
                let request = OutgoingRequest::new(&Method::Get, None, None, None, &headers);
                let (first, second) = (request.write(), request.write());
                answer(out, &format!("{} {}", first.is_ok(), second.is_ok()));
            }
            "/headers" => headers(&request, out),
            "/bad-header" => Fields::new(&[]).append("x", b"a\r\nb"),
            "/fetch" => answer(out, &fetch(query, None)),
            "/fetch-bad" => answer(out, &fetch("a b\n", None)),
            "/fetch-late" => answer(out, &fetch(query, Some(50))),
            "/clocks" => answer(out, &clocks()),
            "/random" => answer(out, &random()),
            "/env" => answer(out, &format!("{:?}", environment::get_environment())),
            "/files" => answer(out, &files()),
            "/lookup" => answer(out, &lookup(query)),
            "/tcp" => answer(out, &tcp(query)),
            "/udp" => answer(out, &format!("{:?}", udp_create_socket::create_udp_socket(IpAddressFamily::Ipv4).err())),
            other => answer(out, &format!("Hello from October: {other}")),
        }
    }
}

fn answer(out: ResponseOutparam, text: &str) {
    let headers = Fields::new(&[("content-type".into(), b"text/plain".to_vec())]);
    let body = begin(out, 200, &headers);
    write_all(&body.write().unwrap(), text.as_bytes());
    OutgoingBody::finish(body, None);
}

fn begin(out: ResponseOutparam, status: u16, headers: &Fields) -> OutgoingBody {
    let response = OutgoingResponse::new(status, headers);
    let body = response.write().unwrap();
    ResponseOutparam::set(out, Ok(response));
    body
}

/// Writes as the SDKs do: what fits, and then waits.
fn write_all(to: &OutputStream, mut bytes: &[u8]) {
    let ready = to.subscribe();
    while !bytes.is_empty() {
        let fits = to.check_write().unwrap() as usize;
        if fits == 0 {
            poll_list(&[&ready]);
            continue;
        }
        let (now, later) = bytes.split_at(fits.min(bytes.len()));
        to.write(now).unwrap();
        bytes = later;
    }
    to.flush().unwrap();
    poll_one(&ready);
}

fn read_some(from: &InputStream) -> Option<Vec<u8>> {
    match from.blocking_read(64 << 10) {
        Ok(bytes) => Some(bytes),
        Err(StreamError::Closed) => None,
        Err(StreamError::LastOperationFailed(error)) => panic!("{}", error.to_debug_string()),
    }
}

fn read_all(body: &IncomingBody) -> Vec<u8> {
    let stream = body.stream().unwrap();
    std::iter::from_fn(|| read_some(&stream)).flatten().collect()
}

/// The body back piece by piece, then a trailer.
fn echo(request: &IncomingRequest, out: ResponseOutparam) {
    let incoming = request.consume().unwrap();
    let body = begin(out, 201, &Fields::new(&[]));
    {
        let (from, to) = (incoming.stream().unwrap(), body.write().unwrap());
        while let Some(bytes) = read_some(&from) {
            write_all(&to, &bytes);
        }
    }
    let trailers = IncomingBody::finish(incoming);
    poll_one(&trailers.subscribe());
    let count = trailers.get().unwrap().unwrap().entries().len();
    OutgoingBody::finish(body, Some(Fields::new(&[("x-trailers".into(), count.to_string().into_bytes())])));
}

/// The same, with the host moving the bytes.
fn forward(request: &IncomingRequest, out: ResponseOutparam) {
    let incoming = request.consume().unwrap();
    let body = begin(out, 200, &Fields::new(&[]));
    {
        let to = body.write().unwrap();
        let moved = to.forward(incoming.stream().unwrap()).unwrap();
        write_all(&to, format!(" {moved}").as_bytes());
    }
    OutgoingBody::finish(body, None);
}

fn headers(request: &IncomingRequest, out: ResponseOutparam) {
    let given = request.headers();
    let headers = Fields::new(&[("x-a".into(), b"1".to_vec()), ("connection".into(), b"close".to_vec())]);
    headers.append("x-a", b"2");
    headers.set("x-b", &[b"3".to_vec()]);
    headers.append("x-c", b"4");
    headers.delete("x-c");
    let copy = headers.clone();
    let text = format!(
        "{:?} {:?} {:?} {:?} {:?}",
        request.method(),
        request.scheme(),
        request.authority(),
        given.get("x-given"),
        copy.entries().len(),
    );
    let body = begin(out, 200, &headers);
    write_all(&body.write().unwrap(), text.as_bytes());
    OutgoingBody::finish(body, None);
}

/// What `authority/path` answers to a request with a body.
fn fetch(site: &str, first_byte: Option<u32>) -> String {
    let (authority, path) = site.split_once('/').unwrap_or((site, ""));
    let headers = Fields::new(&[("x-asked".into(), b"october".to_vec())]);
    let request = OutgoingRequest::new(
        &Method::Post,
        Some(&format!("/{path}")),
        Some(&Scheme::Http),
        Some(authority),
        &headers,
    );
    let body = request.write().unwrap();
    let options = RequestOptions {
        connect_timeout_ms: Some(2000),
        first_byte_timeout_ms: first_byte,
        between_bytes_timeout_ms: None,
    };
    let coming = match outgoing_handler::handle(request, Some(options)) {
        Ok(coming) => coming,
        Err(error) => return format!("at once: {error:?}"),
    };
    write_all(&body.write().unwrap(), b"asked");
    OutgoingBody::finish(body, None);
    poll_list(&[&coming.subscribe()]);
    match coming.get().unwrap().unwrap() {
        Ok(response) => {
            let (status, kind) = (response.status(), response.headers().get("x-kind"));
            let text = read_all(&response.consume().unwrap());
            format!("{status} {:?} {}", kind.len(), String::from_utf8_lossy(&text))
        }
        Err(error) => format!("{error:?}"),
    }
}

fn clocks() -> String {
    let (before, wall) = (monotonic_clock::now(), wall_clock::now());
    poll_one(&monotonic_clock::subscribe(2_000_000, false));
    let until = monotonic_clock::now() + 2_000_000;
    let ready = poll_list(&[&monotonic_clock::subscribe(until, true)]);
    let waited = monotonic_clock::now() - before >= 4_000_000;
    let zone = timezone::display(wall);
    format!("{waited} {ready:?} {} {} {}", wall.seconds > 1_600_000_000, zone.name, timezone::utc_offset(wall))
}

fn random() -> String {
    let (one, other) = (random::get_random_bytes(32), random::get_random_bytes(32));
    format!("{} {} {}", one.len(), one != other, random::get_random_u64() != random::get_random_u64())
}

fn files() -> String {
    let Some((root, name)) = preopens::get_directories().into_iter().next() else { return "no directory".into() };
    let (all, look) = (Modes::READABLE | Modes::WRITABLE, PathFlags::empty());
    let open = |how: OpenFlags, flags: DescriptorFlags| root.open_at(look, "note.txt", how, flags, all);
    let file: Descriptor = match open(OpenFlags::CREATE, DescriptorFlags::READ | DescriptorFlags::WRITE) {
        Ok(file) => file,
        Err(error) => return format!("{error:?}"),
    };
    file.write(b"october", 0).unwrap();
    let again = open(OpenFlags::empty(), DescriptorFlags::READ).unwrap();
    let mut entries = Vec::new();
    let listing = root.read_directory().unwrap();
    while let Some(entry) = listing.read_directory_entry().unwrap() {
        entries.push(entry.name);
    }
    let stream = again.read_via_stream(3).unwrap();
    let may = |path: &str, access| root.access_at(look, path, access);
    format!(
        "{name} {entries:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        String::from_utf8(again.read(100, 0).unwrap().0),
        String::from_utf8(stream.blocking_read(100).unwrap()),
        file.stat().unwrap().size,
        may("note.txt", AccessType::Access(all)),
        may("absent", AccessType::Exists),
        file.is_same_object(&again),
        root.open_at(look, "../x", OpenFlags::empty(), DescriptorFlags::READ, all).err(),
    )
}

fn lookup(name: &str) -> String {
    let network = instance_network::instance_network();
    let found = ip_name_lookup::resolve_addresses(&network, name, Some(IpAddressFamily::Ipv4), false);
    let stream = match found {
        Ok(stream) => stream,
        Err(error) => return format!("{error:?}"),
    };
    poll_one(&stream.subscribe());
    let mut all = Vec::new();
    loop {
        match stream.resolve_next_address() {
            Ok(Some(address)) => all.push(format!("{address:?}")),
            Ok(None) => return all.join(" "),
            Err(error) => return format!("{error:?}"),
        }
    }
}

/// What a server on this port of 127.0.0.1 says first.
fn tcp(port: &str) -> String {
    let network = instance_network::instance_network();
    let socket = tcp_create_socket::create_tcp_socket(IpAddressFamily::Ipv4).unwrap();
    let to = Ipv4SocketAddress { port: port.parse().unwrap(), address: (127, 0, 0, 1) };
    if let Err(error) = socket.start_connect(&network, IpSocketAddress::Ipv4(to)) {
        return format!("{error:?}");
    }
    poll_one(&socket.subscribe());
    match socket.finish_connect() {
        Ok((input, _output)) => {
            let said = read_some(&input).unwrap_or_default();
            format!("{} {:?} {:?}", String::from_utf8_lossy(&said), socket.no_delay(), socket.ipv6_only())
        }
        Err(error) => format!("{error:?}"),
    }
}
