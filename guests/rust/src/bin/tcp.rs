//! Connects to the HOST:PORT given, sends `ping`, and prints the line that comes back.

use std::io::{BufRead, BufReader, Result, Write};
use std::net::TcpStream;

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
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"ping\n")?;
    let mut reply = String::new();
    BufReader::new(stream).read_line(&mut reply)?;
    Ok(reply.trim_end().to_owned())
}
