//! Tokens for repositories, from the server that the registry names.

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method};
use serde::Deserialize;
use url::Url;

use super::body::small;
use super::{Body, Client};
use crate::credentials::Credential;
use crate::error::{Failure, RegistryError, Result};
use crate::limits;

/// How we call ourselves.
const CLIENT: &str = "holm";

/// An answer to [`Client::token`]: OAuth 2 says `access_token`, Docker's older protocol `token`.
#[derive(Deserialize)]
struct Answer {
    token: Option<String>,
    access_token: Option<String>,
}

impl Client {
    /// A token for `scope`, with this user's credentials if there are any. They go to the token server that the registry
    /// named, and nowhere that one would send us to.
    pub(super) async fn token(
        &self,
        realm: &Url,
        service: Option<&str>,
        scope: &str,
        credential: Option<&Credential>,
    ) -> Result<HeaderValue> {
        let mut asked = vec![("scope", scope)];
        asked.extend(service.map(|service| ("service", service)));
        let (method, url, body, authorization) = match credential {
            Some(Credential::IdentityToken(token)) => {
                asked.extend([
                    ("grant_type", "refresh_token"),
                    ("client_id", CLIENT),
                    ("refresh_token", token.as_str()),
                ]);
                let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(asked).finish();
                (Method::POST, realm.clone(), Some(form), None)
            }
            other => {
                let mut url = realm.clone();
                url.query_pairs_mut().extend_pairs(asked);
                (Method::GET, url, None, other.map(Credential::basic).transpose()?)
            }
        };
        let mut request = self.request(method, &url)?;
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let body = match body {
            Some(form) => {
                request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
                Body::of(form.into())
            }
            None => Body::default(),
        };
        let server = url.host_str().unwrap_or_default().to_owned();
        let response =
            self.send(request, body).await.map_err(|error| error.about(format!("the token server {server}")))?;
        let status = response.status();
        if !status.is_success() {
            let failure = match status.as_u16() {
                400..=499 => Failure::Denied,
                500..=599 => Failure::Unreachable,
                _ => Failure::Invalid,
            };
            let error =
                RegistryError::new(failure, format!("the token server {server} gives no token: it answers {status}"));
            return Err(match credential {
                Some(_) => error.note("are the user's name and password right, and may that user do this?"),
                None => error.note("`docker login` or `--username NAME --password-stdin` say who you are"),
            });
        }
        let bytes = small(response, limits::TOKEN, &format!("the answer of the token server {server}")).await?;
        // What it sent is a secret, and not for a message.
        let nonsense = || RegistryError::invalid(format!("the token server {server} sends no token"));
        let answer: Answer = serde_json::from_slice(&bytes).map_err(|_| nonsense())?;
        let token = answer.token.or(answer.access_token).filter(|token| !token.is_empty()).ok_or_else(nonsense)?;
        let mut header = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| nonsense())?;
        header.set_sensitive(true);
        Ok(header)
    }
}
