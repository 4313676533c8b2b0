//! Requests of the cases.

use std::io::{BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use crate::support::PATIENCE;
use crate::wire::{self, Message};

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    method: &'static str,
    path: &'static str,
    headers: Vec<(&'static str, &'static str)>,
    body: Body,
}

#[derive(Clone, Debug)]
enum Body {
    None,
    Whole(&'static str),
    Pieces(&'static [&'static str], &'static [(&'static str, &'static str)]),
}

/// A request for this behaviour of the filter.
pub(crate) fn get(test: &'static str) -> Ask {
    let headers = if test.is_empty() { Vec::new() } else { vec![("x-test", test)] };
    Ask { method: "GET", path: "/", headers, body: Body::None }
}

/// Likewise, with a body of declared length.
pub(crate) fn post(test: &'static str, body: &'static str) -> Ask {
    Ask { method: "POST", body: Body::Whole(body), ..get(test) }
}

/// Likewise, with a body in pieces that come one by one, and trailers.
pub(crate) fn send(
    test: &'static str,
    pieces: &'static [&'static str],
    trailers: &'static [(&'static str, &'static str)],
) -> Ask {
    Ask { method: "POST", body: Body::Pieces(pieces, trailers), ..get(test) }
}

impl Ask {
    pub(crate) fn method(self, method: &'static str) -> Self {
        Self { method, ..self }
    }

    pub(crate) fn path(self, path: &'static str) -> Self {
        Self { path, ..self }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The response, over a connection of its own; none if the connection was closed without one.
    pub(crate) fn of(&self, address: SocketAddr, host: &str) -> Option<Message> {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // Holm sends no trailers to who does not ask for them, nor those that nobody has announced; Envoy does not mind.
        let mut head = format!("{} {} HTTP/1.1\r\nhost: {host}\r\nte: trailers\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        match self.body {
            Body::None => {}
            Body::Whole(body) => head += &format!("content-length: {}\r\n", body.len()),
            Body::Pieces(..) => head += "transfer-encoding: chunked\r\ntrailer: x-added, x-end, x-kept, x-replaced\r\n",
        }
        stream.write_all((head + "\r\n").as_bytes()).unwrap();
        // A proxy that has answered already may have gone.
        let _ = self.write_body(&stream);
        wire::read(&mut BufReader::new(stream), self.method == "HEAD")
    }

    fn write_body(&self, mut to: &TcpStream) -> std::io::Result<()> {
        match self.body {
            Body::None => Ok(()),
            Body::Whole(body) => to.write_all(body.as_bytes()),
            Body::Pieces(pieces, trailers) => {
                for piece in pieces {
                    write!(to, "{:x}\r\n{piece}\r\n", piece.len())?;
                    thread::sleep(Duration::from_millis(150));
                }
                let trailers: String = trailers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
                write!(to, "0\r\n{trailers}\r\n")
            }
        }
    }
}
