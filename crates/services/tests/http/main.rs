//! What a guest sees of outbound HTTP, over real sockets.
#![cfg(feature = "http")]
#![allow(missing_docs, clippy::unwrap_used)]

mod addresses;
mod bodies;
mod connections;
mod server;
mod timeouts;
mod tls;

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use holm_services::http_client::{AddressPolicy, ClientConfig, HttpClient, HttpError, Options, ResponseBody};
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};

/// Allows what `allow` says; speaks for tenant `identity`.
struct Policy {
    allow: fn(&str, SocketAddr) -> bool,
    identity: u64,
}

const ANYWHERE: Policy = Policy { allow: |_, _| true, identity: 0 };

fn client() -> HttpClient {
    HttpClient::new(ClientConfig::default()).unwrap()
}

fn get(uri: impl AsRef<str>) -> Request<Empty<Bytes>> {
    Request::get(uri.as_ref()).body(Empty::new()).unwrap()
}

async fn fetch(client: &HttpClient, uri: impl AsRef<str>) -> Result<Response<ResponseBody>, HttpError> {
    client.send(get(uri), &ANYWHERE, &Options::default()).await
}

async fn text(response: Response<ResponseBody>) -> Result<String, HttpError> {
    let bytes = response.into_body().collect().await?.to_bytes();
    Ok(String::from_utf8(bytes.to_vec()).unwrap())
}

/// Time for connections to settle after an exchange.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}

impl AddressPolicy for Policy {
    fn allow(&self, host: &str, address: SocketAddr) -> bool {
        (self.allow)(host, address)
    }

    fn identity(&self) -> u64 {
        self.identity
    }
}
