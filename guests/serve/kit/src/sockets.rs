//! Sockets, as many as the host lets the guest have.

use std::io;
use std::net::SocketAddr;

use wasip2::http::types::{IncomingRequest, ResponseOutparam};
use wasip2::io::streams::{InputStream, OutputStream};
use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::network::{ErrorCode, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress};
use wasip2::sockets::tcp::TcpSocket;
use wasip2::sockets::tcp_create_socket::create_tcp_socket;
use wasip2::sockets::udp_create_socket::create_udp_socket;

use crate::bodies::body_of;
use crate::reply::{Reply, drain};

// Streams before the socket they belong to, which is the order in which they have to go.
type Connection = (InputStream, OutputStream, TcpSocket);

/// Opens so many connections to `to=IP:PORT`, says how many there are, and keeps them until the request's body ends.
pub fn tcp(request: &IncomingRequest, out: ResponseOutparam, count: u64, query: &str) -> io::Result<()> {
    let to = query.strip_prefix("to=").and_then(|to| to.parse().ok());
    let Some(SocketAddr::V4(to)) = to else { return Err(io::Error::other("no IPv4 address")) };
    let [a, b, c, d] = to.ip().octets();
    let to = IpSocketAddress::Ipv4(Ipv4SocketAddress { port: to.port(), address: (a, b, c, d) });
    hold(request, out, count, || connect(to))
}

/// Makes so many sockets for datagrams, and keeps them likewise.
pub fn udp(request: &IncomingRequest, out: ResponseOutparam, count: u64) -> io::Result<()> {
    hold(request, out, count, || create_udp_socket(IpAddressFamily::Ipv4))
}

fn connect(to: IpSocketAddress) -> Result<Connection, ErrorCode> {
    let socket = create_tcp_socket(IpAddressFamily::Ipv4)?;
    socket.start_connect(&instance_network(), to)?;
    loop {
        socket.subscribe().block();
        match socket.finish_connect() {
            Ok((input, output)) => return Ok((input, output, socket)),
            Err(ErrorCode::WouldBlock) => {}
            Err(error) => return Err(error),
        }
    }
}

fn hold<T>(
    request: &IncomingRequest,
    out: ResponseOutparam,
    count: u64,
    mut open: impl FnMut() -> Result<T, ErrorCode>,
) -> io::Result<()> {
    let mut held = Vec::new();
    let mut failed = None;
    while (held.len() as u64) < count && failed.is_none() {
        match open() {
            Ok(one) => held.push(one),
            Err(error) => failed = Some(error),
        }
    }
    let mut line = format!("opened {}", held.len());
    if let Some(error) = failed {
        line = format!("{line}, then {}", error.name());
    }
    let mut reply = Reply::plain(out, 200);
    reply.send(format!("{line}\n").as_bytes())?;
    drain(&body_of(request), |_| Ok(()))?;
    drop(held);
    reply.finish(None)
}
