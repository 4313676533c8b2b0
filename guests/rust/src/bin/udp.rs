//! Binds an unspecified address, sends `ping` to the HOST:PORT given, and prints the datagram that comes back.

use std::io::Result;
use std::net::UdpSocket;

fn main() {
    let address = std::env::args().nth(1).expect("HOST:PORT");
    match talk(&address) {
        Ok(reply) => println!("{reply}"),
        Err(error) => {
            println!("error: {:?}: {error}", error.kind());
            std::process::exit(1);
        }
    }
}

fn talk(address: &str) -> Result<String> {
    let any = if address.starts_with('[') { "[::]:0" } else { "0.0.0.0:0" };
    let socket = UdpSocket::bind(any)?;
    socket.send_to(b"ping", address)?;
    let mut datagram = [0; 1500];
    let (length, _) = socket.recv_from(&mut datagram)?;
    Ok(String::from_utf8_lossy(&datagram[..length]).trim_end().to_owned())
}
