//! From a server's name to an open stream, at addresses that may be dialled.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;

use crate::answering::{self, Unanswered};
use crate::tls::client_config;

/// A name with more addresses than this has the rest ignored.
const MAX_ADDRESSES: usize = 16;

/// Which addresses may be dialled for whoever asks. Cheap to clone.
#[derive(Clone, Default)]
pub struct Permits(Option<Arc<dyn Fn(IpAddr) -> bool + Send + Sync>>);

impl Permits {
    /// Those that `allow` allows.
    pub fn new(allow: impl Fn(IpAddr) -> bool + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(allow)))
    }

    /// Every one.
    pub fn all() -> Self {
        Self::default()
    }

    /// Whether this one may be dialled.
    pub fn allow(&self, ip: IpAddr) -> bool {
        self.0.as_ref().is_none_or(|allow| allow(ip))
    }
}

impl fmt::Debug for Permits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permits").field("all", &self.0.is_none()).finish_non_exhaustive()
    }
}

/// A stream to a server, encrypted or not.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for S {}

/// Why there is no stream.
#[derive(Debug)]
pub(crate) enum NoStream {
    /// None of the addresses that the name leads to may be dialled.
    NotPermitted,
    /// What else went wrong.
    Failed(String),
}

/// Opens streams to one server.
pub(crate) struct Dialer {
    /// A name or an address; IPv6 without brackets.
    host: String,
    port: u16,
    tls: Option<OnceCell<TlsConnector>>,
}

impl Dialer {
    /// To this host, whose IPv6 address may stand in brackets.
    pub(crate) fn new(host: &str, port: u16, tls: bool) -> Self {
        Self { host: host.trim_matches(['[', ']']).to_owned(), port, tls: tls.then(OnceCell::new) }
    }

    /// A stream, and the address that was dialled.
    pub(crate) async fn dial(
        &self,
        permits: &Permits,
        patience: Duration,
    ) -> Result<(Box<dyn Stream>, IpAddr), NoStream> {
        let deadline = Instant::now() + patience;
        let (stream, address) = self.connect(permits, deadline).await?;
        // What is said is small, and each word of it is waited for.
        let _ = stream.set_nodelay(true);
        let Some(tls) = &self.tls else { return Ok((Box::new(stream), address.ip())) };
        let name = ServerName::try_from(self.host.clone());
        let name = name.map_err(|_| NoStream::Failed("its name cannot be in a certificate".into()))?;
        let connector = tls.get_or_try_init(connector).await.map_err(NoStream::Failed)?;
        let stream = timeout_at(deadline, connector.connect(name, stream)).await;
        let stream = stream.map_err(|_| slow(patience))?;
        let stream = stream.map_err(|error| NoStream::Failed(format!("no TLS: {error}")))?;
        Ok((Box::new(stream), address.ip()))
    }

    async fn connect(&self, permits: &Permits, deadline: Instant) -> Result<(TcpStream, SocketAddr), NoStream> {
        let failed = |error: io::Error| NoStream::Failed(error.to_string());
        let looked = timeout_at(deadline, tokio::net::lookup_host((self.host.as_str(), self.port))).await;
        let looked = looked.map_err(|_| NoStream::Failed("its name was not resolved in time".into()))?;
        let addresses: Vec<_> = looked.map_err(failed)?.take(MAX_ADDRESSES).collect();
        let allowed: Vec<_> = addresses.iter().copied().filter(|address| permits.allow(address.ip())).collect();
        match (allowed.is_empty(), addresses.is_empty()) {
            (true, false) => return Err(NoStream::NotPermitted),
            (true, true) => return Err(NoStream::Failed("its name leads nowhere".into())),
            (false, _) => {}
        }
        answering::connect(&allowed, deadline).await.map_err(|unanswered| match unanswered {
            Unanswered::Silent(share) => slow(share),
            Unanswered::Failed(_, error) => failed(error),
        })
    }
}

fn slow(patience: Duration) -> NoStream {
    NoStream::Failed(format!("no answer in {} s", patience.as_secs_f32()))
}

/// Reads certificates, for milliseconds.
async fn connector() -> Result<TlsConnector, String> {
    let config = tokio::task::spawn_blocking(|| client_config(Vec::new())).await;
    let config = config.map_err(|_| "the host is shutting down".to_owned())?;
    Ok(TlsConnector::from(Arc::new(config.map_err(|error| error.to_string())?)))
}
