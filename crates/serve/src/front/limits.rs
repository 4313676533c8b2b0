use std::time::Duration;

/// What clients may take up. Nothing here is switched off by a zero: a zero is a limit of nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections open at once, over all listeners; one more is closed at once. 65,536.
    pub connections: usize,
    /// Connections open at once from one IPv4 address or one IPv6 /64 network. No limit.
    pub connections_per_peer: Option<usize>,
    /// Time for the PROXY header and the TLS handshake together. 10 s.
    pub handshake: Duration,
    /// Time from a connection's start, or from the first byte of a later request, to the end of the request's
    /// headers. HTTP/1 only: on HTTP/2 it ends with the client's preface, and `idle` takes over. 10 s.
    pub header_read: Duration,
    /// How long a connection is kept between two requests. 60 s.
    pub idle: Duration,
    /// How long a request's body may give no byte while someone waits for it. 30 s.
    pub body_stall: Duration,
    /// How long a client may take no byte of a response that has some for it. 30 s.
    pub write_stall: Duration,
    /// How long a connection that is closed in the middle of a request is still read, so that the client gets its
    /// answer before the reset. 2 s.
    pub linger: Duration,
    /// From shutdown to the end of what is still going on. 30 s.
    pub drain: Duration,
    /// Bytes of a request line and its headers, and of trailers; more is answered with 431. At least 8 KiB on
    /// HTTP/1. 64 KiB.
    pub header_bytes: u32,
    /// Headers of a request; more are answered with 431. 100: other values cost HTTP/1 an allocation per request.
    pub headers: usize,
    /// Bytes of a request's target; more are answered with 414 (or 431, past `header_bytes`). 16 KiB.
    pub target_bytes: usize,
    /// What is peculiar to HTTP/2.
    pub http2: Http2Limits,
    /// How often the files of certificates are looked at. 1 s.
    pub certificate_check: Duration,
}

/// What a client may take up in one HTTP/2 connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http2Limits {
    /// Requests at once. 128.
    pub streams: u32,
    /// Streams the client has reset before the server looked at them; more close the connection. 20.
    pub pending_resets: usize,
    /// Streams the server has reset because of the client's mistakes; more close the connection. 256.
    pub error_resets: usize,
    /// Requests the client gives up before their response is complete, not counting one for each that it takes
    /// whole; more close the connection (the rapid reset of CVE-2023-44487). 256.
    pub cancelled: u32,
    /// Bytes of one request's body that may be on their way. 256 KiB.
    pub stream_window: u32,
    /// Bytes of all requests' bodies that may be on their way. 1 MiB.
    pub connection_window: u32,
    /// Bytes of the largest frame; 16 KiB to 16 MiB, by RFC 9113 §4.2. 16 KiB.
    pub frame_bytes: u32,
    /// Bytes of one response that are held for a client that is slow to take them. 64 KiB.
    pub send_buffer: usize,
    /// How often a silent client is pinged while requests are under way. 20 s.
    pub ping_interval: Duration,
    /// How long the answer to a ping may take. 20 s.
    pub ping_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 65_536,
            connections_per_peer: None,
            handshake: Duration::from_secs(10),
            header_read: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            body_stall: Duration::from_secs(30),
            write_stall: Duration::from_secs(30),
            linger: Duration::from_secs(2),
            drain: Duration::from_secs(30),
            header_bytes: 64 << 10,
            headers: 100,
            target_bytes: 16 << 10,
            http2: Http2Limits::default(),
            certificate_check: Duration::from_secs(1),
        }
    }
}

impl Default for Http2Limits {
    fn default() -> Self {
        Self {
            streams: 128,
            pending_resets: 20,
            error_resets: 256,
            cancelled: 256,
            stream_window: 256 << 10,
            connection_window: 1 << 20,
            frame_bytes: 16 << 10,
            send_buffer: 64 << 10,
            ping_interval: Duration::from_secs(20),
            ping_timeout: Duration::from_secs(20),
        }
    }
}
