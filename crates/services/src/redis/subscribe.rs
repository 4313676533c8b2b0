//! Messages on channels. Read by hand, in the form of RESP2 (<https://redis.io/docs/latest/develop/reference/protocol-spec/>):
//! the client library keeps however many messages come before they are taken, and here nothing is read before it is.

use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, timeout, timeout_at};

use super::RedisAddress;
use crate::dial::{Dialer, NoStream, Permits, Stream};

/// The most bytes of one message, and of the protocol's words around it.
const MAX_MESSAGE: usize = 16 << 20;
/// The longest line without a value: names of things, numbers, errors.
const MAX_LINE: usize = 4 << 10;
/// How long a server may say nothing before it is asked whether it is there, and then before it is given up.
const SILENCE: Duration = Duration::from_secs(30);
const PATIENCE: Duration = Duration::from_secs(5);

/// A message on a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The channel.
    pub channel: String,
    /// The message.
    pub payload: Vec<u8>,
}

/// A connection on which messages of some channels come.
pub struct Subscription {
    stream: Box<dyn Stream>,
    read: BytesMut,
    asked: BytesMut,
}

impl Subscription {
    /// Connects to a server and listens on `channels`, for which the server has confirmed.
    ///
    /// # Errors
    /// A sentence about what went wrong, without secrets.
    pub async fn begin(address: &RedisAddress, channels: &[String], permits: &Permits) -> Result<Self, String> {
        let dialer = Dialer::new(address.host(), address.port(), address.server.tls);
        let (stream, _) = dialer.dial(permits, PATIENCE).await.map_err(|error| match error {
            NoStream::NotPermitted => "its name leads to an address that may not be dialled".to_owned(),
            NoStream::Failed(why) => why,
        })?;
        let mut it = Self { stream, read: BytesMut::new(), asked: BytesMut::new() };
        timeout(PATIENCE, it.introduce(address, channels)).await.map_err(|_| "it did not answer".to_owned())??;
        Ok(it)
    }

    async fn introduce(&mut self, address: &RedisAddress, channels: &[String]) -> Result<(), String> {
        let mut asked = Vec::new();
        let mut answers = 0;
        if let Some(password) = &address.server.password {
            let mut auth = redis::cmd("AUTH");
            address.server.user.iter().for_each(|user| _ = auth.arg(user));
            auth.arg(password.expose()).write_packed_command(&mut asked);
            answers += 1;
        }
        let mut subscribe = redis::cmd("SUBSCRIBE");
        subscribe.arg(channels).write_packed_command(&mut asked);
        self.stream.write_all(&asked).await.map_err(|error| error.to_string())?;
        for _ in 0..answers {
            match self.frame().await? {
                Frame::Text(_) => {}
                _ => return Err("its answer makes no sense".into()),
            }
        }
        // A server confirms all channels of a command before any message.
        for _ in channels {
            match self.frame().await? {
                Frame::Array(parts) if part(&parts, 0) == Some(b"subscribe") => {}
                _ => return Err("it did not confirm a subscription".into()),
            }
        }
        Ok(())
    }

    /// The next message. Nothing is lost if this is dropped before there is one.
    ///
    /// # Errors
    /// A sentence about why there will be none.
    pub async fn next(&mut self) -> Result<Message, String> {
        self.send().await?;
        loop {
            let deadline = Instant::now() + SILENCE;
            let frame = match timeout_at(deadline, self.frame()).await {
                Ok(frame) => frame?,
                Err(_) => {
                    self.asked.extend_from_slice(b"*1\r\n$4\r\nPING\r\n");
                    self.send().await?;
                    timeout(PATIENCE, self.frame()).await.map_err(|_| GONE)??
                }
            };
            if let Frame::Array(mut parts) = frame
                && parts.len() == 3
                && part(&parts, 0) == Some(b"message")
                && let (Some(Frame::Bytes(payload)), Some(Frame::Bytes(channel))) = (parts.pop(), parts.pop())
            {
                let channel = String::from_utf8(channel).map_err(|_| "a channel's name is not UTF-8".to_owned())?;
                return Ok(Message { channel, payload });
            }
        }
    }

    /// Listens on these channels as well, and on those no more.
    ///
    /// # Errors
    /// A sentence about why there will be no more messages.
    pub async fn change(&mut self, new: &[&String], gone: &[&String]) -> Result<(), String> {
        let mut asked = Vec::new();
        for (command, channels) in [("SUBSCRIBE", new), ("UNSUBSCRIBE", gone)] {
            if !channels.is_empty() {
                redis::cmd(command).arg(channels).write_packed_command(&mut asked);
            }
        }
        self.asked.extend_from_slice(&asked);
        self.send().await
    }

