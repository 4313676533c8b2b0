//! Outbound `wasi:http`, 0.2 and 0.3: every request is checked against the guest's grants, and so is
//! every address it leads to.
//!
//! The resources of the interface are the engine's; the requests go through Holm's own client, or to guests of the same
//! app, where whoever serves it lends that.

mod sent;
mod site;

use std::sync::Arc;

use holm_abi::{Body, BodyError, CallError, Host};
use holm_engine::shape::Shape;
use holm_grants::{CHAINED, INTERNAL};
use holm_services::connections::Connections;
use holm_services::http_client::{HttpError, Options};
use http::uri::PathAndQuery;
use http::{HeaderName, Method, Request, Response, Uri};
use http_body_util::BodyExt as _;
use tokio::time::timeout;
use wasmtime::component::Linker;
use wasmtime_wasi_http::{
    DEFAULT_FORBIDDEN_HEADERS, Error, ForbiddenHeaderFilter, RequestOptions, Result, WasiBody, WasiHttpHooks, p2, p3,
};

use crate::parts::Whose;
use crate::services::Services;
use crate::state::State;
use crate::version::{Version, is_p2, is_p3};
use crate::{Wasi, outgoing};
use sent::watched;
use site::{Site, Way};

/// Whether an import of this name is one that [`link`] provides.
pub(crate) fn provides(name: &str) -> bool {
    match name.strip_prefix("wasi:http/").and_then(|rest| rest.split_once('@')) {
        Some(("types", version)) => Version::of(version).is_some() || is_p3(version),
        Some(("outgoing-handler", version)) => Version::of(version).is_some(),
        Some(("client", version)) => is_p3(version),
        _ => false,
    }
}

/// Whether an import of this name is one that sends requests, which needs a grant. The types alone do nothing.
pub(crate) fn sends(name: &str) -> bool {
    provides(name) && !name.starts_with("wasi:http/types@")
}

/// Links outbound HTTP if the guest imports it.
pub(crate) fn link(linker: &mut Linker<State>, shape: &Shape) -> wasmtime::Result<()> {
    let imports = |version: fn(&str) -> bool| {
        shape
            .imports
            .iter()
            .any(|import| provides(&import.name) && import.name.split_once('@').is_some_and(|(_, has)| version(has)))
    };
    if imports(is_p2) {
        p2::add_only_http_to_linker_async(linker)?;
        outgoing::link_p2(linker)?;
    }
    if imports(is_p3) && linker.engine().get_concurrency_support() {
        p3::add_to_linker(linker)?;
        outgoing::link_p3(linker)?;
    }
    Ok(())
}

/// The body of a request, or of another guest's response, for a guest.
pub(crate) fn incoming(body: Body) -> WasiBody {
    body.map_err(|error| Error::InternalError(Some(error.to_string()))).boxed_unsync()
}

/// Sends a guest's requests.
pub(crate) struct Outbound {
    pub(crate) services: Arc<Services>,
    /// Who sends the request that is handed over now.
    pub(crate) sender: Whose,
    /// What the host has to do with them.
    pub(crate) lent: Option<Arc<dyn holm_abi::Outbound>>,
}

/// Sends requests as a guest's own of `wasi:http` are sent.
pub struct Requests {
    services: Arc<Services>,
    lent: Option<Arc<dyn holm_abi::Outbound>>,
}

impl Outbound {
    pub(crate) fn requests(&self) -> Requests {
        Requests { services: Arc::clone(&self.services), lent: self.lent.clone() }
    }
}

impl Requests {
    /// Those of a guest of another ABI, with what `wasi` lends and under what `host` grants; for all its instances.
    pub fn new(wasi: &Wasi, host: &Host) -> Self {
        Self { services: Arc::new(Services::new(wasi, host)), lent: None }
    }

    /// The same while one request is answered, for which `lent` is what the host has to do with them.
    pub fn lending(&self, lent: Option<&Arc<dyn holm_abi::Outbound>>) -> Self {
        Self { services: Arc::clone(&self.services), lent: lent.cloned() }
    }

    /// What they count in with connections of other kinds.
    pub fn connections(&self) -> &Arc<Connections> {
        &self.services.connections
    }

    /// Sends one with an absolute URI, if the guest's grants allow it. No redirect is followed.
    ///
    /// # Errors
    /// `wasi:http`'s; [`Error::HttpRequestDenied`] and [`Error::DestinationIpProhibited`] for want of a grant, which is
    /// remembered.
    pub async fn send(&self, request: Request<Body>) -> Result<Response<Body>> {
        let request = request.map(incoming);
        let response = send(&self.services, self.lent.as_deref(), request, RequestOptions::default()).await?;
        Ok(response.map(|body| body.map_err(BodyError::from).boxed_unsync()))
    }
}

