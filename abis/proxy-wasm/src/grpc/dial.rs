//! Sending a request of gRPC. Over TLS the client that all guests have speaks HTTP/2; without it, both sides must know
//! beforehand that they do, which that client never assumes.

use std::time::Duration;

use holm_abi::{Body, BodyError};
use holm_grants::{Ask, Proto};
use holm_services::http_client::AddressPolicy as _;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::plugin::Plugin;
use crate::site::Site;

/// From the start until a connection is ready.
const PATIENCE: Duration = Duration::from_secs(10);

/// A name with more addresses than this has the rest ignored.
const MOST_ADDRESSES: usize = 16;

/// The head of the response. `None`: there is none.
pub(super) async fn send(plugin: &Plugin, site: &Site, request: Request<Body>) -> Option<Response<Body>> {
    if site.is_secure() {
        let response = plugin.client.as_ref()?.send(request, site, &site.options()).await.ok()?;
        return Some(response.map(|body| body.map_err(|error| Box::new(error) as BodyError).boxed_unsync()));
    }
    let open = plugin.connections.open()?;
    let stream = timeout(PATIENCE, connect(plugin, site)).await.ok()??;
    stream.set_nodelay(true).ok()?;
    let connected = http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (mut sender, connection) = timeout(PATIENCE, connected).await.ok()?.ok()?;
    tokio::spawn(async move {
        // Its error reaches whoever waits for a response or reads a body.
        let _ = connection.await;
        drop(open);
    });
    let response = sender.send_request(request).await.ok()?;
    Some(response.map(|body| body.map_err(|error| Box::new(error) as BodyError).boxed_unsync()))
}

async fn connect(plugin: &Plugin, site: &Site) -> Option<TcpStream> {
    let addresses = tokio::net::lookup_host((site.host.as_str(), site.port())).await.ok()?;
    for address in addresses.take(MOST_ADDRESSES) {
        if !site.allow(&site.host, address) {
            plugin.host.audit.denied(Ask::connect(Proto::Tcp, address));
        } else if let Ok(stream) = TcpStream::connect(address).await {
            return Some(stream);
        }
    }
    None
}
