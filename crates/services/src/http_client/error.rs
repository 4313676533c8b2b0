use std::error::Error;
use std::io;
use std::net::SocketAddr;

/// Any error, as request bodies report theirs.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// Why a request got no response, or a response body no end.
///
/// Each case but [`RequestBody`](Self::RequestBody) stands for the error code of the same name in
/// `wasi:http/types`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// DNS did not answer in time.
    #[error("the DNS lookup of {host} timed out")]
    DnsTimeout {
        /// The name looked up.
        host: String,
    },
    /// DNS answered with an error.
    #[error("the DNS lookup of {host} failed: {message}")]
    DnsError {
        /// The name looked up.
        host: String,
        /// The response code, such as `NXDOMAIN`, where the system's resolver told.
        rcode: Option<String>,
        /// What the resolver said.
        message: String,
    },
    /// The name exists and has no address.
    #[error("{host} has no address")]
    DestinationNotFound {
        /// The name looked up.
        host: String,
    },
    /// The network gave another error while connecting.
    #[error("the destination is unavailable: {0}")]
    DestinationUnavailable(String),
    /// The policy allows none of the host's addresses.
    #[error("{host} has no address that may be reached; it resolves to {addresses:?}")]
    DestinationIpProhibited {
        /// The URI's host.
        host: String,
        /// The addresses refused. Not for the guest: they tell what the host's DNS knows.
        addresses: Vec<SocketAddr>,
    },
    /// There is no route to the host.
    #[error("there is no route to the destination")]
    DestinationIpUnroutable,
    /// Nothing listens at the address.
    #[error("the connection was refused")]
    ConnectionRefused,
    /// The connection broke.
    #[error("the connection was closed too early")]
    ConnectionTerminated,
    /// [`Options::connect_timeout`](super::Options::connect_timeout) passed.
    #[error("connecting timed out")]
    ConnectionTimeout,
    /// [`Options::first_byte_timeout`](super::Options::first_byte_timeout) or
    /// [`Options::between_bytes_timeout`](super::Options::between_bytes_timeout) passed.
    #[error("the server sent nothing for too long")]
    ConnectionReadTimeout,
    /// No connection became free before the connect timeout.
    #[error("too many connections are open")]
    ConnectionLimitReached,
    /// TLS failed, other than by a certificate or an alert.
    #[error("TLS failed: {0}")]
    TlsProtocolError(String),
    /// The server's certificate is not one to trust.
    #[error("the server's certificate was refused: {0}")]
    TlsCertificateError(String),
    /// The server refused with a TLS alert.
    #[error("the server sent the TLS alert {id} ({message})")]
    TlsAlertReceived {
        /// The alert's number.
        id: u8,
        /// Its name.
        message: String,
    },
    /// A method that is not a request for a resource: `CONNECT`.
    #[error("the method cannot be used")]
    HttpRequestMethodInvalid,
    /// The URI has no host, or a scheme other than `http` and `https`.
    #[error("the URI is not an absolute http or https one")]
    HttpRequestUriInvalid,
    /// The response ended before its body did.
    #[error("the response is incomplete")]
    HttpResponseIncomplete,
    /// The response's header section is larger than the client reads.
    #[error("the response's header section is too large")]
    HttpResponseHeaderSectionSize,
    /// What the server sent is not HTTP.
    #[error("the server broke the HTTP protocol: {0}")]
    HttpProtocolError(String),
    /// The host's own settings are wrong.
    #[error("{0}")]
    Configuration(String),
    /// The request's body failed with its own error, here to be downcast.
    #[error("the request body failed: {0}")]
    RequestBody(BoxError),
    /// Anything else.
    #[error("{0}")]
    Internal(String),
}

impl HttpError {
    /// The name of the error code in `wasi:http/types`, such as `connection-refused`.
    pub fn code(&self) -> String {
        if matches!(self, Self::RequestBody(_) | Self::Internal(_)) {
            return "internal-error".to_owned();
        }
        let mut code = String::new();
        for letter in format!("{self:?}").chars().take_while(char::is_ascii_alphanumeric) {
            if letter.is_ascii_uppercase() && !code.is_empty() {
                code.push('-');
            }
            code.push(letter.to_ascii_lowercase());
        }
        code
    }
}

/// Marks an error as the request body's own on its way through hyper.
#[derive(Debug)]
pub(super) struct FromRequestBody(pub(super) std::sync::Mutex<Option<BoxError>>);

impl std::fmt::Display for FromRequestBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the request body failed")
    }
}

impl Error for FromRequestBody {}

impl From<hyper::Error> for HttpError {
    fn from(error: hyper::Error) -> Self {
        if let Some(known) = from_source(&error) {
            return known;
        }
        if error.is_parse_too_large() {
            Self::HttpResponseHeaderSectionSize
        } else if error.is_incomplete_message() {
            Self::HttpResponseIncomplete
        } else if error.is_canceled() || error.is_closed() {
            Self::ConnectionTerminated
        } else if error.is_user() {
            // A body shorter than its `content-length`, most likely.
            Self::Internal(with_source(&error))
        } else {
            Self::HttpProtocolError(with_source(&error))
        }
    }
}

/// Finds the cause that says most among those under `error`.
fn from_source(error: &dyn Error) -> Option<HttpError> {
    let mut next = error.source();
    while let Some(cause) = next {
        if let Some(body) = cause.downcast_ref::<FromRequestBody>() {
            let taken = body.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
            return taken.map(HttpError::RequestBody);
        }
        if let Some(error) = cause.downcast_ref::<io::Error>() {
            return Some(from_io(error));
        }
        next = cause.source();
    }
    None
}

fn from_io(error: &io::Error) -> HttpError {
    if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return tls_error(tls);
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => HttpError::HttpResponseIncomplete,
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::NotConnected => HttpError::ConnectionTerminated,
        io::ErrorKind::TimedOut => HttpError::ConnectionReadTimeout,
        _ => HttpError::Internal(error.to_string()),
    }
}

/// What went wrong while dialling one address.
pub(super) fn connecting(error: &io::Error) -> HttpError {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => HttpError::ConnectionRefused,
        io::ErrorKind::TimedOut => HttpError::ConnectionTimeout,
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => HttpError::DestinationIpUnroutable,
        io::ErrorKind::ConnectionReset => HttpError::ConnectionTerminated,
        _ => HttpError::DestinationUnavailable(error.to_string()),
    }
}

/// What went wrong while TLS began.
pub(super) fn handshaking(error: &io::Error) -> HttpError {
    match from_io(error) {
        HttpError::HttpResponseIncomplete => HttpError::ConnectionTerminated,
        HttpError::Internal(message) => HttpError::TlsProtocolError(message),
        known => known,
    }
}

fn tls_error(error: &rustls::Error) -> HttpError {
    match error {
        rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented => {
            HttpError::TlsCertificateError(error.to_string())
        }
        rustls::Error::AlertReceived(alert) => {
            HttpError::TlsAlertReceived { id: u8::from(*alert), message: format!("{alert:?}") }
        }
        _ => HttpError::TlsProtocolError(error.to_string()),
    }
}

fn with_source(error: &hyper::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_the_names_of_the_interface() {
        for (error, code) in [
            (HttpError::ConnectionRefused, "connection-refused"),
            (HttpError::DnsTimeout { host: "a".into() }, "dns-timeout"),
            (HttpError::TlsCertificateError("why".into()), "tls-certificate-error"),
            (HttpError::RequestBody("why".into()), "internal-error"),
        ] {
            assert_eq!(error.code(), code);
        }
    }
}
