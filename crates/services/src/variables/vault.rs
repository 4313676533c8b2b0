//! Values kept in HashiCorp Vault, in its key-value engine of version 2.
//!
//! `GET /v1/MOUNT/data/PATH` with the header `X-Vault-Token` answers the newest version of a secret; ours have one field,
//! `value`. 404 means that there is none (Vault's HTTP API, "KV secrets engine - version 2", "Read secret version").

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use holm_manifest::Secret;
use http::{HeaderValue, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::VariableError;
use crate::alarm::{Alarm, Report};
use crate::http_client::{Anywhere, ClientConfig, HttpClient, Options};

/// The longest answer that is read, in bytes.
pub const MAX_ANSWER: usize = 1 << 20;
/// How long an exchange may take in all.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a value is believed.
const FRESH: Duration = Duration::from_secs(10);
/// How long a failure is: those who ask at once do not wait for the same timeout one after the other.
const FRESH_FAILURE: Duration = Duration::from_secs(1);
/// The header for the token.
const TOKEN: &str = "x-vault-token";

/// One engine of one server.
pub(super) struct Vault {
    client: HttpClient,
    policy: Anywhere,
    /// Scheme, host and port.
    origin: String,
    /// What stands before the names, with a slash at its end.
    path: String,
    token: HeaderValue,
    alarm: Alarm,
}

impl Vault {
    /// The engine mounted at `mount` of the server at `url`. Connects to nothing.
    pub(super) fn new(
        url: &str,
        token: &Secret,
        mount: &str,
        prefix: Option<&str>,
        report: Option<Report>,
    ) -> Result<Self, String> {
        let (origin, base) =
            split(url).ok_or("the address of a Vault is http:// or https://, a host, and perhaps a port")?;
        let mut token =
            HeaderValue::from_str(token.expose()).map_err(|_| "the token of a Vault cannot be sent in a header")?;
        token.set_sensitive(true);
        let mount = mount.trim_matches('/');
        let prefix = prefix.map(|prefix| format!("{}/", prefix.trim_matches('/'))).unwrap_or_default();
        let config = ClientConfig { max_connections: 8, max_connections_each: 8, ..ClientConfig::default() };
        let client = HttpClient::new(config).map_err(|error| error.to_string())?;
        let path = format!("{base}/v1/{mount}/data/{prefix}");
        Ok(Self { client, policy: Anywhere::default(), origin, path, token, alarm: Alarm::new(report) })
    }

    /// The value at `uri`, or why it cannot be had, in words without the server's address.
    async fn read(&self, uri: &Uri) -> Result<Option<Arc<str>>, String> {
        let request = Request::get(uri.clone()).header(TOKEN, self.token.clone()).body(Empty::<Bytes>::new());
        let request = request.map_err(|error| error.to_string())?;
        let options = Options { connect_timeout: PATIENCE / 2, first_byte_timeout: PATIENCE, ..Options::default() };
        let answer = self.client.send(request, &self.policy, &options).await.map_err(|error| error.to_string())?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Ok(None),
            status => return Err(format!("it answered {status}")),
        }
        let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
        let body = body.map_err(|_| format!("its answer broke off, or has more than {MAX_ANSWER} bytes"))?.to_bytes();
        // Whatever is wrong with it, the answer holds a secret and is not repeated.
        let answer: Answer = serde_json::from_slice(&body).map_err(|_| "its answer holds no text called `value`")?;
        Ok(Some(answer.data.data.value.into()))
    }
}

#[derive(serde::Deserialize)]
struct Answer {
    data: Versioned,
}

#[derive(serde::Deserialize)]
struct Versioned {
    data: Kept,
}

#[derive(serde::Deserialize)]
struct Kept {
    value: String,
}

/// The origin of an address, and its path without a slash at the end.
fn split(url: &str) -> Option<(String, String)> {
    let uri: Uri = url.parse().ok()?;
    let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
    let plain = !authority.as_str().contains('@') && uri.query().is_none();
    let known = matches!(scheme, "http" | "https");
    (plain && known).then(|| (format!("{scheme}://{authority}"), uri.path().trim_end_matches('/').to_owned()))
}

/// What Vault is asked for one variable, and what it said last.
pub(super) struct Question {
    vault: Arc<Vault>,
    name: String,
    uri: Uri,
    last: Mutex<Option<Last>>,
}

struct Last {
    until: Instant,
    answer: Result<Option<Arc<str>>, String>,
}

impl Question {
    pub(super) fn new(vault: &Arc<Vault>, name: &str) -> Result<Self, String> {
        let Vault { origin, path, .. } = &**vault;
        let uri = format!("{origin}{path}{name}").parse();
        let uri = uri.map_err(|_| "the mount and the prefix of a Vault have to be parts of a URL's path")?;
        Ok(Self { vault: Arc::clone(vault), name: name.to_owned(), uri, last: Mutex::new(None) })
    }

    /// What Vault says, or said a moment ago. Of several that ask at once, one goes there.
    pub(super) async fn ask(&self) -> Result<Option<Arc<str>>, VariableError> {
        let mut last = self.last.lock().await;
        let known = last.as_ref().filter(|last| Instant::now() < last.until);
        let answer = match known {
            Some(known) => known.answer.clone(),
            None => {
                let answer = self.asked().await;
                let fresh = if answer.is_ok() { FRESH } else { FRESH_FAILURE };
                *last = Some(Last { until: Instant::now() + fresh, answer: answer.clone() });
                answer
            }
        };
        answer.map_err(|why| VariableError::Provider(format!("Vault has no answer for `{}`: {why}", self.name)))
    }

    async fn asked(&self) -> Result<Option<Arc<str>>, String> {
        let Vault { alarm, origin, .. } = &*self.vault;
        let late = || Err(format!("it did not answer within {PATIENCE:?}"));
        let answer = timeout(PATIENCE, self.vault.read(&self.uri)).await.unwrap_or_else(|_| late());
        match &answer {
            Ok(_) => alarm.rest(),
            Err(why) => {
                alarm.ring(&format!("Vault at {origin} cannot be asked for the variable `{}`: {why}", self.name))
            }
        }
        answer
    }
}
