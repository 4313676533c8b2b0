//! The header block that a CGI program begins its response with: RFC 3875 §6.

use bytes::{Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

/// Bytes that a header block may have.
const LONGEST: usize = 64 << 10;
/// Headers that it may have.
const MOST: usize = 100;

/// What a program's header block says.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// What it says of its body's length, where it may have a body.
    pub(super) length: Option<u64>,
}

/// Collects a header block as it is written.
#[derive(Default)]
pub(super) struct HeadReader {
    text: BytesMut,
    /// Where the line begins whose end is not there yet.
    line: usize,
}

impl HeadReader {
    /// Takes more of what the program wrote. When the header block is complete, returns it and what was written of the
    /// body.
    ///
    /// # Errors
    /// What is wrong with it, in words that complete "the program".
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<Option<(Head, Bytes)>, String> {
        self.text.extend_from_slice(bytes);
        let end = self.find_end();
        if end.unwrap_or(self.text.len()) > LONGEST {
            return Err(format!("wrote a header block of more than {} KiB", LONGEST >> 10));
        }
        let Some(end) = end else { return Ok(None) };
        let block = self.text.split_to(end);
        Ok(Some((parse(&block)?, self.text.split().freeze())))
    }

    /// Whether it wrote anything at all.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Behind the first empty line.
    fn find_end(&mut self) -> Option<usize> {
        while let Some(length) = self.text[self.line..].iter().position(|&byte| byte == b'\n') {
            let line = &self.text[self.line..self.line + length];
            let empty = line.is_empty() || line == b"\r";
            self.line += length + 1;
            if empty {
                return Some(self.line);
            }
        }
        None
    }
}

fn parse(block: &[u8]) -> Result<Head, String> {
    let mut fields = [httparse::EMPTY_HEADER; MOST];
    let fields = match httparse::parse_headers(block, &mut fields) {
        Ok(httparse::Status::Complete((_, fields))) => fields,
        Err(httparse::Error::TooManyHeaders) => return Err(format!("wrote more than {MOST} headers")),
        _ => return Err(format!("began with what is no header block: {:?}", excerpt(block))),
    };
    let mut status = None;
    let mut headers = HeaderMap::with_capacity(fields.len());
    for field in fields {
        let (name, value) = header(field)?;
        if name != "status" {
            headers.append(name, value);
        } else if status.replace(parse_status(&value)?).is_some() {
            return Err("wrote more than one Status".into());
        }
    }
    let located = headers.contains_key(LOCATION).then_some(StatusCode::FOUND);
    let typed = headers.contains_key(CONTENT_TYPE).then_some(StatusCode::OK);
    let status = status.or(located).or(typed).ok_or("wrote neither Content-Type nor Location nor Status")?;
    let length = take_length(&mut headers)?.filter(|_| has_body(status));
    remove_hop_by_hop(&mut headers);
    if let Some(length) = length {
        headers.insert(CONTENT_LENGTH, length.into());
    }
    Ok(Head { status, headers, length })
}

/// Whether a response of this status can have a body (RFC 9110 §6.4.1).
pub(super) fn has_body(status: StatusCode) -> bool {
    status != StatusCode::NO_CONTENT && status != StatusCode::NOT_MODIFIED
}

fn header(field: &httparse::Header<'_>) -> Result<(HeaderName, HeaderValue), String> {
    let bad = || format!("wrote a bad header: {:?}", excerpt(field.name.as_bytes()));
    let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| bad())?;
    let value = HeaderValue::from_bytes(field.value).map_err(|_| bad())?;
    Ok((name, value))
}

/// `3DIGIT SP reason-phrase` (§6.3.3); the phrase is dropped, and may be missing.
fn parse_status(value: &HeaderValue) -> Result<StatusCode, String> {
    let bad = || format!("wrote a bad Status: {:?}", excerpt(value.as_bytes()));
    let code = value.as_bytes().split(|&byte| byte == b' ').next().unwrap_or_default();
    let status = StatusCode::from_bytes(code).map_err(|_| bad())?;
    // Those below 200 are not final: the client would wait for another.
    if (200..600).contains(&status.as_u16()) { Ok(status) } else { Err(bad()) }
}

/// Takes what was said of the length: all the same number.
fn take_length(headers: &mut HeaderMap) -> Result<Option<u64>, String> {
    let mut length = None;
    for value in headers.get_all(CONTENT_LENGTH) {
        let bad = || format!("wrote a bad Content-Length: {:?}", excerpt(value.as_bytes()));
        let digits = value.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let this: u64 = digits.and_then(|digits| digits.parse().ok()).ok_or_else(bad)?;
        if length.replace(this).is_some_and(|other| other != this) {
            return Err("wrote two Content-Lengths that differ".into());
        }
    }
    headers.remove(CONTENT_LENGTH);
    Ok(length)
}

