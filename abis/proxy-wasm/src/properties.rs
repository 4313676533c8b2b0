//! What guests can ask about an exchange, and about themselves.
//!
//! Names and types are Envoy's (its documentation, "Attributes"; `source/extensions/filters/common/expr/context.cc`), as
//! are their bytes: text as it is, numbers and moments as 8 bytes in little-endian order, truth as one.

use std::time::Duration;

use bytes::Bytes;

use crate::clock::nanos;
use crate::head::Head;
use crate::pairs;
use crate::signals::Direction;
use crate::state::State;
use crate::stream::Stream;

/// The value of a property, if there is one. Parts of the path are separated by NUL.
pub(crate) fn get(state: &mut State, path: &[u8]) -> Option<Bytes> {
    let path = path.strip_suffix(b"\0").unwrap_or(path);
    let mut parts = path.split(|byte| *byte == 0);
    let first = parts.next()?;
    let rest: Vec<&[u8]> = parts.take(4).collect();
    if let Some(value) = of_plugin(state, first, &rest) {
        return Some(value);
    }
    if let Some(connection) = state.connections.get(&state.context()) {
        return connection.property(first, &rest);
    }
    let stream = state.streams.get(&state.context())?;
    match (first, rest.as_slice()) {
        (b"request", rest) => request(stream, rest),
        (b"response", rest) => response(stream, rest),
        (b"connection", rest) => connection(stream.facts.id, rest),
        (b"connection_id", []) => Some(number(stream.facts.id)),
        (b"source", rest) => peer(stream.facts.peer, rest),
        // Only a property of one part can be read back: Envoy looks for the first.
        (name, []) => stream.facts.set.get(name),
        _ => None,
    }
}

fn of_plugin(state: &State, name: &[u8], rest: &[&[u8]]) -> Option<Bytes> {
    let filter = &state.plugin.host.filter;
    match (name, rest) {
        (b"plugin_name", []) => Some(text(&filter.name)),
        (b"plugin_root_id", []) => Some(text(&filter.root_id)),
        (b"plugin_vm_id", []) => Some(text(&filter.vm_id)),
        _ => None,
    }
}

fn text(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

fn number(number: u64) -> Bytes {
    Bytes::copy_from_slice(&number.to_le_bytes())
}

fn duration(duration: Duration) -> Bytes {
    number(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
}

fn map(head: Option<&Head>, rest: &[&[u8]]) -> Option<Bytes> {
    match rest {
        [] => Some(head.map(|head| pairs::write(|| head.pairs()).into()).unwrap_or_default()),
        [name] => joined(head?, name),
        _ => None,
    }
}

/// All values under a name, as one.
fn joined(head: &Head, name: &[u8]) -> Option<Bytes> {
    let first = head.get(name)?;
    let mut values = head.pairs().filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    let (one, more) = (values.next().unwrap_or(first.as_bytes()), values);
    let mut joined = one.to_vec();
    for value in more {
        joined.push(b',');
        joined.extend_from_slice(value);
    }
    Some(joined.into())
}

fn request(stream: &Stream, rest: &[&[u8]]) -> Option<Bytes> {
    let facts = &stream.facts;
    let head = stream.seen_head(Direction::Request);
    let header = |name: &str| Some(text(head?.text(name)?));
    let received = stream.request().received;
    let (name, rest) = rest.split_first()?;
    if *name == b"headers" {
        return map(head, rest);
    }
    if !rest.is_empty() {
        return None;
    }
    match *name {
        b"path" => header(":path"),
        b"url_path" => Some(text(head?.text(":path").unwrap_or_default().split('?').next()?)),
        b"query" => Some(text(query(head?.text(":path").unwrap_or_default()))),
        b"host" => header(":authority"),
        b"scheme" => header(":scheme"),
        b"method" => header(":method"),
        b"referer" => header("referer"),
        b"useragent" => header("user-agent"),
        b"id" => header("x-request-id"),
        b"time" => Some(number(nanos(facts.began))),
        b"protocol" => Some(text(protocol(facts.protocol))),
        b"duration" => facts.complete.map(duration),
        b"size" => match head.and_then(|head| head.get(b"content-length")) {
            Some(length) => length.to_str().ok()?.parse().ok().map(number),
            None => Some(number(received)),
        },
        b"total_size" => Some(number(received + head.map_or(0, |head| head.bytes() as u64))),
        b"headers_bytes" => Some(number(head.map_or(0, |head| head.bytes() as u64))),
        _ => None,
    }
}

fn query(path: &str) -> &str {
    let query = path.split_once('?').map_or("", |(_, query)| query);
    query.split('#').next().unwrap_or_default()
}

fn protocol(version: http::Version) -> &'static str {
    match version {
        http::Version::HTTP_10 => "HTTP/1.0",
        http::Version::HTTP_2 => "HTTP/2",
        http::Version::HTTP_3 => "HTTP/3",
        _ => "HTTP/1.1",
    }
}

fn response(stream: &Stream, rest: &[&[u8]]) -> Option<Bytes> {
    let facts = &stream.facts;
    let (head, trailers) = (stream.seen_head(Direction::Response), stream.seen_trailers(Direction::Response));
    let sent = stream.response().received;
    let bytes = |head: Option<&Head>| head.map_or(0, |head| head.bytes() as u64);
    let (name, rest) = rest.split_first()?;
    match *name {
        b"headers" => return map(head, rest),
        b"trailers" => return map(trailers, rest),
        _ if !rest.is_empty() => return None,
        _ => {}
    }
    match *name {
        b"code" => facts.status.map(|status| number(status.into())),
        b"code_details" => facts.details.as_deref().map(text),
        b"size" => Some(number(sent)),
        b"total_size" => Some(number(sent + bytes(head) + bytes(trailers))),
        b"headers_bytes" => Some(number(bytes(head))),
        b"flags" => Some(number(0)),
        b"grpc_status" => {
            let status = [trailers, head].into_iter().flatten().find_map(|head| head.text("grpc-status"));
            status?.parse().ok().map(number)
        }
        _ => None,
    }
}

/// What is known of a connection: little, since servers in front may have ended it.
pub(crate) fn connection(id: u64, rest: &[&[u8]]) -> Option<Bytes> {
    match rest {
        [b"id"] => Some(number(id)),
        [b"mtls"] => Some(Bytes::from_static(&[0])),
        [b"requested_server_name"] => Some(Bytes::new()),
        _ => None,
    }
}

/// One end of a connection.
pub(crate) fn peer(address: Option<std::net::SocketAddr>, rest: &[&[u8]]) -> Option<Bytes> {
    let address = address?;
    match rest {
        [b"address"] => Some(text(&address.to_string())),
        [b"port"] => Some(number(address.port().into())),
        _ => None,
    }
}
