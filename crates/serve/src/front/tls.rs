use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// The PEM files of a listener's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and then those that lead from it to a root.
    pub certificate: PathBuf,
    /// Its private key: PKCS #8, PKCS #1 or SEC 1.
    pub key: PathBuf,
}

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The file of certificates cannot be read, or not as PEM.
    #[error("{file}: {error}; it should hold PEM certificates, the server's own first")]
    Certificate {
        /// The file.
        file: String,
        /// What is wrong.
        error: pem::Error,
    },
    /// The file of the key cannot be read, or not as PEM.
    #[error("{file}: {error}; it should hold one PEM private key")]
    Key {
        /// The file.
        file: String,
        /// What is wrong.
        error: pem::Error,
    },
    /// Both can be read, but not used, or not together.
    #[error("{certificate} with the key {key}: {error}; are they of one pair?")]
    Pair {
        /// The file of certificates.
        certificate: String,
        /// The file of the key.
        key: String,
        /// What is wrong.
        error: rustls::Error,
    },
}

/// A certificate that follows its files.
#[derive(Debug)]
pub struct Certificate {
    files: TlsFiles,
    current: ArcSwap<CertifiedKey>,
    seen: Mutex<Stamp>,
}

impl Certificate {
    pub(super) fn load(files: TlsFiles) -> Result<Arc<Self>, CertificateError> {
        // Looked at first: what changes while it is read is read again.
        let seen = Mutex::new(Stamp::of(&files));
        let current = ArcSwap::from_pointee(read(&files)?);
        Ok(Arc::new(Self { files, current, seen }))
    }

    /// Reads the files again. New handshakes use what they hold; on an error the old certificate goes on.
    pub fn reload(&self) -> Result<(), CertificateError> {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Stamp::of(&self.files);
        self.current.store(Arc::new(read(&self.files)?));
        Ok(())
    }

    /// Reads the files again if they have changed since they were last looked at.
    pub(super) fn follow(&self) -> Result<(), CertificateError> {
        let changed = *self.seen.lock().unwrap_or_else(PoisonError::into_inner) != Stamp::of(&self.files);
        if changed { self.reload() } else { Ok(()) }
    }

    /// The settings of a server with this certificate, which stay when it is replaced, sessions to resume included.
    pub(super) fn server(self: &Arc<Self>) -> Result<Arc<ServerConfig>, rustls::Error> {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config.ticketer = ring::Ticketer::new()?;
        Ok(Arc::new(config))
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn read(files: &TlsFiles) -> Result<CertifiedKey, CertificateError> {
    let chain = CertificateDer::pem_file_iter(&files.certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.and_then(|chain| if chain.is_empty() { Err(pem::Error::NoItemsFound) } else { Ok(chain) });
    let chain = chain.map_err(|error| CertificateError::Certificate { file: name(&files.certificate), error })?;
    let key = PrivateKeyDer::from_pem_file(&files.key);
    let key = key.map_err(|error| CertificateError::Key { file: name(&files.key), error })?;
    CertifiedKey::from_der(chain, key, &provider()).map_err(|error| CertificateError::Pair {
        certificate: name(&files.certificate),
        key: name(&files.key),
        error,
    })
}

fn name(path: &Path) -> String {
    path.display().to_string()
}

/// What tells a changed file from an unchanged one. A link to another file (how Kubernetes replaces them) is a change.
#[derive(Debug, PartialEq, Eq)]
struct Stamp([Option<(SystemTime, u64, u64)>; 2]);

impl Stamp {
    fn of(files: &TlsFiles) -> Self {
        Self([&files.certificate, &files.key].map(|path| {
            let metadata = path.metadata().ok()?;
            Some((metadata.modified().ok()?, metadata.len(), inode(&metadata)))
        }))
    }
}

#[cfg(unix)]
fn inode(metadata: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &std::fs::Metadata) -> u64 {
    0
}
