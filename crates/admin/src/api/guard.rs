//! Who may use the API.

use std::net::IpAddr;

use http::header::{AUTHORIZATION, HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Uri};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

use super::error::{ApiError, Code};

/// The fewest characters of a token: 16 random ones of an alphabet of 64 cannot be guessed.
const MIN_TOKEN: usize = 16;

/// What a caller over TCP must know. Only its digest is kept.
#[derive(Clone)]
pub struct Token([u8; 32]);

/// A text that is too weak for a token, or cannot be sent as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a token is at least {MIN_TOKEN} printable ASCII characters without spaces: `openssl rand -hex 32` makes one")]
pub struct BadToken;

impl Token {
    /// The token `text`.
    ///
    /// # Errors
    /// [`BadToken`].
    pub fn new(text: &str) -> Result<Self, BadToken> {
        let good = text.len() >= MIN_TOKEN && text.bytes().all(|byte| byte.is_ascii_graphic());
        if good { Ok(Self(Sha256::digest(text).into())) } else { Err(BadToken) }
    }

    /// Compares digests, in a time that tells nothing of the token, its length included.
    fn is(&self, text: &[u8]) -> bool {
        let other: [u8; 32] = Sha256::digest(text).into();
        self.0.ct_eq(&other).into()
    }
}

/// How a request came.
#[derive(Clone)]
pub enum Peer {
    /// Over a Unix socket, whose file mode decided who may connect.
    Unix,
    /// Over TCP, where the caller must know the token.
    Tcp(Token),
}

/// Refuses what a browser sends on behalf of some page: a page may reach ports of the machine it is
/// looked at on, and make its own name resolve to that machine (DNS rebinding).
pub(super) fn refuse_browsers(peer: &Peer, uri: &Uri, headers: &HeaderMap) -> Result<(), ApiError> {
    let site = headers.get("sec-fetch-site").is_some_and(|site| site != "none");
    if site || headers.contains_key(ORIGIN) {
        return Err(ApiError::new(Code::Forbidden, "web pages may not use this API (the request has an Origin)"));
    }
    if matches!(peer, Peer::Unix) {
        return Ok(()); // No browser gets here, and tools put all kinds of things into Host.
    }
    let hosts: Vec<_> = headers.get_all(HOST).iter().collect();
    let [host] = hosts.as_slice() else {
        return Err(ApiError::new(Code::BadRequest, "one Host header is expected"));
    };
    if is_machine(host) && uri.authority().is_none_or(is_address) {
        return Ok(());
    }
    Err(ApiError::new(Code::Forbidden, "use an address or localhost for the host: this API answers to no other name"))
}

fn is_machine(host: &HeaderValue) -> bool {
    host.to_str().ok().and_then(|host| host.parse::<Authority>().ok()).is_some_and(|host| is_address(&host))
}

fn is_address(authority: &Authority) -> bool {
    let host = authority.host();
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok()
}

/// Wants the token of those who came over TCP.
pub(super) fn authorize(peer: &Peer, headers: &HeaderMap) -> Result<(), ApiError> {
    let Peer::Tcp(token) = peer else { return Ok(()) };
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let (first, second) = (given.next(), given.next());
    let bearer = first.filter(|_| second.is_none()).and_then(|value| bearer(value.as_bytes()));
    if bearer.is_some_and(|text| token.is(text)) {
        return Ok(());
    }
    Err(ApiError::new(Code::Unauthorized, "the header `Authorization: Bearer <token>` is missing or wrong"))
}

/// The token of an Authorization header (RFC 6750, section 2.1); the scheme's case does not matter.
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(b"Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_and_localhost_are_hosts() {
        for good in ["127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:8080", "localhost", "LocalHost:1", "10.1.2.3"] {
            assert!(is_machine(&HeaderValue::from_static(good)), "{good}");
        }
        for bad in ["", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "a b", "::1", "localhost."]
        {
            assert!(!is_machine(&HeaderValue::from_static(bad)), "{bad}");
        }
    }

    #[test]
    fn weak_tokens_are_refused() {
        for bad in ["", "short", "fifteen-letters", "sixteen letters and spaces", "schlüssel-schlüssel"] {
            assert!(Token::new(bad).is_err(), "{bad}");
        }
        assert!(Token::new("0123456789abcdef").is_ok());
    }
}
