// What a component does to reach the world, the same code in each of them. Each answer is one line: what was found, or
// `error: WHY`.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs, UdpSocket};

use crate::wasi::keyvalue::store::Error as StoreError;

/// read PATH | write PATH | env | args | dial ADDRESS | send ADDRESS | listen ADDRESS | resolve NAME:PORT | http URL |
/// kv BUCKET | blob CONTAINER | config KEY
pub fn attempt(what: &str) -> String {
    let (how, with) = what.split_once(' ').unwrap_or((what, ""));
    let answer = match how {
        "read" => std::fs::read_to_string(with).map_err(kind),
        "write" => std::fs::write(with, "written").map(|()| "ok".to_owned()).map_err(kind),
        "env" => Ok(variables()),
        "args" => Ok(std::env::args().collect::<Vec<_>>().join(" ")),
        "dial" => address(with).and_then(|to| dial(to).map_err(kind)),
        "send" => address(with).and_then(|to| send(to).map_err(kind)),
        "listen" => address(with).and_then(|at| TcpListener::bind(at).map(|_| "ok".to_owned()).map_err(kind)),
        "resolve" => with.to_socket_addrs().map(|found| format!("{} addresses", found.count().min(1))).map_err(kind),
        "http" => http(with),
        "kv" => kv(with).map_err(|error| match error {
            StoreError::NoSuchStore => "no such store".to_owned(),
            StoreError::AccessDenied => "access denied".to_owned(),
            StoreError::Other(why) => why,
        }),
        "blob" => crate::wasi::blobstore::blobstore::container_exists(with).map(|found| format!("exists {found}")),
        "config" => crate::wasi::config::store::get(with)
            .map(|value| value.unwrap_or_else(|| "(none)".to_owned()))
            .map_err(|error| format!("{error:?}")),
        _ => Err(format!("unknown attempt `{how}`")),
    };
    answer.unwrap_or_else(|why| format!("error: {why}"))
}

fn kind(error: std::io::Error) -> String {
    format!("{:?}", error.kind())
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "not an address".to_owned())
}

fn variables() -> String {
    let mut variables: Vec<String> = std::env::vars().map(|(name, value)| format!("{name}={value}")).collect();
    variables.sort();
    variables.join(" ")
}

fn dial(to: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(to)?;
    stream.write_all(b"ping\n")?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

fn send(to: SocketAddr) -> std::io::Result<String> {
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    socket.send_to(b"ping", to).map(|sent| format!("sent {sent}"))
}

fn kv(bucket: &str) -> Result<String, StoreError> {
    let bucket = crate::wasi::keyvalue::store::open(bucket)?;
    bucket.set("key", b"value")?;
    let value = bucket.get("key")?.unwrap_or_default();
    crate::wasi::keyvalue::batch::delete_many(&bucket, &["key".to_owned()])?;
    Ok(String::from_utf8_lossy(&value).into_owned())
}

fn http(url: &str) -> Result<String, String> {
    use wasip2::http::outgoing_handler::handle;
    use wasip2::http::types::{Fields, OutgoingRequest, Scheme};

    let rest = url.strip_prefix("http://").ok_or("the URL has another scheme")?;
    let (authority, path) = rest.find('/').map_or((rest, "/"), |slash| rest.split_at(slash));
    let request = OutgoingRequest::new(Fields::new());
    request.set_scheme(Some(&Scheme::Http)).map_err(|()| "not a scheme")?;
    request.set_authority(Some(authority)).map_err(|()| "not an authority")?;
    request.set_path_with_query(Some(path)).map_err(|()| "not a path")?;
    let response = handle(request, None).map_err(|code| format!("{code:?}"))?;
    response.subscribe().block();
    let response = response.get().ok_or("no response")?.map_err(|()| "taken")?.map_err(|code| format!("{code:?}"))?;
    Ok(format!("status {}", response.status()))
}
