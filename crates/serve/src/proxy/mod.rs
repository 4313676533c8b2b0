//! Requests that are passed on to a server elsewhere, which answers in the place of a guest.
//!
//! docs/manifest.md, "upstream", says what happens to a request on its way. Nothing is kept whole: the upstream waits while
//! the client reads, and the client while the upstream does.

mod body;
mod headers;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use holm_abi::{Body, Error, Exchange, HttpHandler, Kind, Result};
use holm_grants::HttpGrant;
use holm_manifest::{Guest, Upstream};
use holm_services::connections::Connections;
use holm_services::http_client::{AddressPolicy, HttpClient, HttpError, Options, new_identity};
use http::uri::{Authority, PathAndQuery, Uri};
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};

use body::Passing;

/// Which addresses an upstream may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// All: whoever wrote the manifest owns the machine.
    Everywhere,
    /// Public ones, unless the manifest names an address itself or `localhost`; as with grants.
    AsGranted,
}

/// A server elsewhere, as a handler.
pub struct Proxy {
    upstream: Upstream,
    client: HttpClient,
    options: Options,
    wall: Option<Duration>,
    asking: Asking,
}

/// As whom the client dials.
struct Asking {
    /// `None`: any address may be dialled.
    grant: Option<HttpGrant>,
    identity: u64,
    connections: Arc<Connections>,
}

impl Proxy {
    /// Passes requests on to `upstream` under the limits of `guest`, in whose place it stands.
    ///
    /// # Errors
    /// None for an upstream that was read from a manifest.
    pub fn new(guest: &Guest, upstream: &Upstream, client: HttpClient, reach: Reach) -> Result<Self> {
        let grant = match reach {
            Reach::Everywhere => None,
            Reach::AsGranted => Some(upstream.to_string().parse::<HttpGrant>()),
        };
        let grant = grant.transpose().map_err(|error| Error::new(Kind::Usage, error.to_string()))?;
        let most = guest.serve.connections.unwrap_or(Connections::USUAL);
        let asking = Asking { grant, identity: new_identity(), connections: Arc::new(Connections::new(most)) };
        // The server itself watches over `first-byte`, which begins before a request gets here.
        let options = Options { first_byte_timeout: Duration::MAX, trailers: true, ..Options::default() };
        Ok(Self { upstream: upstream.clone(), client, options, wall: guest.limits.wall, asking })
    }

    /// Where a request for `asked` goes; `None` if that has no room for the prefix.
    fn uri(&self, asked: &Uri) -> Option<Uri> {
        let path = asked.path_and_query().map_or("/", PathAndQuery::as_str);
        let path = match path.as_bytes().first() {
            Some(b'/') => format!("{}{path}", self.upstream.prefix),
            Some(b'?') => format!("{}/{path}", self.upstream.prefix),
            // `OPTIONS *` asks after the server itself, which is this one.
            _ => format!("{}/", self.upstream.prefix),
        };
        let scheme = if self.upstream.tls { "https" } else { "http" };
        let authority = self.upstream.authority.clone();
        Uri::builder().scheme(scheme).authority(authority).path_and_query(path).build().ok()
    }

    /// What to name as `Host`.
    fn options(&self, host: Option<Authority>) -> Options {
        Options { authority: host.filter(|_| self.upstream.preserve_host), ..self.options.clone() }
    }

    fn error(&self, error: &HttpError) -> Error {
        if let HttpError::DestinationIpProhibited { host, .. } = error {
            // Where else it leads is for whoever runs this server to know, and not for whoever deploys.
            let why = format!("the upstream {} failed: {host} has no address that may be reached", self.upstream);
            return Error::new(Kind::NoResponse, why).note(
                "an address that is not public is reached where `upstream` names it itself, or is at `localhost`",
            );
        }
        let (kind, advice) = match error {
            HttpError::ConnectionTimeout | HttpError::ConnectionReadTimeout | HttpError::DnsTimeout { .. } => {
                (Kind::OutOfTime, None)
            }
            HttpError::ConnectionLimitReached => {
                (Kind::HostFull, Some("limits.connections says how many may be open at once"))
            }
            HttpError::Configuration(_) => (Kind::Internal, None),
            _ => (Kind::NoResponse, None),
        };
        let told = Error::new(kind, format!("the upstream {} failed: {error}", self.upstream));
        advice.into_iter().fold(told, Error::note)
    }
}

