//! Sending a response, and reading a body.

use std::io::{self, Write};

use wasip2::http::types::{Fields, IncomingBody, OutgoingBody, OutgoingResponse, ResponseOutparam};
use wasip2::io::streams::{OutputStream, StreamError};

const CHUNK: u64 = 64 * 1024;

/// A response whose head is out and whose body is being written.
pub struct Reply {
    stream: OutputStream,
    body: OutgoingBody,
}

impl Reply {
    pub fn start(out: ResponseOutparam, status: u16, headers: &[(&str, &str)]) -> Self {
        let fields = Fields::new();
        for (name, value) in headers {
            fields.append(name, value.as_bytes()).expect("a valid header");
        }
        Self::with(out, status, fields)
    }

    pub fn with(out: ResponseOutparam, status: u16, fields: Fields) -> Self {
        let response = OutgoingResponse::new(fields);
        response.set_status_code(status).expect("a status");
        let body = response.body().expect("the body is taken once");
        ResponseOutparam::set(out, Ok(response));
        Self { stream: body.write().expect("the stream is taken once"), body }
    }

    pub fn plain(out: ResponseOutparam, status: u16) -> Self {
        Self::start(out, status, &[("content-type", "text/plain")])
    }

    /// Writes without waiting until it is sent.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Writes and waits until the server has taken it.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)?;
        Write::flush(&mut self.stream)
    }

    pub fn finish(self, trailers: Option<Fields>) -> io::Result<()> {
        drop(self.stream);
        OutgoingBody::finish(self.body, trailers).map_err(|error| io::Error::other(format!("{error:?}")))
    }
}

pub fn text(out: ResponseOutparam, status: u16, text: &str) -> io::Result<()> {
    let mut reply = Reply::plain(out, status);
    reply.write(text.as_bytes())?;
    reply.finish(None)
}

/// Gives every chunk of a body to `take` as it comes.
pub fn drain(body: &IncomingBody, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let stream = body.stream().map_err(|()| io::Error::other("the stream is taken"))?;
    loop {
        match stream.blocking_read(CHUNK) {
            Ok(chunk) => take(&chunk)?,
            Err(StreamError::Closed) => return Ok(()),
            Err(error) => return Err(io::Error::other(format!("{error:?}"))),
        }
    }
}

/// The trailers of a body that was read to its end.
pub fn trailers_of(body: IncomingBody) -> io::Result<Option<Fields>> {
    let trailers = IncomingBody::finish(body);
    trailers.subscribe().block();
    match trailers.get() {
        Some(Ok(trailers)) => trailers.map_err(|error| io::Error::other(format!("{error:?}"))),
        _ => Err(io::Error::other("no trailers, though they were ready")),
    }
}
