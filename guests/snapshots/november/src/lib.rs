//! Answers HTTP as guests did that were built against the snapshot of 2023-11-10, and runs as a command. Most of it is what it
//! is in 0.2; the paths here try what was not, and one function of each package.

wit_bindgen::generate!({ path: "wit", world: "kit", generate_all });

use exports::wasi::cli::run::Guest as Run;
use exports::wasi::http::incoming_handler::Guest as Handler;
use wasi::cli::{environment, stdout};
use wasi::clocks::{monotonic_clock, wall_clock};
use wasi::filesystem::preopens;
use wasi::filesystem::types::{DescriptorFlags, OpenFlags, PathFlags};
use wasi::http::outgoing_handler;
use wasi::http::types::{
    Fields, HeaderError, IncomingBody, IncomingRequest, OutgoingBody, OutgoingRequest, OutgoingResponse, RequestOptions,
    ResponseOutparam, Scheme,
};
use wasi::io::poll::poll;
use wasi::io::streams::{InputStream, StreamError};
use wasi::random::random;
use wasi::sockets::network::{IpAddressFamily, IpSocketAddress, Ipv4SocketAddress};
use wasi::sockets::{instance_network, tcp_create_socket, udp_create_socket};

struct Kit;

export!(Kit);

impl Run for Kit {
    fn run() -> Result<(), ()> {
        let arguments = environment::get_arguments();
        let out = stdout::get_stdout();
        out.blocking_write_and_flush(format!("{arguments:?} {}\n", random::get_random_bytes(8).len()).as_bytes()).unwrap();
        if arguments.iter().any(|argument| argument == "fail") { Err(()) } else { Ok(()) }
    }
}

impl Handler for Kit {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        match path {
            "/echo" => echo(&request, out),
            "/fields" => answer(out, &fields()),
            "/options" => answer(out, &options()),
            "/fetch" => answer(out, &fetch(query)),
            "/clocks" => answer(out, &clocks()),
            "/files" => answer(out, &files()),
            "/sockets" => answer(out, &sockets()),
            other => answer(out, &format!("Hello from November: {other}")),
        }
    }
}

fn answer(out: ResponseOutparam, text: &str) {
    let response = OutgoingResponse::new(Fields::new());
    let body = response.body().unwrap();
    ResponseOutparam::set(out, Ok(response));
    body.write().unwrap().blocking_write_and_flush(text.as_bytes()).unwrap();
    OutgoingBody::finish(body, None).unwrap();
}

fn read_all(stream: &InputStream) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        match stream.blocking_read(64 << 10) {
            Ok(bytes) => all.extend(bytes),
            Err(StreamError::Closed) => return all,
            Err(StreamError::LastOperationFailed(error)) => panic!("{}", error.to_debug_string()),
        }
    }
}

/// The body back as it comes, then whether there were trailers, asked for twice.
fn echo(request: &IncomingRequest, out: ResponseOutparam) {
    let incoming = request.consume().unwrap();
    let response = OutgoingResponse::new(Fields::new());
    let body = response.body().unwrap();
    ResponseOutparam::set(out, Ok(response));
    let to = body.write().unwrap();
    let from = incoming.stream().unwrap();
    while to.blocking_splice(&from, 4096).is_ok() {}
    drop(from);
    let trailers = IncomingBody::finish(incoming);
    trailers.subscribe().block();
    let (first, second) = (trailers.get().unwrap(), trailers.get().unwrap());
    to.blocking_write_and_flush(format!(" {:?} {}", first.unwrap().is_some(), second.is_err()).as_bytes()).unwrap();
    drop(to);
    OutgoingBody::finish(body, None).unwrap();
}

fn fields() -> String {
    let fields = Fields::from_list(&[("a".into(), b"1".to_vec()), ("a".into(), b"2".to_vec())]).unwrap();
    let forbidden = fields.append("connection", b"close");
    let invalid = fields.set("a b", &[b"3".to_vec()]);
    let request = OutgoingRequest::new(fields);
    let fixed = request.headers().delete("a");
    format!("{:?} {:?} {:?}", forbidden, invalid, matches!(fixed, Err(HeaderError::Immutable)))
}

fn options() -> String {
    let options = RequestOptions::new();
    options.set_connect_timeout_ms(Some(5_000_000)).unwrap();
    options.set_first_byte_timeout_ms(Some(6_000_000)).unwrap();
    options.set_between_bytes_timeout_ms(None).unwrap();
    format!(
        "{:?} {:?} {:?}",
        options.connect_timeout_ms(),
        options.first_byte_timeout_ms(),
        options.between_bytes_timeout_ms()
    )
}

fn fetch(site: &str) -> String {
    let request = OutgoingRequest::new(Fields::new());
    request.set_scheme(Some(&Scheme::Http)).unwrap();
    request.set_authority(Some(site)).unwrap();
    request.set_path_with_query(Some("/")).unwrap();
    OutgoingBody::finish(request.body().unwrap(), None).unwrap();
    let coming = match outgoing_handler::handle(request, None) {
        Ok(coming) => coming,
        Err(code) => return format!("{code:?}"),
    };
    coming.subscribe().block();
    match coming.get().unwrap().unwrap() {
        Ok(response) => {
            let body = response.consume().unwrap();
            format!("{} {}", response.status(), String::from_utf8_lossy(&read_all(&body.stream().unwrap())))
        }
        Err(code) => format!("{code:?}"),
    }
}

fn clocks() -> String {
    let before = monotonic_clock::now();
    poll(&[&monotonic_clock::subscribe_duration(2_000_000)]);
    format!("{} {}", monotonic_clock::now() - before >= 2_000_000, wall_clock::now().seconds > 1_600_000_000)
}

fn files() -> String {
    let Some((root, _)) = preopens::get_directories().into_iter().next() else { return "no directory".into() };
    match root.open_at(PathFlags::empty(), "note.txt", OpenFlags::empty(), DescriptorFlags::READ) {
        Ok(file) => String::from_utf8(file.read(100, 0).unwrap().0).unwrap(),
        Err(error) => format!("{error:?}"),
    }
}

fn sockets() -> String {
    let network = instance_network::instance_network();
    let tcp = |family| tcp_create_socket::create_tcp_socket(family).unwrap();
    let (four, six) = (tcp(IpAddressFamily::Ipv4), tcp(IpAddressFamily::Ipv6));
    let to = IpSocketAddress::Ipv4(Ipv4SocketAddress { port: 1, address: (127, 0, 0, 1) });
    let denied = four.start_connect(&network, to).and_then(|()| {
        four.subscribe().block();
        four.finish_connect().map(drop)
    });
    let udp = udp_create_socket::create_udp_socket(IpAddressFamily::Ipv6).unwrap();
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?}",
        denied,
        four.ipv6_only(),
        six.ipv6_only(),
        six.set_ipv6_only(false),
        udp.ipv6_only(),
        udp.set_ipv6_only(true)
    )
}
