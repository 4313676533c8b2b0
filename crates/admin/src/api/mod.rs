//! The admin API: JSON over HTTP/1.1, on a Unix socket or on TCP with a token.
//!
//! A deploy goes through three steps: the [`Backend`] prepares the version, which loads and links
//! everything; the [`Store`] writes it down; what was prepared is activated. A version that cannot
//! be prepared is refused with every reason, and one that cannot be written down is dropped; in
//! both cases the version before goes on serving. Once writing has begun, the rest happens even if
//! whoever asked goes away.

mod apps;
mod backend;
mod blobs;
mod body;
mod error;
mod guard;
mod listen;
mod openapi;
mod routes;
mod server;

use std::sync::Arc;

use http::header::{ALLOW, HeaderValue, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{Request, Response};
use hyper::body::{Body as _, Incoming};
use percent_encoding::percent_decode_str;
use tokio::sync::{Mutex, Semaphore};

pub use backend::{Backend, Candidate, CandidateGuest, LogQuery, Prepared, Rejection};
pub use body::AnswerBody;
pub use guard::{BadToken, Peer, Token};
pub use listen::{ListenError, Listener, Reach, serve};

use crate::store::Store;
use error::{ApiError, Code};
use routes::Operation;

type Answer = Result<Response<AnswerBody>, ApiError>;

/// How much the API takes.
#[derive(Debug, Clone)]
pub struct ApiLimits {
    /// The most bytes of one guest.
    pub max_blob: u64,
    /// How many guests may be uploaded at once; more are told to come back.
    pub max_uploads: usize,
}

impl Default for ApiLimits {
    /// Guests of 256 MiB, 16 at once.
    fn default() -> Self {
        Self { max_blob: 256 << 20, max_uploads: 16 }
    }
}

/// The admin API of one server. Cloning is cheap and gives the same API.
#[derive(Clone)]
pub struct Api(Arc<Shared>);

struct Shared {
    store: Arc<Store>,
    backend: Arc<dyn Backend>,
    limits: ApiLimits,
    uploads: Semaphore,
    /// Held from writing a change down until it is in force, so that both happen in one order.
    changes: Mutex<()>,
}

impl Api {
    /// The API that changes `store` and tells `backend`.
    #[must_use]
    pub fn new(store: Arc<Store>, backend: Arc<dyn Backend>, limits: ApiLimits) -> Self {
        let uploads = Semaphore::new(limits.max_uploads);
        Self(Arc::new(Shared { store, backend, limits, uploads, changes: Mutex::default() }))
    }

    /// Answers one request. Must be called within a tokio runtime with time enabled.
    pub async fn handle(&self, peer: &Peer, request: Request<Incoming>) -> Response<AnswerBody> {
        let (parts, mut body) = request.into_parts();
        let mut allowed = Vec::new();
        let answer = self.route(peer, &parts, &mut body, &mut allowed).await;
        let mut response = answer.unwrap_or_else(failure);
        if !allowed.is_empty() {
            insert_allowed(&mut response, &allowed);
        }
        if !response.status().is_success() && !body.is_end_stream() {
            body::drain(&mut body).await;
        }
        response
    }

    async fn route(&self, peer: &Peer, parts: &Parts, body: &mut Incoming, allowed: &mut Vec<&'static str>) -> Answer {
        guard::refuse_browsers(peer, &parts.uri, &parts.headers)?;
        let found = routes::find(&parts.method, parts.uri.path());
        // Before saying what there is and what not.
        if !found.as_ref().is_ok_and(|(route, _)| route.open) {
            guard::authorize(peer, &parts.headers)?;
        }
        let (route, parameter) = found.map_err(|(error, methods)| {
            *allowed = methods;
            error
        })?;
        let query = query(parts, route.query)?;
        let parameter = percent_decode_str(parameter).decode_utf8_lossy();
        match route.operation {
            Operation::Health => Ok(server::health()),
            Operation::Ready => self.ready(),
            Operation::Metrics => Ok(self.metrics()),
            Operation::OpenApi => Ok(server::openapi()),
            Operation::Top => Ok(self.top()),
            Operation::Reload => self.reload().await,
            Operation::ListApps => Ok(self.list_apps()),
            Operation::ShowApp => self.show_app(parameter.parse()?).await,
            Operation::Deploy => {
                let name = parameter.parse()?;
                self.deploy(name, body::json(&parts.headers, body).await?).await
            }
            Operation::Rollback => {
                let name = parameter.parse()?;
                self.rollback(name, body::json(&parts.headers, body).await?).await
            }
            Operation::Remove => self.remove(parameter.parse()?).await,
            Operation::Logs => self.logs(&parameter.parse()?, &query),
            Operation::HasBlob => self.has_blob(parameter.parse()?).await,
            Operation::PutBlob => self.put_blob(parameter.parse()?, &parts.headers, body).await,
        }
    }

    /// Uses the store where it may block.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let store = Arc::clone(&self.0.store);
        tokio::task::spawn_blocking(move || work(&store)).await.map_err(ApiError::panicked)
    }
}

/// The query's parameters, all of which must be known and there once.
fn query(parts: &Parts, known: &[(&str, &str)]) -> Result<Vec<(String, String)>, ApiError> {
    let mut query: Vec<(String, String)> = Vec::new();
    for (name, value) in form_urlencoded::parse(parts.uri.query().unwrap_or("").as_bytes()) {
        if !known.iter().any(|(known, _)| *known == name) || query.iter().any(|(other, _)| *other == name) {
            let message = format!("the query parameter {name:?} is not known here, or is there twice");
            return Err(ApiError::new(Code::BadRequest, message));
        }
        query.push((name.into_owned(), value.into_owned()));
    }
    Ok(query)
}

/// The one shape of all errors.
fn failure(error: ApiError) -> Response<AnswerBody> {
    let status = error.code.parts().1;
    let unauthorized = error.code == Code::Unauthorized;
    let mut response = body::as_json(status, &error.into_answer());
    if unauthorized {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

fn insert_allowed(response: &mut Response<AnswerBody>, allowed: &[&str]) {
    if let Ok(value) = HeaderValue::from_str(&allowed.join(", ")) {
        response.headers_mut().insert(ALLOW, value);
    }
}
