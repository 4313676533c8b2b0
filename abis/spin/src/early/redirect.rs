//! One request of the way that redirects lead.
//!
//! Spin sends these requests with reqwest, which follows redirects: what it keeps of a request at each is its
//! `redirect` module's, after RFC 9110, section 15.4, and the Fetch standard, "HTTP-redirect fetch".

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::Full;
use url::Url;

/// How often a request is led elsewhere, as in reqwest.
pub(super) const REDIRECTS: usize = 10;

/// One request of the way that redirects lead.
pub(super) struct Hop {
    pub(super) url: Url,
    uri: Uri,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
}

/// Why a request cannot be sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    Url,
    Header,
}

impl Hop {
    /// The request that a guest asks for.
    ///
    /// # Errors
    /// What of it is wrong.
    pub(super) fn new(
        url: &str,
        method: Method,
        headers: &[(String, String)],
        body: Option<Vec<u8>>,
    ) -> Result<Self, Wrong> {
        let (url, uri) = both(Url::parse(url)).ok_or(Wrong::Url)?;
        let mut fields = HeaderMap::new();
        for (name, value) in headers {
            let name = HeaderName::try_from(name).map_err(|_| Wrong::Header)?;
            // Both are the client's to say.
            if name != HOST && name != CONTENT_LENGTH {
                let value = HeaderValue::try_from(value).map_err(|_| Wrong::Header)?;
                fields.try_append(name, value).map_err(|_| Wrong::Header)?;
            }
        }
        Ok(Self { url, uri, method, headers: fields, body: body.unwrap_or_default().into() })
    }

    pub(super) fn request(&self) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        request
    }

    /// Where the response leads, if it leads elsewhere. Where that is no URL, the response is the last.
    pub(super) fn led_by<B>(&self, response: &Response<B>) -> Option<Self> {
        let location = response.headers().get(LOCATION)?.to_str().ok()?;
        let keeps = match response.status() {
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND | StatusCode::SEE_OTHER => false,
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => true,
            _ => return None,
        };
        let (url, uri) = both(self.url.join(location))?;
        let mut headers = self.headers.clone();
        if url.origin() != self.url.origin() {
            headers.remove(AUTHORIZATION);
            headers.remove(COOKIE);
        }
        if keeps {
            return Some(Self { url, uri, method: self.method.clone(), headers, body: self.body.clone() });
        }
        for about_the_body in [CONTENT_TYPE, CONTENT_ENCODING] {
            headers.remove(about_the_body);
        }
        let method = if self.method == Method::HEAD { Method::HEAD } else { Method::GET };
        Some(Self { url, uri, method, headers, body: Bytes::new() })
    }
}

/// A URL as grants see it and as it is sent, which are made of the same text.
fn both(url: Result<Url, url::ParseError>) -> Option<(Url, Uri)> {
    let mut url = url.ok()?;
    url.set_fragment(None);
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let uri = Uri::try_from(url.as_str()).ok()?;
    Some((url, uri))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(url: &str, method: Method, body: &str) -> Hop {
        let headers = [("Authorization".to_owned(), "secret".to_owned()), ("Content-Type".into(), "a/b".into())];
        Hop::new(url, method, &headers, Some(body.into())).unwrap()
    }

    fn led(hop: &Hop, status: u16, location: &str) -> Option<Hop> {
        hop.led_by(&Response::builder().status(status).header(LOCATION, location).body(()).unwrap())
    }

    #[test]
    fn a_redirect_takes_along_what_its_status_says() {
        let from = hop("http://a.example/x/y", Method::POST, "body");
        let next = led(&from, 303, "/z").unwrap();
        assert_eq!((next.url.as_str(), &next.method, &*next.body), ("http://a.example/z", &Method::GET, &b""[..]));
        assert!(!next.headers.contains_key(CONTENT_TYPE) && next.headers.contains_key(AUTHORIZATION));
        let next = led(&from, 307, "z").unwrap();
        assert_eq!((next.url.as_str(), &next.method, &*next.body), ("http://a.example/x/z", &Method::POST, &b"body"[..]));
        assert!(led(&from, 200, "/z").is_none() && led(&from, 302, "file:///etc/passwd").is_none());
    }

    #[test]
    fn secrets_stay_with_the_site_they_were_meant_for() {
        let from = hop("https://a.example/", Method::GET, "");
        for elsewhere in ["https://b.example/", "http://a.example/", "https://a.example:444/"] {
            assert!(!led(&from, 307, elsewhere).unwrap().headers.contains_key(AUTHORIZATION), "{elsewhere}");
        }
    }

    #[test]
    fn what_cannot_be_sent_is_said() {
        let new = |url: &str, name: &str, value: &str| {
            Hop::new(url, Method::GET, &[(name.to_owned(), value.to_owned())], None).err()
        };
        assert_eq!(new("ftp://a.example", "a", ""), Some(Wrong::Url));
        assert_eq!(new("nowhere", "a", ""), Some(Wrong::Url));
        assert_eq!(new("http://a.example", "a b", ""), Some(Wrong::Header));
        assert_eq!(new("http://a.example", "a", "v\r\nx: y"), Some(Wrong::Header));
    }
}