#[async_trait]
impl HttpHandler for Proxy {
    async fn handle(&self, request: Request<Body>, exchange: Exchange) -> Result<Response<Body>> {
        let until = self.wall.and_then(|wall| Instant::now().checked_add(wall));
        let (mut head, body) = request.into_parts();
        if head.method == Method::CONNECT || headers::is_upgrade(&head.headers) {
            return Ok(answer(
                StatusCode::NOT_IMPLEMENTED,
                "this server passes on no tunnels and no other protocols\n",
            ));
        }
        let host = headers::authority(&head);
        headers::forward(&mut head, host.as_ref(), exchange.peer);
        let Some(uri) = self.uri(&head.uri) else {
            return Ok(answer(StatusCode::URI_TOO_LONG, "the request's path is too long\n"));
        };
        head.uri = uri;
        let mut sent = exchange.outbound.as_ref().and_then(|outbound| outbound.begin(&mut head));
        let answered = self.client.send(Request::from_parts(head, body), &self.asking, &self.options(host)).await;
        let (mut head, body) = match answered {
            Ok(response) => response.into_parts(),
            Err(error) => {
                if let Some(sent) = &mut sent {
                    sent.failed(&error.code());
                }
                return Err(self.error(&error));
            }
        };
        if let Some(sent) = &mut sent {
            sent.answered(head.status, head.version);
        }
        headers::back(&mut head.headers);
        let upstream = self.upstream.to_string().into();
        let body = Passing { body, upstream, until, timer: None, sent, exchange };
        Ok(Response::from_parts(head, body.boxed_unsync()))
    }
}

/// An answer of our own.
fn answer(status: StatusCode, text: &'static str) -> Response<Body> {
    let body = Full::new(Bytes::from_static(text.as_bytes())).map_err(|never| match never {});
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    response
}

impl AddressPolicy for Asking {
    fn allow(&self, host: &str, address: SocketAddr) -> bool {
        self.grant.as_ref().is_none_or(|grant| grant.allows_addr(host, address.ip()))
    }

    fn identity(&self) -> u64 {
        self.identity
    }

    fn connections(&self) -> Option<&Arc<Connections>> {
        Some(&self.connections)
    }
}

#[cfg(test)]
mod tests {
    use holm_services::http_client::ClientConfig;

    use super::*;

    fn proxy(upstream: &str, reach: Reach) -> Proxy {
        let client = HttpClient::new(ClientConfig::default()).unwrap();
        Proxy::new(&Guest::default(), &upstream.parse().unwrap(), client, reach).unwrap()
    }

    #[test]
    fn paths_are_sent_as_they_came_behind_the_prefix() {
        let goes_to = |upstream: &str, asked: &str| {
            proxy(upstream, Reach::Everywhere).uri(&asked.parse().unwrap()).unwrap().to_string()
        };
        assert_eq!(
            goes_to("http://a.example:9000", "https://shop.example/x//%2e?y=%20"),
            "http://a.example:9000/x//%2e?y=%20"
        );
        assert_eq!(goes_to("https://a.example/v1/", "http://shop.example/"), "https://a.example/v1/");
        assert_eq!(goes_to("https://a.example/v1", "http://shop.example?q"), "https://a.example/v1/?q");
        assert_eq!(goes_to("http://a.example", "*"), "http://a.example/");
    }

    #[test]
    fn a_deployed_upstream_is_reached_at_public_addresses_or_at_the_one_it_names() {
        let reaches = |upstream: &str, reach, host: &str, address: &str| {
            proxy(upstream, reach).asking.allow(host, SocketAddr::new(address.parse().unwrap(), 80))
        };
        use Reach::{AsGranted, Everywhere};
        assert!(reaches("http://backend", Everywhere, "backend", "10.0.0.1"));
        assert!(!reaches("http://backend.example", AsGranted, "backend.example", "10.0.0.1"));
        assert!(!reaches("http://backend.example", AsGranted, "backend.example", "169.254.169.254"));
        assert!(reaches("http://backend.example", AsGranted, "backend.example", "93.184.216.34"));
        assert!(reaches("http://10.0.0.1", AsGranted, "10.0.0.1", "10.0.0.1"));
    }
}
