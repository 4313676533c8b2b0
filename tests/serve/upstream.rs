//! Servers behind a proxy, of which a test says every byte.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

use crate::support::PATIENCE;

/// A server at a free port, until the test program ends.
pub(crate) struct Upstream {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

/// One connection to it.
pub(crate) struct Asked {
    stream: BufReader<TcpStream>,
}

impl Upstream {
    /// Has each connection served by `serve`, and closes it after that.
    pub(crate) fn new(serve: impl Fn(Asked) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, serve) = (listener.local_addr().unwrap(), Arc::new(serve));
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                counted.fetch_add(1, Relaxed);
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                let serve = Arc::clone(&serve);
                thread::spawn(move || serve(Asked { stream: BufReader::new(stream) }));
            }
        });
        Self { address, connections }
    }

    /// Answers each request with these bytes, and closes the connection.
    pub(crate) fn that_says(bytes: &'static str) -> Self {
        Self::new(move |mut asked| {
            asked.head();
            asked.say(bytes);
        })
    }

    /// Answers each request with what was asked: the head, as text.
    pub(crate) fn that_repeats() -> Self {
        Self::new(|mut asked| {
            while let Some(head) = asked.head() {
                asked.say(&format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{head}", head.len()));
            }
        })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many connections there were.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Relaxed)
    }
}

impl Asked {
    /// The head of the next request, its empty line included; `None` where there is none.
    pub(crate) fn head(&mut self) -> Option<String> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            self.stream.read_line(&mut head).ok().filter(|read| *read > 0)?;
        }
        Some(head)
    }

    /// A piece of a chunked body, or its last line and the trailers behind it.
    pub(crate) fn chunk(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        let size = usize::from_str_radix(line.trim(), 16).unwrap();
        if size == 0 {
            return self.head_or_nothing();
        }
        let mut bytes = vec![0; size + 2];
        self.stream.read_exact(&mut bytes).unwrap();
        bytes.truncate(size);
        String::from_utf8(bytes).unwrap()
    }

    fn head_or_nothing(&mut self) -> String {
        let mut trailers = String::new();
        let mut line = String::new();
        while self.stream.read_line(&mut line).unwrap() > 2 {
            trailers.push_str(&std::mem::take(&mut line));
        }
        trailers
    }

    pub(crate) fn say(&mut self, bytes: &str) {
        // The proxy may be gone.
        let _ = self.stream.get_mut().write_all(bytes.as_bytes());
    }

    /// Waits until the proxy closes the connection.
    pub(crate) fn wait_for_end(&mut self) {
        let _ = self.stream.read_to_end(&mut Vec::new());
    }
}
