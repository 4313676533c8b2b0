use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::HttpError;
use super::error::handshaking;
use crate::tls::client_config;

/// Whom to trust, and the settings made of it.
pub(super) struct Tls {
    extra: Vec<CertificateDer<'static>>,
    // Reading the system's roots takes milliseconds, which a host whose guests never use TLS
    // should not pay at start.
    config: OnceCell<Arc<ClientConfig>>,
}

impl Tls {
    pub(super) fn new(extra_roots: &[PathBuf]) -> Result<Self, HttpError> {
        let mut extra = Vec::new();
        for file in extra_roots {
            extra.extend(read_roots(file)?);
        }
        Ok(Self { extra, config: OnceCell::new() })
    }

    pub(super) async fn connect(&self, host: &str, stream: TcpStream) -> Result<TlsStream<TcpStream>, HttpError> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| HttpError::HttpRequestUriInvalid)?;
        let config = self.config.get_or_try_init(|| self.configure()).await?;
        let connector = TlsConnector::from(Arc::clone(config));
        connector.connect(name, stream).await.map_err(|error| handshaking(&error))
    }

    async fn configure(&self) -> Result<Arc<ClientConfig>, HttpError> {
        let extra = self.extra.clone();
        let config = tokio::task::spawn_blocking(|| client_config(extra)).await;
        let config = config.map_err(|_| HttpError::Internal("the host is shutting down".into()))?;
        let mut config = config.map_err(|error| HttpError::Configuration(error.to_string()))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn read_roots(file: &Path) -> Result<Vec<CertificateDer<'static>>, HttpError> {
    let fail = |problem: String| {
        let file = file.display();
        HttpError::Configuration(format!("{file}: {problem}; it should hold PEM certificates"))
    };
    let certificates = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| fail(error.to_string()))?;
    if certificates.is_empty() {
        return Err(fail("no certificate found".to_owned()));
    }
    Ok(certificates)
}
