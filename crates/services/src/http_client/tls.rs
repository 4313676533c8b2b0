use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::HttpError;
use super::error::handshaking;

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
        let roots = tokio::task::spawn_blocking(|| trusted(extra)).await;
        let roots = roots.map_err(|_| HttpError::Internal("the host is shutting down".into()))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| HttpError::Configuration(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn trusted(extra: Vec<CertificateDer<'static>>) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    // A container image often has no certificates of its own. One that names a file of them wants
    // those and no others, even if the file cannot be read.
    let chosen = ["SSL_CERT_FILE", "SSL_CERT_DIR"].iter().any(|v| std::env::var_os(v).is_some());
    if roots.is_empty() && !chosen {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots.add_parsable_certificates(extra);
    roots
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
