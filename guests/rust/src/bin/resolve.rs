//! Resolves the HOST:PORT given and prints its addresses, sorted, one on a line.

use std::net::ToSocketAddrs;

fn main() {
    let name = std::env::args().nth(1).expect("HOST:PORT");
    match name.to_socket_addrs() {
        Ok(addresses) => {
            let mut addresses: Vec<String> = addresses.map(|address| address.to_string()).collect();
            addresses.sort();
            addresses.dedup();
            println!("{}", addresses.join("\n"));
        }
        Err(error) => {
            println!("error: {:?}: {error}", error.kind());
            std::process::exit(1);
        }
    }
}
