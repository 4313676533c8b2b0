//! Asking a server in JSON.

use std::time::Duration;

use bytes::Bytes;
use holm_manifest::Secret;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::LlmError;
use crate::alarm::{Alarm, Report};
use crate::http_client::{Anywhere, ClientConfig, HttpClient, Options, ResponseBody};

/// The most bytes of text that one call may carry.
pub const MAX_QUESTION: usize = 4 << 20;
/// The longest answer that is read, in bytes.
pub const MAX_ANSWER: usize = 32 << 20;
/// Characters of an error of the server's that a guest is shown.
const MAX_WHY: usize = 1000;
/// How long an exchange may take in all: a long text takes minutes to make.
const PATIENCE: Duration = Duration::from_secs(300);
/// How long until a connection is ready, those included that wait for one of others.
const CONNECT: Duration = Duration::from_secs(30);
/// Connections to it at once.
const CONNECTIONS: usize = 64;

/// A server that is asked in JSON.
pub(super) struct Server {
    client: HttpClient,
    policy: Anywhere,
    /// Scheme, host and port.
    origin: String,
    authorization: HeaderValue,
    alarm: Alarm,
}

impl Server {
    /// The server at `url`, of which only scheme, host and port count: paths are those of its API, as in Spin.
    pub(super) fn new(url: &str, token: &Secret, report: Option<Report>) -> Result<Self, String> {
        let origin = origin(url)
            .ok_or("the address of a server of models is http:// or https://, a host, and perhaps a port")?;
        let authorization = HeaderValue::from_str(&format!("Bearer {}", token.expose()));
        let mut authorization =
            authorization.map_err(|_| "the token of a server of models cannot be sent in a header")?;
        authorization.set_sensitive(true);
        let config =
            ClientConfig { max_connections: CONNECTIONS, max_connections_each: CONNECTIONS, ..ClientConfig::default() };
        let client = HttpClient::new(config).map_err(|error| error.to_string())?;
        Ok(Self { client, policy: Anywhere::default(), origin, authorization, alarm: Alarm::new(report) })
    }

    /// Posts `question` to `path`, and reads the answer.
    ///
    /// # Errors
    /// The server's own, as its API writes them; or that it cannot be asked.
    pub(super) async fn ask<A: DeserializeOwned>(&self, path: &str, question: &impl Serialize) -> Result<A, LlmError> {
        let question = serde_json::to_vec(question).map_err(|error| LlmError::Failed(error.to_string()))?;
        let answer = match timeout(PATIENCE, self.exchange(path, question.into())).await {
            Ok(answer) => answer,
            Err(_) => Err(self.broken(format!("the model's server did not answer within {PATIENCE:?}"))),
        };
        if answer.is_ok() {
            self.alarm.rest();
        }
        answer
    }

    /// The error of a server that its owner has to look after.
    fn broken(&self, why: String) -> LlmError {
        self.alarm.ring(&format!("{}: {why}", self.origin));
        LlmError::Failed(why)
    }

    async fn exchange<A: DeserializeOwned>(&self, path: &str, question: Bytes) -> Result<A, LlmError> {
        let failed =
            |why: &dyn std::fmt::Display| LlmError::Failed(format!("the model's server cannot be asked: {why}"));
        let uri: Uri = format!("{}{path}", self.origin).parse().map_err(|error| failed(&error))?;
        let request = Request::post(uri)
            .header(CONTENT_TYPE, "application/json")
            .header(AUTHORIZATION, self.authorization.clone())
            .body(Full::new(question))
            .map_err(|error| failed(&error))?;
        let options = Options {
            connect_timeout: CONNECT,
            first_byte_timeout: PATIENCE,
            between_bytes_timeout: PATIENCE,
            ..Options::default()
        };
        // What goes wrong below HTTP may name addresses.
        let answer = self.client.send(request, &self.policy, &options).await.map_err(|error| {
            self.alarm.ring(&format!("{}: {error}", self.origin));
            LlmError::Failed("the model's server cannot be reached".into())
        })?;
        let status = answer.status();
        let body = body(answer).await.map_err(|why| self.broken(why))?;
        match serde_json::from_slice::<Refusal>(&body) {
            // Some servers answer 200 with an error.
            Ok(refusal) => Err(refusal.error.into()),
            Err(_) if !status.is_success() => Err(self.broken(format!("the model's server answered {status}"))),
            Err(_) => serde_json::from_slice(&body)
                .map_err(|why| self.broken(format!("the model's server answered what its API does not have: {why}"))),
        }
    }
}

async fn body(answer: Response<ResponseBody>) -> Result<Bytes, String> {
    let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
    let broken = |_| format!("the answer of the model's server broke off, or has more than {MAX_ANSWER} bytes");
    Ok(body.map_err(broken)?.to_bytes())
}

/// An error as OpenAI's API writes it.
#[derive(serde::Deserialize)]
struct Refusal {
    error: Why,
}

#[derive(serde::Deserialize)]
struct Why {
    message: String,
    code: Option<serde_json::Value>,
}

impl From<Why> for LlmError {
    fn from(why: Why) -> Self {
        if why.code.is_some_and(|code| code == "model_not_found") {
            return Self::NoSuchModel;
        }
        Self::Failed(why.message.chars().take(MAX_WHY).collect())
    }
}

fn origin(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
    let known = matches!(scheme, "http" | "https") && !authority.as_str().contains('@');
    known.then(|| format!("{scheme}://{authority}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_address_the_origin_counts() {
        assert_eq!(origin("https://models.example:8443/v1?x").unwrap(), "https://models.example:8443");
        for not in ["models.example", "ftp://models.example", "http://user:secret@models.example", "/v1", ""] {
            assert_eq!(origin(not), None, "{not}");
        }
    }

    #[test]
    fn an_error_of_the_server_is_shown_and_bounded() {
        let why = Why { message: "ä".repeat(5000), code: Some(7.into()) };
        assert_eq!(LlmError::from(why), LlmError::Failed("ä".repeat(MAX_WHY)));
        let why = Why { message: "no".into(), code: Some("model_not_found".into()) };
        assert_eq!(LlmError::from(why), LlmError::NoSuchModel);
    }
}
