//! Connections, as many as the host lets the guest have.

use std::net::SocketAddr;

use wasip3::http::types::Response;
use wasip3::sockets::types::{ErrorCode, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, TcpSocket};
use wasip3::wit_bindgen::StreamReader;

use crate::reply::text;

/// Opens so many connections to `to=IP:PORT` and says how many there were. Of each it keeps what it could read from,
/// and not the socket.
pub async fn tcp(count: &str, query: &str) -> Response {
    let to = query.strip_prefix("to=").and_then(|to| to.parse().ok());
    let (Ok(count), Some(SocketAddr::V4(to))) = (count.parse::<usize>(), to) else {
        return text(400, "no number, or no IPv4 address\n".to_owned());
    };
    let [a, b, c, d] = to.ip().octets();
    let to = IpSocketAddress::Ipv4(Ipv4SocketAddress { port: to.port(), address: (a, b, c, d) });
    let mut held = Vec::new();
    while held.len() < count {
        match connect(to).await {
            Ok(input) => held.push(input),
            Err(error) => return text(200, format!("opened {}, then {error:?}\n", held.len())),
        }
    }
    text(200, format!("opened {}\n", held.len()))
}

async fn connect(to: IpSocketAddress) -> Result<StreamReader<u8>, ErrorCode> {
    let socket = TcpSocket::create(IpAddressFamily::Ipv4)?;
    socket.connect(to).await?;
    Ok(socket.receive().0)
}