/// Headers that belong to a connection, and so not to a guest. `te` speaks of one too (RFC 9110, section 10.1.4).
fn is_forbidden(name: &HeaderName) -> bool {
    DEFAULT_FORBIDDEN_HEADERS.contains(name) || name == http::header::TE
}

/// Bytes of a body that a guest writes at once.
pub(crate) const PIECE: usize = 64 << 10;

type Done = Box<dyn Future<Output = Result<()>> + Send>;

impl WasiHttpHooks for Outbound {
    fn is_forbidden_header(&mut self, name: &HeaderName) -> bool {
        is_forbidden(name)
    }

    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        Arc::new(is_forbidden)
    }

    // The engine's own bounds are a MiB, which every body may hold twice.
    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        PIECE
    }

    fn p3_outgoing_body_chunk_size(&mut self) -> usize {
        PIECE
    }

    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _response_processed: Done,
    ) -> Box<dyn Future<Output = Result<(Response<WasiBody>, Done)>> + Send> {
        let sending = self.sending(request, options.unwrap_or_default());
        Box::new(async move {
            // The client drives its connections itself, so nothing is left to do.
            Ok((sending.await?, Box::new(async { Ok(()) }) as Done))
        })
    }
}

impl Outbound {
    fn sending(
        &self,
        request: Request<WasiBody>,
        options: RequestOptions,
    ) -> impl Future<Output = Result<Response<WasiBody>>> + Send + use<> {
        let services = match self.sender {
            Whose::Guest => &self.services,
            // Only parts that there are can send.
            Whose::Part(part) => &self.services.parts[part],
        };
        let (services, lent) = (Arc::clone(services), self.lent.clone());
        async move { send(&services, lent.as_deref(), request, options).await }
    }
}

impl State {
    /// Sends a request of the guest as `wasi:http` does: if it is granted, to wherever it leads, guests of the same app
    /// included. A URI that is only a path is for the app itself.
    ///
    /// The future does not keep the state. What was refused is remembered when it is polled.
    pub fn send_http(
        &self,
        request: Request<WasiBody>,
        options: RequestOptions,
    ) -> impl Future<Output = Result<Response<WasiBody>>> + Send + use<> {
        self.outbound.sending(request, options)
    }
}

async fn send(
    services: &Services,
    lent: Option<&dyn holm_abi::Outbound>,
    request: Request<WasiBody>,
    options: RequestOptions,
) -> Result<Response<WasiBody>> {
    let site = Site::of(request.uri(), services).ok_or(Error::HttpRequestUriInvalid)?;
    let way = site.way();
    if !site.is_granted(&way) {
        services.host.audit.denied(site.ask(&way));
        return Err(Error::HttpRequestDenied);
    }
    let (mut head, body) = request.into_parts();
    let sent = lent.and_then(|lent| lent.begin(&mut head));
    let request = Request::from_parts(head, body);
    let answer = match way {
        Way::Out => dial(services, &site, request, options).await,
        inside => call(lent, &site, inside, request, options).await,
    };
    watched(answer, sent)
}

/// Hands a request to a guest of the same app.
async fn call(
    lent: Option<&dyn holm_abi::Outbound>,
    site: &Site<'_>,
    way: Way<'_>,
    request: Request<WasiBody>,
    options: RequestOptions,
) -> Result<Response<WasiBody>> {
    // They answer where grants say they do, and nowhere else.
    if matches!(way, Way::Sibling(_)) && (site.scheme.as_str(), site.port) != ("http", 80) {
        return Err(Error::ConnectionRefused);
    }
    if request.method() == Method::CONNECT {
        return Err(Error::HttpRequestMethodInvalid);
    }
    let lent = lent.ok_or(Error::DestinationNotFound)?;
    let (mut head, body) = request.into_parts();
    let path = head.uri.path_and_query().map_or("/", PathAndQuery::as_str);
    // As everyone writes it, and without a user.
    let authority = match way {
        Way::Chained(name) => format!("{name}.{CHAINED}"),
        Way::Sibling(name) => format!("{name}.{INTERNAL}"),
        Way::Own | Way::Out => "self".to_owned(),
    };
    let uri = Uri::builder().scheme("http").authority(authority).path_and_query(path).build();
    head.uri = uri.map_err(|_| Error::HttpRequestUriInvalid)?;
    let request = Request::from_parts(head, body.map_err(BodyError::from).boxed_unsync());
    let called = match way {
        Way::Chained(name) | Way::Sibling(name) => lent.call(name, request),
        Way::Own | Way::Out => lent.call_app(request),
    };
    let answer = match options.first_byte_timeout {
        Some(limit) => timeout(limit, called).await.map_err(|_| Error::ConnectionReadTimeout)?,
        // The other guest has a limit of its own.
        None => called.await,
    };
    let response = answer.map_err(|error| match error {
        CallError::NotFound => Error::DestinationNotFound,
        CallError::Loop => Error::LoopDetected,
        CallError::Failed => Error::ConnectionTerminated,
    })?;
    Ok(response.map(incoming))
}

