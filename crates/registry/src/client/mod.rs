//! Requests to one registry: who we are, redirects, and what its answers mean.

mod body;
mod challenge;
mod place;
mod token;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use holm_services::http_client::{ClientConfig, HttpClient, HttpError, Options, ResponseBody};
use http::header::{AUTHORIZATION, HeaderName, LOCATION, USER_AGENT};
use http::{HeaderValue, Method, Response, StatusCode, request};
use serde::Deserialize;
use url::Url;

use body::Upload;
pub(crate) use body::{broken, length, next, small};
use challenge::Challenge;
use place::Place;

use crate::access::Access;
use crate::credentials::Credential;
use crate::error::{Failure, RegistryError, Result};
use crate::limits;
use crate::reference::Reference;

/// What is meant to be done in a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Pull,
    Push,
}

/// A client of one repository.
pub(crate) struct Client {
    http: HttpClient,
    place: Place,
    access: Access,
    reference: Reference,
    purpose: Purpose,
    /// What the registry took last.
    authorization: Mutex<Option<HeaderValue>>,
}

/// What a request carries. It can be sent again.
#[derive(Clone, Default)]
pub(crate) struct Body {
    bytes: Bytes,
    tell: Option<std::sync::Arc<dyn Fn(u64) + Send + Sync>>,
}

impl Body {
    pub(crate) fn of(bytes: Bytes) -> Self {
        Self { bytes, tell: None }
    }

    /// `tell` hears how many bytes are on their way.
    pub(crate) fn told(self, tell: std::sync::Arc<dyn Fn(u64) + Send + Sync>) -> Self {
        Self { tell: Some(tell), ..self }
    }

    fn upload(&self) -> Upload {
        let tell = self.tell.clone();
        let tell = move |sent| tell.iter().for_each(|tell| tell(sent));
        Upload::new(self.bytes.clone(), Box::new(tell))
    }
}

impl Client {
    /// A client that has not connected yet.
    pub(crate) fn new(reference: &Reference, access: &Access, purpose: Purpose) -> Result<Self> {
        let http = HttpClient::new(ClientConfig::default());
        let http = http.map_err(|error| RegistryError::new(Failure::Io, error.to_string()))?;
        let (place, access) = (Place::of(reference, access.plain_http)?, access.clone());
        let (reference, authorization) = (reference.clone(), Mutex::default());
        Ok(Self { http, place, access, reference, purpose, authorization })
    }

    /// An address of the repository: `manifests/…`, `blobs/…`.
    pub(crate) fn url(&self, path: &str) -> Result<Url> {
        self.place.url(&format!("/v2/{}/{path}", self.reference.name()))
    }

