//! Messages of HTTP/1.1 as they come, with trailers.

use std::io::{self, BufRead, Read as _};

/// A message. Names are in lower case, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Message {
    /// The request line, or the status line.
    pub(crate) first: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    pub(crate) trailers: Vec<(String, String)>,
    /// It came to the end that HTTP defines, and was not cut off.
    pub(crate) whole: bool,
}

impl Message {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The next message, or none where the other side has gone. `bodiless`: a response to HEAD.
pub(crate) fn read(from: &mut impl BufRead, bodiless: bool) -> Option<Message> {
    let first = line(from).ok()?;
    let mut message = Message { first, headers: fields(from).ok()?, ..Message::default() };
    let status: Option<u16> = message.first.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    if status == Some(100) {
        return read(from, bodiless);
    }
    if bodiless || matches!(status, Some(204 | 304)) {
        message.whole = true;
        return Some(message);
    }
    let mut body = Vec::new();
    let end = if message.header("transfer-encoding").is_some() {
        chunks(from, &mut body)
    } else {
        let length = message.header("content-length").map_or(Ok(0), str::parse).ok()?;
        from.take(length).read_to_end(&mut body).and_then(|came| match came as u64 == length {
            true => Ok(Vec::new()),
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        })
    };
    message.whole = end.is_ok();
    message.trailers = end.unwrap_or_default();
    message.body = String::from_utf8_lossy(&body).into_owned();
    Some(message)
}

fn chunks(from: &mut impl BufRead, body: &mut Vec<u8>) -> io::Result<Vec<(String, String)>> {
    loop {
        let size = u64::from_str_radix(&line(from)?, 16).map_err(|_| io::ErrorKind::InvalidData)?;
        if size == 0 {
            return fields(from);
        }
        if from.take(size).read_to_end(body)? as u64 != size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        line(from)?;
    }
}

fn fields(from: &mut impl BufRead) -> io::Result<Vec<(String, String)>> {
    let mut fields = Vec::new();
    loop {
        let line = line(from)?;
        if line.is_empty() {
            return Ok(fields);
        }
        let (name, value) = line.split_once(':').ok_or(io::ErrorKind::InvalidData)?;
        fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}

fn line(from: &mut impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    from.read_until(b'\n', &mut line)?;
    match line.strip_suffix(b"\r\n") {
        Some(line) => Ok(String::from_utf8_lossy(line).into_owned()),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}
