//! A client of HTTP/1.1 that shows how a response came, piece by piece, and whether it came to its end.

use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::support::PATIENCE;

/// One connection.
pub(crate) struct Client<S> {
    stream: BufReader<S>,
}

/// A connection over TCP.
pub(crate) fn connect(address: SocketAddr) -> Client<TcpStream> {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    Client::over(stream)
}

/// A response's head. Names are in lower case.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
}

impl Head {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A response.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) head: Head,
    pub(crate) body: String,
    /// It came to the end that HTTP defines, and was not cut off.
    pub(crate) whole: bool,
}

impl Response {
    /// The id under which the log has this request.
    #[track_caller]
    pub(crate) fn id(&self) -> &str {
        let id = self.head.header("x-request-id").unwrap_or_else(|| panic!("no request id: {self:?}"));
        assert!(self.body.contains(id), "a person sees the id too: {self:?}");
        id
    }

    /// Status and body of a response that is whole.
    #[track_caller]
    pub(crate) fn said(&self) -> (u16, &str) {
        assert!(self.whole, "{self:?}");
        (self.head.status, &self.body)
    }
}

impl<S: Read + Write> Client<S> {
    pub(crate) fn over(stream: S) -> Self {
        Self { stream: BufReader::new(stream) }
    }

    #[track_caller]
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.get_mut().write_all(bytes.as_ref()).unwrap();
    }

    /// Sends as one piece of a chunked body.
    #[track_caller]
    pub(crate) fn send_chunk(&mut self, bytes: &str) {
        self.send(format!("{:x}\r\n{bytes}\r\n", bytes.len()));
    }

    /// Sends a request without a body and takes the response.
    #[track_caller]
    pub(crate) fn get(&mut self, path: &str) -> Response {
        self.send(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n"));
        self.response()
    }

    /// The response that comes next; one without a head, if the connection was closed before, has status 0.
    pub(crate) fn response(&mut self) -> Response {
        let Ok(head) = self.head() else {
            return Response { head: Head { status: 0, headers: Vec::new() }, body: String::new(), whole: false };
        };
        let mut body = Vec::new();
        let whole = self.body(&head, &mut body).is_ok();
        Response { head, body: String::from_utf8_lossy(&body).into_owned(), whole }
    }

    pub(crate) fn head(&mut self) -> io::Result<Head> {
        let status = self.line()?;
        let status = status.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else { return Ok(Head { status, headers }) };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }

    /// The next piece of a chunked body; empty at its end.
    pub(crate) fn chunk(&mut self) -> io::Result<String> {
        let size = usize::from_str_radix(&self.line()?, 16).map_err(|_| io::ErrorKind::InvalidData)?;
        let mut bytes = vec![0; size];
        self.stream.read_exact(&mut bytes)?;
        // Of the last one this is the end of its trailers, of which HTTP/1 clients here ask for none.
        self.line()?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Sends a chunked body whose head is sent already, and has each of its pieces back before the next is sent.
    #[track_caller]
    pub(crate) fn is_answered_piece_by_piece(&mut self, pieces: usize) {
        for number in 0..pieces {
            let piece = format!("piece {number}");
            self.send_chunk(&piece);
            if number == 0 {
                assert_eq!(self.head().unwrap().status, 200);
            }
            assert_eq!(self.chunk().unwrap(), piece);
        }
        self.send("0\r\n\r\n");
        assert_eq!(self.chunk().unwrap(), "");
    }

    fn body(&mut self, head: &Head, body: &mut Vec<u8>) -> io::Result<()> {
        if head.header("transfer-encoding").is_none() {
            let length = head.header("content-length").map_or(Ok(0), str::parse);
            let length: u64 = length.map_err(|_| io::ErrorKind::InvalidData)?;
            let came = (&mut self.stream).take(length).read_to_end(body)?;
            return if came as u64 == length { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
        }
        loop {
            let chunk = self.chunk()?;
            if chunk.is_empty() {
                return Ok(());
            }
            body.extend_from_slice(chunk.as_bytes());
        }
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        match line.strip_suffix("\r\n") {
            Some(line) => Ok(line.to_owned()),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}
