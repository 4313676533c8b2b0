// Sockets without the standard library, which could not be given away.

use crate::wasi::sockets::instance_network::instance_network;
use crate::wasi::sockets::network::{ErrorCode, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress};
use crate::wasi::sockets::tcp::TcpSocket;
use crate::wasi::sockets::tcp_create_socket::create_tcp_socket;

pub fn make() -> Result<TcpSocket, String> {
    create_tcp_socket(IpAddressFamily::Ipv4).map_err(told)
}

/// Connects to this machine.
pub fn dial(socket: &TcpSocket, port: u16) -> String {
    let to = IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address: (127, 0, 0, 1) });
    let connect = || {
        socket.start_connect(&instance_network(), to)?;
        loop {
            match socket.finish_connect() {
                Err(ErrorCode::WouldBlock) => socket.subscribe().block(),
                ended => return ended,
            }
        }
    };
    connect().map_or_else(|error| format!("error: {}", told(error)), |_| "connected".to_owned())
}

fn told(error: ErrorCode) -> String {
    error.name().to_owned()
}
