//! Databases on servers of libSQL's, over HTTP.

mod protocol;

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use holm_manifest::Secret;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::time::timeout;

use self::protocol::{Done, Reply, Wrong};
use super::{Answer, Connection, MAX_RESULT, Rows, SqlError, Value, check_given};
use crate::StorageError;
use crate::health::{Health, Manners};
use crate::http_client::{self, Anywhere, ClientConfig, HttpClient, Options};
use crate::streamed;

const REACH: &str = "see whether it runs there, or correct the database's address";
const INTRODUCE: &str = "correct the database's token";
const ODD: &str = "see whether it is a libSQL server";

/// The most bytes of a reply: its values, and what JSON makes of them.
const MAX_REPLY: usize = 2 * MAX_RESULT as usize;

/// What speaks to the libSQL servers of an app. Clones share connections.
#[derive(Clone, Default)]
pub(crate) struct Servers {
    client: Arc<OnceLock<(HttpClient, Anywhere)>>,
    manners: Manners,
}

impl Servers {
    pub(crate) fn new(manners: Manners) -> Self {
        Self { client: Arc::default(), manners }
    }

    /// A connection to the database at `url`.
    pub(super) fn connection(&self, url: &str, token: &Secret) -> Arc<dyn Connection> {
        let health = Health::new(shown(url), self.manners.clone());
        Arc::new(LibsqlConnection {
            stream: Arc::new(Stream {
                client: Arc::clone(&self.client),
                url: url.trim_end_matches('/').to_owned(),
                token: token.clone(),
                health,
            }),
            state: Arc::default(),
            rowid: AtomicI64::new(0),
            changes: AtomicU64::new(0),
        })
    }
}

/// An address without the user that it may name.
fn shown(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, place))) => format!("{scheme}://{place}"),
        _ => url.to_owned(),
    }
}

struct LibsqlConnection {
    stream: Arc<Stream>,
    state: Arc<Mutex<State>>,
    rowid: AtomicI64,
    changes: AtomicU64,
}

/// What a server keeps for a connection.
#[derive(Default)]
struct State {
    baton: Option<String>,
    /// Whether a transaction is open there.
    open: bool,
}

struct Stream {
    client: Arc<OnceLock<(HttpClient, Anywhere)>>,
    url: String,
    token: Secret,
    health: Health,
}

/// How a request went.
enum Heard {
    Reply(Reply),
    /// The server knows nothing of the baton.
    Forgotten,
}

impl Stream {
    async fn post(&self, body: String) -> Result<Heard, StorageError> {
        match timeout(self.health.patience, self.ask(body)).await {
            Ok(heard) => heard,
            Err(_) => Err(self.health.slow()),
        }
    }

    async fn ask(&self, body: String) -> Result<Heard, StorageError> {
        let (client, policy) = self.client()?;
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("{}/v3/pipeline", self.url))
            .header(CONTENT_TYPE, "application/json")
            .header(AUTHORIZATION, format!("Bearer {}", self.token.expose()))
            .body(Full::new(Bytes::from(body)))
            .map_err(|_| self.health.failed("its address or token cannot be in a request", REACH))?;
        let sent = client.send(request, policy, &Options::default()).await;
        let response = sent.map_err(|error| self.health.failed(error, REACH))?;
        match response.status() {
            status if status.is_success() => {}
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                return Err(self.health.failed("it does not accept the token", INTRODUCE));
            }
            // What it says to a baton that is too old.
            StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND | StatusCode::GONE => return Ok(Heard::Forgotten),
            status => return Err(self.health.failed(format!("it answered {status}"), ODD)),
        }
        let body = self.whole(response.into_body()).await?;
        let reply = serde_json::from_slice(&body).map_err(|_| self.health.failed("its answer makes no sense", ODD))?;
        self.health.works();
        Ok(Heard::Reply(reply))
    }

    async fn whole(&self, mut body: http_client::ResponseBody) -> Result<BytesMut, StorageError> {
        let mut whole = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| self.health.failed(error, REACH))?;
            let Ok(data) = frame.into_data() else { continue };
            if whole.len() + data.len() > MAX_REPLY {
                return Err(self.health.failed("it sent more than one answer may have", "ask for fewer rows"));
            }
            whole.extend_from_slice(&data);
        }
        Ok(whole)
    }

    fn client(&self) -> Result<&(HttpClient, Anywhere), StorageError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = HttpClient::new(ClientConfig::default()).map_err(|error| self.health.failed(error, REACH))?;
        Ok(self.client.get_or_init(|| (client, Anywhere::default())))
    }
}

impl LibsqlConnection {
    async fn run(&self, statement: &str, parameters: &[Value]) -> Result<Done, SqlError> {
        check_given(statement, parameters)?;
        let mut state = self.state.lock().await;
        loop {
            let asked = protocol::execute(state.baton.as_deref(), statement, parameters);
            // Until it is known how this ends, the session is not worth keeping.
            let before = std::mem::take(&mut *state);
            let heard = self.stream.post(asked).await?;
            let (baton, done) = match heard {
                Heard::Reply(reply) => reply.done(),
                // Nothing of the statement was done, so it may be said again, unless it is in a transaction.
                Heard::Forgotten if before.baton.is_some() && !before.open => continue,
                Heard::Forgotten if before.open => {
                    return Err(SqlError::Statement("the server has ended the transaction".to_owned()));
                }
                Heard::Forgotten => return Err(self.stream.health.failed("it refused the request", ODD).into()),
            };
            state.baton = baton;
            return match done {
                Ok(done) => {
                    state.open = done.open;
                    Ok(done)
                }
                Err(Wrong::Statement(error)) => {
                    state.open = before.open;
                    Err(error)
                }
                Err(Wrong::Nonsense) => Err(self.stream.health.failed("its answer makes no sense", ODD).into()),
            };
        }
    }
}

#[async_trait]
impl Connection for LibsqlConnection {
    async fn execute(&self, statement: String, parameters: Vec<Value>) -> Result<Answer, SqlError> {
        let done = self.run(&statement, &parameters).await?;
        // Only what writes says so, but every reply has a rowid.
        if done.changes > 0 {
            self.changes.store(done.changes, Relaxed);
            self.rowid.store(done.rowid.unwrap_or(self.rowid.load(Relaxed)), Relaxed);
        }
        Ok(done.answer)
    }

    async fn stream(&self, statement: String, parameters: Vec<Value>) -> Result<Rows, SqlError> {
        let answer = self.execute(statement, parameters).await?;
        let (source, coming) = streamed::channel();
        let _ = source.columns.send(Ok(answer.columns));
        tokio::spawn(async move {
            for row in answer.rows {
                if source.rows.send(row).await.is_err() {
                    return;
                }
            }
            let _ = source.end.send(Ok(()));
        });
        coming.columns(|| StorageError::Stopped.into()).await
    }

    fn last_insert_rowid(&self) -> i64 {
        self.rowid.load(Relaxed)
    }

    fn changes(&self) -> u64 {
        self.changes.load(Relaxed)
    }
}

/// The server need not keep what nobody continues; a transaction that is open is taken back at once.
impl Drop for LibsqlConnection {
    fn drop(&mut self) {
        let (stream, state) = (Arc::clone(&self.stream), Arc::clone(&self.state));
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                if let Some(baton) = state.lock().await.baton.take() {
                    let _ = stream.post(protocol::close(&baton)).await;
                }
            });
        }
    }
}