/// What is between this server and the client is not the program's (RFC 9110 §7.6.1).
fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let named = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let named: Vec<String> = named.flat_map(|value| value.split(',')).map(|name| name.trim().to_owned()).collect();
    let always = ["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"];
    for name in always.into_iter().chain(named.iter().map(String::as_str)) {
        headers.remove(name);
    }
}

/// Enough to recognise it by in a log.
fn excerpt(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(Head, Bytes), String> {
        HeadReader::default().take(text.as_bytes()).map(|read| read.expect("a complete block"))
    }

    #[test]
    fn lines_end_in_either_way() {
        for end in ["\n", "\r\n"] {
            let text = ["Status: 201 Made", "content-type: text/plain", "", "body\n\n"].join(end);
            let (head, body) = read(&text).unwrap();
            assert_eq!((head.status.as_u16(), head.headers.len(), body), (201, 1, "body\n\n".into()));
        }
    }

    #[test]
    fn a_block_may_come_byte_by_byte() {
        let mut reader = HeadReader::default();
        let text = b"Content-Type: text/plain\r\nX-A: b\r\n\r\n";
        let (last, before) = text.split_last().unwrap();
        assert!(before.iter().all(|byte| reader.take(&[*byte]).unwrap().is_none()));
        assert_eq!(reader.take(&[*last]).unwrap().unwrap().0.headers.len(), 2);
    }

    #[test]
    fn the_status_is_said_or_follows_from_the_rest() {
        let cases = [
            ("Content-Type: a/b\n\n", 200),
            ("Location: /x\n\n", 302),
            ("Status: 301\nLocation: /x\n\n", 301),
            ("Status: 204\n\n", 204),
            ("Status:599 \n\n", 599),
        ];
        for (text, status) in cases {
            assert_eq!(read(text).unwrap().0.status.as_u16(), status, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_header_block_is_refused_with_the_reason() {
        let many = "A: b\n".repeat(MOST + 1) + "\n";
        let cases = [
            ("\nhello", "neither Content-Type"),
            ("hello\n\n", "no header block"),
            ("HTTP/1.1 200 OK\nContent-Type: a/b\n\n", "no header block"),
            ("Content-Type: a/b\n folded\n\n", "no header block"),
            ("Content Type: a/b\n\n", "no header block"),
            ("Content-Type : a/b\n\n", "no header block"),
            ("Content-Type: a\rb\n\n", "no header block"),
            ("Content-Type: a\0b\n\n", "no header block"),
            ("X-A: b\n\n", "neither Content-Type"),
            ("Status: 99\n\n", "bad Status"),
            ("Status: 101 Switching\n\n", "bad Status"),
            ("Status: 2000\n\n", "bad Status"),
            ("Status: OK\n\n", "bad Status"),
            ("Status: 200\nStatus: 201\n\n", "more than one Status"),
            ("Status: 200\nContent-Length: -1\n\n", "bad Content-Length"),
            ("Status: 200\nContent-Length: +1\n\n", "bad Content-Length"),
            ("Status: 200\nContent-Length:\n\n", "bad Content-Length"),
            ("Status: 200\nContent-Length: 1\nContent-Length: 2\n\n", "two Content-Lengths"),
            (many.as_str(), "more than 100 headers"),
        ];
        for (text, why) in cases {
            let error = read(text).unwrap_err();
            assert!(error.contains(why), "{text:?}: {error}");
        }
    }

    #[test]
    fn a_block_without_an_end_is_given_up() {
        let mut reader = HeadReader::default();
        let line = format!("X-A: {}\n", "b".repeat(1017));
        let refused = (0..100).find(|_| reader.take(line.as_bytes()).is_err());
        assert_eq!(refused, Some(LONGEST / 1023));
    }

    #[test]
    fn headers_of_the_connection_and_lengths_of_no_body_are_dropped() {
        let (head, _) =
            read("Status: 200\nConnection: X-Hop\nX-Hop: 1\nTransfer-Encoding: chunked\nX-End: 1\n\n").unwrap();
        assert_eq!(head.headers.keys().collect::<Vec<_>>(), ["x-end"]);
        let (head, _) = read("Status: 304\nContent-Length: 5\n\n").unwrap();
        assert!(head.length.is_none() && head.headers.is_empty());
        let (head, _) = read("Status: 200\nContent-Length: 5\nContent-Length: 5\n\n").unwrap();
        assert_eq!((head.length, head.headers.len()), (Some(5), 1));
    }
}