    /// Sends what was asked and is not sent yet: whoever waits for messages may have been interrupted at that.
    async fn send(&mut self) -> Result<(), String> {
        let sent = timeout(PATIENCE, self.stream.write_all_buf(&mut self.asked)).await;
        sent.map_err(|_| GONE)?.map_err(|error| error.to_string())
    }

    async fn frame(&mut self) -> Result<Frame, String> {
        loop {
            if let Some((frame, length)) = Frame::parse(&self.read, 0)? {
                self.read.advance(length);
                return match frame {
                    Frame::Error(words) => Err(format!("it refused: {words}")),
                    frame => Ok(frame),
                };
            }
            if self.read.len() > MAX_MESSAGE {
                return Err(TOO_LARGE.into());
            }
            match self.stream.read_buf(&mut self.read).await {
                Ok(0) => return Err("it closed the connection".into()),
                Ok(_) => {}
                Err(error) => return Err(error.to_string()),
            }
        }
    }
}

const GONE: &str = "it says nothing any more";
const TOO_LARGE: &str = "a message is larger than 16 MiB";
const NONSENSE: &str = "it does not speak the protocol of Redis";

/// What a server says.
#[derive(Debug, PartialEq, Eq)]
enum Frame {
    Text(String),
    Error(String),
    Number(i64),
    Bytes(Vec<u8>),
    Nothing,
    Array(Vec<Frame>),
}

impl Frame {
    /// The first frame in `bytes` and its length, once all of it is there. Arrays hold no arrays, since no message does.
    fn parse(bytes: &[u8], depth: usize) -> Result<Option<(Self, usize)>, String> {
        let Some((line, head)) = line(bytes)? else { return Ok(None) };
        let (kind, rest) = line.split_first().ok_or(NONSENSE)?;
        let text = || String::from_utf8_lossy(rest).into_owned();
        let number = || std::str::from_utf8(rest).ok().and_then(|text| text.parse::<i64>().ok()).ok_or(NONSENSE);
        match kind {
            b'+' => Ok(Some((Frame::Text(text()), head))),
            b'-' => Ok(Some((Frame::Error(text()), head))),
            b':' => Ok(Some((Frame::Number(number()?), head))),
            b'$' => match usize::try_from(number()?) {
                Err(_) => Ok(Some((Frame::Nothing, head))),
                Ok(length) if length > MAX_MESSAGE => Err(TOO_LARGE.into()),
                Ok(length) => {
                    let end = bytes.get(head..head + length + 2);
                    Ok(end.map(|found| (Frame::Bytes(found[..length].to_vec()), head + length + 2)))
                }
            },
            b'*' if depth == 0 => Self::array(bytes, head, number()?),
            _ => Err(NONSENSE.into()),
        }
    }

    fn array(bytes: &[u8], head: usize, count: i64) -> Result<Option<(Self, usize)>, String> {
        // A message is three.
        let count = usize::try_from(count).ok().filter(|count| *count <= 4).ok_or(NONSENSE)?;
        let (mut parts, mut at) = (Vec::with_capacity(count), head);
        for _ in 0..count {
            let Some((part, length)) = Self::parse(bytes.get(at..).unwrap_or_default(), 1)? else { return Ok(None) };
            parts.push(part);
            at += length;
        }
        Ok(Some((Frame::Array(parts), at)))
    }
}

/// The first line without its end, and how many bytes it takes with it.
fn line(bytes: &[u8]) -> Result<Option<(&[u8], usize)>, String> {
    let within = bytes.get(..MAX_LINE).unwrap_or(bytes);
    match within.windows(2).position(|end| end == b"\r\n") {
        Some(end) => Ok(Some((&bytes[..end], end + 2))),
        None if bytes.len() >= MAX_LINE => Err(NONSENSE.into()),
        None => Ok(None),
    }
}

fn part(parts: &[Frame], number: usize) -> Option<&[u8]> {
    match parts.get(number) {
        Some(Frame::Bytes(bytes)) => Some(bytes),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_there_once_all_of_it_is() {
        let whole = b"*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$5\r\na\r\nbc\r\n+next";
        for end in 0..whole.len() - 5 {
            assert_eq!(Frame::parse(&whole[..end], 0).unwrap(), None, "{end}");
        }
        let parts = [b"message".as_slice(), b"c", b"a\r\nbc"].map(|part| Frame::Bytes(part.to_vec()));
        assert_eq!(Frame::parse(whole, 0).unwrap(), Some((Frame::Array(parts.into()), whole.len() - 5)));
    }

    #[test]
    fn lengths_are_not_believed() {
        for lie in
            ["*2147483647\r\n", "*-5\r\n", "$99999999999\r\n", "*1\r\n*1\r\n:1\r\n", "HTTP/1.1 200 OK\r\n", "$x\r\n"]
        {
            assert!(Frame::parse(lie.as_bytes(), 0).is_err(), "{lie}");
        }
        assert!(Frame::parse(&[b'+'; MAX_LINE], 0).is_err());
    }
}
