//! One request of the way that redirects lead.

use bytes::Bytes;
use holm_abi::Body;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, LOCATION, PROXY_AUTHORIZATION};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use url::Url;

use super::{HttpError, types};

/// What a guest means by a URL without a host: its own app.
const ITSELF: &str = "http://self";

/// One request of the way that redirects lead.
pub(super) struct Hop {
    url: Url,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
}

impl Hop {
    /// The request that a guest asks for.
    pub(super) fn of(asked: types::Request) -> Result<Self, HttpError> {
        let url = if asked.uri.starts_with('/') { format!("{ITSELF}{}", asked.uri) } else { asked.uri };
        let url = Url::parse(&url).map_err(|_| HttpError::InvalidUrl)?;
        if !["http", "https"].contains(&url.scheme()) {
            return Err(HttpError::InvalidUrl);
        }
        let mut headers = HeaderMap::with_capacity(asked.headers.len().min(100));
        for (name, value) in asked.headers {
            let name: HeaderName = name.parse().map_err(|_| HttpError::RuntimeError)?;
            let value = HeaderValue::from_str(&value).map_err(|_| HttpError::RuntimeError)?;
            // Both are the client's to say.
            if name != HOST && name != CONTENT_LENGTH {
                headers.try_append(name, value).map_err(|_| HttpError::RuntimeError)?;
            }
        }
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        Ok(Self { url, method: asked.method.http(), headers, body: asked.body.unwrap_or_default().into() })
    }

    pub(super) fn request(&self) -> Result<Request<Body>, HttpError> {
        let mut url = self.url.clone();
        url.set_fragment(None);
        let body = Full::new(self.body.clone()).map_err(|never| match never {}).boxed_unsync();
        let mut request = Request::new(body);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = url.as_str().parse().map_err(|_| HttpError::InvalidUrl)?;
        *request.headers_mut() = self.headers.clone();
        Ok(request)
    }

    /// Where the response leads, if it leads elsewhere (RFC 9110, section 15.4): what asks for another method is asked with
    /// GET and without a body. What identifies the guest to one site is not sent to another.
    pub(super) fn led_by<B>(&self, response: &Response<B>) -> Result<Option<Self>, HttpError> {
        let keeps = match response.status() {
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND | StatusCode::SEE_OTHER => false,
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => true,
            _ => return Ok(None),
        };
        // What leads nowhere is the answer.
        let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
        let Some(url) = location.and_then(|location| self.url.join(location).ok()) else { return Ok(None) };
        let mut headers = self.headers.clone();
        if url.origin() != self.url.origin() {
            for secret in [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION] {
                headers.remove(secret);
            }
        }
        if keeps {
            return Ok(Some(Self { url, headers, method: self.method.clone(), body: self.body.clone() }));
        }
        headers.remove(CONTENT_TYPE);
        let method = if self.method == Method::HEAD { Method::HEAD } else { Method::GET };
        Ok(Some(Self { url, method, headers, body: Bytes::new() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(uri: &str) -> types::Request {
        let headers = vec![("Authorization".into(), "secret".into()), ("Host".into(), "elsewhere".into())];
        types::Request {
            method: types::Method::Post,
            uri: uri.into(),
            headers,
            params: vec![],
            body: Some(b"b".into()),
        }
    }

    fn led(hop: &Hop, status: u16, location: &str) -> Option<Hop> {
        hop.led_by(&Response::builder().status(status).header(LOCATION, location).body(()).unwrap()).unwrap()
    }

    #[test]
    fn a_path_alone_is_the_app_itself() {
        let request = Hop::of(asked("/a?b#c")).ok().unwrap().request().ok().unwrap();
        assert_eq!(request.uri(), "http://self/a?b");
        assert_eq!((request.method(), request.headers().get(HOST)), (&Method::POST, None));
        for not in ["", "a.example", "http://"] {
            assert!(matches!(Hop::of(asked(not)).err(), Some(HttpError::InvalidUrl)), "{not}");
        }
    }

    #[test]
    fn a_header_that_is_none_is_not_sent() {
        for (name, value) in [("a b", "c"), ("a", "b\r\nc: d"), ("", "a")] {
            let request = types::Request { headers: vec![(name.into(), value.into())], ..asked("http://a.example") };
            assert!(matches!(Hop::of(request).err(), Some(HttpError::RuntimeError)), "{name}");
        }
    }

    #[test]
    fn a_redirect_keeps_the_method_or_asks_with_get() {
        let from = Hop::of(asked("https://a.example/x")).ok().unwrap();
        let kept = led(&from, 307, "y").unwrap();
        assert_eq!(
            (kept.url.as_str(), &kept.method, &kept.body[..]),
            ("https://a.example/y", &Method::POST, &b"b"[..])
        );
        let other = led(&from, 303, "/y").unwrap();
        assert_eq!((&other.method, &other.body[..]), (&Method::GET, &b""[..]));
        assert!(led(&from, 200, "/y").is_none());
        assert!(led(&from, 302, "http://[").is_none());
    }

    #[test]
    fn secrets_stay_with_the_site_they_were_meant_for() {
        let from = Hop::of(asked("https://a.example/")).ok().unwrap();
        assert!(led(&from, 308, "/other").unwrap().headers.contains_key(AUTHORIZATION));
        for elsewhere in ["https://b.example/", "http://a.example/", "https://a.example:444/"] {
            assert!(!led(&from, 308, elsewhere).unwrap().headers.contains_key(AUTHORIZATION), "{elsewhere}");
        }
    }
}