/// Sends a request over the network.
async fn dial(
    services: &Services,
    site: &Site<'_>,
    request: Request<WasiBody>,
    options: RequestOptions,
) -> Result<Response<WasiBody>> {
    let client = services.http_client.as_ref().ok_or(Error::ConfigurationError)?;
    let answer = client.send(request, site, &timeouts(options)).await;
    if let Err(HttpError::DestinationIpProhibited { addresses, .. }) = &answer {
        for address in addresses {
            services.host.audit.denied(site.ask_at(*address));
        }
    }
    let response = answer.map_err(error_code)?;
    Ok(response.map(|body| body.map_err(error_code).boxed_unsync()))
}

/// What the guest does not say is the client's own.
fn timeouts(options: RequestOptions) -> Options {
    let default = Options::default();
    Options {
        connect_timeout: options.connect_timeout.unwrap_or(default.connect_timeout),
        first_byte_timeout: options.first_byte_timeout.unwrap_or(default.first_byte_timeout),
        between_bytes_timeout: options.between_bytes_timeout.unwrap_or(default.between_bytes_timeout),
        ..default
    }
}

/// The interface's code for an error. What only concerns the host stays here.
fn error_code(error: HttpError) -> Error {
    match error {
        HttpError::DnsTimeout { .. } => Error::DnsTimeout,
        HttpError::DnsError { rcode, .. } => Error::DnsError { rcode, info_code: None },
        HttpError::DestinationNotFound { .. } => Error::DestinationNotFound,
        HttpError::DestinationUnavailable(_) => Error::DestinationUnavailable,
        HttpError::DestinationIpProhibited { .. } => Error::DestinationIpProhibited,
        HttpError::DestinationIpUnroutable => Error::DestinationIpUnroutable,
        HttpError::ConnectionRefused => Error::ConnectionRefused,
        HttpError::ConnectionTerminated => Error::ConnectionTerminated,
        HttpError::ConnectionTimeout => Error::ConnectionTimeout,
        HttpError::ConnectionReadTimeout => Error::ConnectionReadTimeout,
        HttpError::ConnectionLimitReached => Error::ConnectionLimitReached,
        HttpError::TlsProtocolError(_) => Error::TlsProtocolError,
        HttpError::TlsCertificateError(_) => Error::TlsCertificateError,
        HttpError::TlsAlertReceived { id, message } => {
            Error::TlsAlertReceived { alert_id: Some(id), alert_message: Some(message) }
        }
        HttpError::HttpRequestMethodInvalid => Error::HttpRequestMethodInvalid,
        HttpError::HttpRequestUriInvalid => Error::HttpRequestUriInvalid,
        HttpError::HttpResponseIncomplete => Error::HttpResponseIncomplete,
        HttpError::HttpResponseHeaderSectionSize => Error::HttpResponseHeaderSectionSize(None),
        HttpError::HttpProtocolError(_) => Error::HttpProtocolError,
        HttpError::Configuration(_) => Error::ConfigurationError,
        // The guest's own body failed, with an error that is one of these already.
        HttpError::RequestBody(error) => match error.downcast::<Error>() {
            Ok(code) => *code,
            Err(other) => Error::InternalError(Some(other.to_string())),
        },
        HttpError::Internal(message) => Error::InternalError(Some(message)),
        _ => Error::InternalError(None),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn timeouts_are_the_guests_where_it_gives_them() {
        let asked = RequestOptions { first_byte_timeout: Some(Duration::from_millis(5)), ..Default::default() };
        let options = timeouts(asked);
        assert_eq!(options.first_byte_timeout, Duration::from_millis(5));
        assert_eq!(options.connect_timeout, Options::default().connect_timeout);
    }
}
