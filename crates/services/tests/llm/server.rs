//! A small HTTP/1.1 server.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came.
#[derive(Clone, Default)]
pub(crate) struct Asked {
    pub(crate) line: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

pub(crate) struct Answer(Vec<u8>);

impl Answer {
    pub(crate) fn text(status: u16, body: &str) -> Self {
        let head = format!("HTTP/1.1 {status} -\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        Self([head.as_bytes(), body.as_bytes()].concat())
    }

    /// Leads elsewhere.
    pub(crate) fn leading(to: &str) -> Self {
        Self(format!("HTTP/1.1 302 -\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").into())
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::text(status, &body.to_string())
    }
}

pub(crate) struct Server {
    pub(crate) url: String,
    last: Arc<Mutex<Asked>>,
}

impl Server {
    /// Answers every request with what `answer` says.
    pub(crate) async fn answering(answer: impl Fn(&Asked) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let last = Arc::<Mutex<Asked>>::default();
        let heard = Arc::clone(&last);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let mut stream = BufReader::new(stream);
                let asked = read(&mut stream).await;
                let Answer(bytes) = answer(&asked);
                *heard.lock().unwrap() = asked;
                // Who asked may have heard enough.
                let _ = stream.write_all(&bytes).await;
            }
        });
        Self { url, last }
    }

    /// The last request.
    pub(crate) fn asked(&self) -> Asked {
        self.last.lock().unwrap().clone()
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Asked {
    let mut lines = stream.lines();
    let mut asked = Asked { line: lines.next_line().await.unwrap().unwrap(), ..Asked::default() };
    while let Some(line) = lines.next_line().await.unwrap().filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ").unwrap();
        asked.headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let length = asked.header("content-length").map_or(0, |length| length.parse().unwrap());
    asked.body.resize(length, 0);
    stream.read_exact(&mut asked.body).await.unwrap();
    asked
}