    /// Where the registry wants the rest of something to be sent: to itself, since what is sent is not for others.
    pub(crate) fn location(&self, at: &Url, response: &Response<ResponseBody>) -> Result<Url> {
        let host = self.reference.host();
        let nowhere = || RegistryError::invalid(format!("{host} does not say where to upload to"));
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok()).ok_or_else(nowhere)?;
        let to = self.place.follow(at, location)?;
        if !self.place.is_registry(&to) {
            let to = to.host_str().unwrap_or_default();
            return Err(RegistryError::invalid(format!(
                "{host} wants uploads to be sent to {to}, which is not itself"
            )));
        }
        Ok(to)
    }

    /// Asks, identifies itself where it is asked to, and follows redirects of what is only read.
    ///
    /// # Errors
    /// There is no answer. Every answer is one, whatever its status.
    pub(crate) async fn ask(
        &self,
        method: Method,
        url: &Url,
        headers: &[(HeaderName, HeaderValue)],
        body: Body,
    ) -> Result<Response<ResponseBody>> {
        let mut url = url.clone();
        for _ in 0..=limits::REDIRECTS {
            let response = self.identified(&method, &url, headers, &body).await?;
            let reads = method == Method::GET || method == Method::HEAD;
            if !reads || !is_redirect(response.status()) {
                return Ok(response);
            }
            let Some(location) = response.headers().get(LOCATION).and_then(|value| value.to_str().ok()) else {
                return Err(RegistryError::invalid(format!("{} redirects to nowhere", self.reference.host())));
            };
            url = self.place.follow(&url, location)?;
        }
        let (host, most) = (self.reference.host(), limits::REDIRECTS);
        Err(RegistryError::invalid(format!("{host} redirects more than {most} times in a row")))
    }

    async fn identified(
        &self,
        method: &Method,
        url: &Url,
        headers: &[(HeaderName, HeaderValue)],
        body: &Body,
    ) -> Result<Response<ResponseBody>> {
        let ours = self.place.is_registry(url);
        let send = |authorization: Option<HeaderValue>| async move {
            let mut request = self.request(method.clone(), url)?;
            for (name, value) in headers {
                request = request.header(name, value);
            }
            if let Some(authorization) = authorization.filter(|_| ours) {
                request = request.header(AUTHORIZATION, authorization);
            }
            self.send(request, body.clone()).await
        };
        let response = send(self.known()).await?;
        if response.status() != StatusCode::UNAUTHORIZED || !ours {
            return Ok(response);
        }
        let Some(challenge) = challenge::read(response.headers()) else {
            return Ok(response);
        };
        let authorization = self.identify(challenge).await?;
        *self.authorization.lock().unwrap_or_else(PoisonError::into_inner) = Some(authorization.clone());
        send(Some(authorization)).await
    }

    fn known(&self) -> Option<HeaderValue> {
        self.authorization.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn identify(&self, challenge: Challenge) -> Result<HeaderValue> {
        let credential = self.access.credential(&self.reference)?;
        match challenge {
            Challenge::Bearer { realm, service, scope } => {
                let scope = scope.unwrap_or_else(|| self.scope());
                let realm = self.place.realm(&realm)?;
                self.token(&realm, service.as_deref(), &scope, credential.as_ref()).await
            }
            Challenge::Basic => match credential {
                Some(credential) => Credential::basic(&credential),
                None => Err(self.anonymous()),
            },
        }
    }

    fn scope(&self) -> String {
        let actions = match self.purpose {
            Purpose::Pull => "pull",
            Purpose::Push => "pull,push",
        };
        format!("repository:{}:{actions}", self.reference.name())
    }

    fn anonymous(&self) -> RegistryError {
        let host = self.reference.host();
        RegistryError::new(Failure::Denied, format!("{host} wants to know who you are"))
            .note(format!("`docker login {host}` keeps that for all programs; or --username NAME --password-stdin"))
    }

    fn request(&self, method: Method, url: &Url) -> Result<request::Builder> {
        const AGENT: &str = concat!("holm/", env!("CARGO_PKG_VERSION"));
        let mut url = url.clone();
        url.set_fragment(None);
        Ok(request::Builder::new().method(method).uri(url.as_str()).header(USER_AGENT, AGENT))
    }

    async fn send(&self, request: request::Builder, body: Body) -> Result<Response<ResponseBody>> {
        let host = self.reference.host();
        let sending = Duration::from_secs(body.bytes.len() as u64 / limits::SLOWEST);
        let options = Options {
            connect_timeout: limits::CONNECT,
            first_byte_timeout: limits::FIRST_BYTE + sending,
            between_bytes_timeout: limits::BETWEEN_BYTES,
            ..Options::default()
        };
        let request = request.body(body.upload());
        let request = request.map_err(|_| RegistryError::invalid(format!("{host} leads to what is no address")))?;
        self.http.send(request, &self.place, &options).await.map_err(|error: HttpError| broken(&error).about(host))
    }

    /// What a status means that is not success.
    pub(crate) async fn refusal(&self, response: Response<ResponseBody>, what: &str) -> RegistryError {
        let (status, host) = (response.status(), self.reference.host());
        let said = small(response, limits::ERROR, "its answer").await.ok().and_then(|bytes| said(&bytes));
        let said = said.map(|said| format!(": {said}")).unwrap_or_default();
        match status.as_u16() {
            401 | 403 if self.known().is_none() => self.anonymous(),
            401 | 403 => RegistryError::new(Failure::Denied, format!("{host} does not let you have {what}{said}")),
            404 => RegistryError::new(Failure::NotFound, format!("{host} does not have {what}{said}")),
            429 => RegistryError::new(Failure::Unreachable, format!("{host} has had enough requests for now{said}")),
            500..=599 => RegistryError::new(Failure::Unreachable, format!("{host} answers {status} for {what}{said}")),
            _ => RegistryError::new(Failure::Unsupported, format!("{host} answers {status} for {what}{said}")),
        }
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// What the registry says went wrong (distribution specification 1.1, "Error Codes"), on one line.
fn said(bytes: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Answer {
        errors: Vec<Said>,
    }
    #[derive(Deserialize)]
    struct Said {
        code: Option<String>,
        message: Option<String>,
    }
    const LONGEST: usize = 200;
    let answer: Answer = serde_json::from_slice(bytes).ok()?;
    let first = answer.errors.into_iter().next()?;
    let text = first.message.filter(|text| !text.is_empty()).or(first.code)?;
    Some(text.chars().filter(|c| !c.is_control()).take(LONGEST).collect())
}
