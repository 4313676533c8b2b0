//! Servers on the loopback interface, well behaved and not.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

pub(crate) type Reply = Response<UnsyncBoxBody<Bytes, Infallible>>;

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Server {
    /// How many connections it has accepted.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn uri(&self) -> String {
        format!("http://{}/", self.address)
    }
}

pub(crate) fn reply(text: impl Into<Bytes>) -> Reply {
    Response::new(Full::new(text.into()).boxed_unsync())
}

/// Serves HTTP/1.1.
pub(crate) async fn serve<F>(handler: impl Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static) -> Server
where
    F: Future<Output = Reply> + Send + 'static,
{
    accept(move |stream| http1_connection(TokioIo::new(stream), handler.clone())).await
}

/// Calls `connection` with the socket of each connection, which closes when it returns.
pub(crate) async fn accept<F>(connection: impl Fn(TcpStream) -> F + Send + 'static) -> Server
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(connection(stream));
        }
    });
    Server { address, connections }
}

/// Reads a request's header section, writes `answer` and closes after it.
pub(crate) async fn answers(answer: &'static [u8]) -> Server {
    accept(move |mut stream| async move {
        read_head(&mut stream).await;
        let _ = stream.write_all(answer).await;
    })
    .await
}

pub(crate) async fn read_head(stream: &mut TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
}

/// A certificate authority, as a file to trust.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    directory: tempfile::TempDir,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, directory }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }

    /// Serves TLS with a certificate for `name`, speaking `protocol` (an ALPN name) after it.
    pub(crate) async fn serve<F>(
        &self,
        name: &str,
        protocol: &'static str,
        handler: impl Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    ) -> Server
    where
        F: Future<Output = Reply> + Send + 'static,
    {
        let acceptor = self.acceptor(name, protocol);
        accept(move |stream| {
            let (acceptor, handler) = (acceptor.clone(), handler.clone());
            async move {
                let Ok(stream) = acceptor.accept(stream).await else {
                    return;
                };
                let stream = TokioIo::new(stream);
                if protocol == "h2" {
                    http2_connection(stream, handler).await;
                } else {
                    http1_connection(stream, handler).await;
                }
            }
        })
        .await
    }

    fn acceptor(&self, name: &str, protocol: &str) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
            .unwrap();
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        TlsAcceptor::from(Arc::new(config))
    }
}

async fn http1_connection<F>(
    stream: impl Read + Write + Unpin + Send + 'static,
    handler: impl Fn(Request<Incoming>) -> F,
) where
    F: Future<Output = Reply>,
{
    let service = service_fn(|request| {
        let reply = handler(request);
        async { Ok::<_, Infallible>(reply.await) }
    });
    let _ = http1::Builder::new().serve_connection(stream, service).await;
}

async fn http2_connection<F>(
    stream: impl Read + Write + Unpin + Send + 'static,
    handler: impl Fn(Request<Incoming>) -> F,
) where
    F: Future<Output = Reply> + Send + 'static,
{
    let service = service_fn(|request| {
        let reply = handler(request);
        async { Ok::<_, Infallible>(reply.await) }
    });
    let builder = http2::Builder::new(TokioExecutor::new());
    let _ = builder.serve_connection(stream, service).await;
}
