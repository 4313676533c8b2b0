//! Where a server is, and getting there.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use http::Uri;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use super::ClientError;
use super::send::RequestBody;

const CONNECT_TIME: Duration = Duration::from_secs(10);

/// Where a server is administered.
#[derive(Clone)]
pub enum Target {
    /// On a Unix socket of this machine.
    Unix(PathBuf),
    /// Over TCP.
    Http {
        /// `http://address:port`.
        url: String,
        /// What the server wants to hear.
        token: String,
    },
}

impl Target {
    /// Reads `unix:/path`, a path with a `/` in it, or `http://address:port` with its `token`.
    ///
    /// # Errors
    /// [`ClientError::BadTarget`], which says what is expected.
    pub fn parse(text: &str, token: Option<String>) -> Result<Self, ClientError> {
        let bad = |why: &str| Err(ClientError::BadTarget(why.to_owned()));
        if let Some(path) = text.strip_prefix("unix:").or_else(|| text.starts_with(['/', '.']).then_some(text)) {
            return Ok(Self::Unix(path.into()));
        }
        if text.starts_with("https:") {
            return bad("the admin API does not speak TLS: use an SSH tunnel (ssh -L 7070:127.0.0.1:7070 host)");
        }
        let uri = text.strip_prefix("http://").and_then(|_| text.parse::<Uri>().ok());
        if uri.is_none_or(|uri| uri.host().is_none() || !matches!(uri.path(), "" | "/") || uri.query().is_some()) {
            return bad(&format!("{text:?} is no server: unix:/path/to/socket or http://address:port is expected"));
        }
        match token {
            Some(token) => Ok(Self::Http { url: text.trim_end_matches('/').to_owned(), token }),
            None => bad(&format!("{text} wants a token")),
        }
    }

    /// What to send as `Host`.
    pub(super) fn host(&self) -> String {
        match self {
            Self::Unix(_) => "localhost".to_owned(),
            Self::Http { url, .. } => url.trim_start_matches("http://").to_owned(),
        }
    }

    /// A connection of its own: calls are few, and a kept one might be closed when it is needed.
    pub(super) async fn connect(&self) -> Result<SendRequest<RequestBody>, ClientError> {
        match timeout(CONNECT_TIME, self.dial()).await {
            Ok(Ok(stream)) => {
                let broken = |source| ClientError::Broken { target: self.to_string(), source };
                let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(broken)?;
                // Its errors also reach whoever sends on it.
                tokio::spawn(async { drop(connection.await) });
                Ok(sender)
            }
            Ok(Err(source)) if source.kind() == io::ErrorKind::PermissionDenied => {
                Err(ClientError::NotAllowed { target: self.to_string() })
            }
            Ok(Err(source)) => Err(ClientError::NoServer { target: self.to_string(), source }),
            Err(_) => Err(ClientError::Timeout { target: self.to_string(), seconds: CONNECT_TIME.as_secs() }),
        }
    }

    async fn dial(&self) -> io::Result<Box<dyn Stream>> {
        match self {
            Self::Unix(path) => Ok(Box::new(UnixStream::connect(path).await?)),
            Self::Http { .. } => {
                let host = self.host();
                let has_port = host.parse::<http::uri::Authority>().is_ok_and(|host| host.port().is_some());
                let address = if has_port { host } else { format!("{host}:80") };
                Ok(Box::new(TcpStream::connect(address).await?))
            }
        }
    }
}

/// The token stays out of messages.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Http { url, .. } => f.write_str(url),
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_sockets_or_urls_with_a_token() {
        let token = || Some("secret-secret-secret".to_owned());
        for (text, shown) in [
            ("unix:/run/holm.sock", "unix:/run/holm.sock"),
            ("./holm.sock", "unix:./holm.sock"),
            ("http://127.0.0.1:7070/", "http://127.0.0.1:7070"),
            ("http://[::1]:7070", "http://[::1]:7070"),
        ] {
            assert_eq!(Target::parse(text, token()).unwrap().to_string(), shown);
        }
        for bad in ["", "holm", "http://", "http://a/b", "http://a?b", "ftp://a", "https://a"] {
            assert!(Target::parse(bad, token()).is_err(), "{bad}");
        }
        assert!(Target::parse("http://127.0.0.1:7070", None).unwrap_err().to_string().contains("token"));
    }
}
