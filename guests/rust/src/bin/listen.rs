//! Listens on the ADDRESS:PORT given, prints `listening on ADDRESS:PORT`, accepts one connection and echoes it.

use std::io::{Read, Result, Write};
use std::net::TcpListener;

fn main() {
    let address = std::env::args().nth(1).expect("ADDRESS:PORT");
    if let Err(error) = serve(&address) {
        println!("error: {:?}: {error}", error.kind());
        std::process::exit(1);
    }
}

fn serve(address: &str) -> Result<()> {
    let listener = TcpListener::bind(address)?;
    println!("listening on {}", listener.local_addr()?);
    let (mut stream, _) = listener.accept()?;
    let mut buffer = [0; 4096];
    loop {
        let length = stream.read(&mut buffer)?;
        if length == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..length])?;
    }
}
