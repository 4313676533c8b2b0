//! One request of the way that redirects lead.

use std::collections::BTreeMap;
use std::str::FromStr as _;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, COOKIE, HOST, LOCATION, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};
use url::Url;

/// One request of the way that redirects lead.
pub(super) struct Hop {
    pub(super) url: Url,
    uri: Uri,
    method: Method,
    headers: HeaderMap,
    pub(super) body: Option<Bytes>,
}

impl Hop {
    /// The request that a plugin asks for.
    ///
    /// # Errors
    /// What of it is wrong.
    pub(super) fn new(
        url: &str,
        method: &str,
        headers: &BTreeMap<String, String>,
        body: Option<Bytes>,
    ) -> Result<Self, String> {
        let (url, uri) = both(Url::parse(url))?;
        let method = method.to_uppercase();
        let method = Method::from_str(&method).map_err(|_| format!("`{method}` is no method"))?;
        let mut fields = HeaderMap::new();
        fields.insert(ACCEPT, HeaderValue::from_static("*/*"));
        // Some sites answer nobody who gives no name.
        fields.insert(USER_AGENT, HeaderValue::from_static("holm"));
        for (name, value) in headers {
            let wrong = || format!("its header `{name}` is none");
            let name = HeaderName::from_str(name).map_err(|_| wrong())?;
            // Both are the client's to say.
            if name != HOST && name != CONTENT_LENGTH {
                fields.insert(name.clone(), HeaderValue::from_str(value).map_err(|_| wrong())?);
            }
        }
        Ok(Self { url, uri, method, headers: fields, body })
    }

    pub(super) fn request<B>(&self, body: B) -> Request<B> {
        let mut request = Request::new(body);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        request
    }

    /// Where the response leads, if it leads elsewhere. A request with a body is not repeated: whoever sent it is handed
    /// the redirect.
    ///
    /// # Errors
    /// Its URL is none.
    pub(super) fn led_by<B>(&self, response: &Response<B>) -> Result<Option<Self>, String> {
        let Some(location) = response.headers().get(LOCATION) else { return Ok(None) };
        let keeps = match response.status() {
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND | StatusCode::SEE_OTHER => false,
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => true,
            _ => return Ok(None),
        };
        if keeps && self.body.is_some() {
            return Ok(None);
        }
        let location = location.to_str().map_err(|_| "it was led to what is no URL".to_owned())?;
        let (url, uri) = both(self.url.join(location)).map_err(|why| format!("it was led to `{location}`: {why}"))?;
        let method = if keeps || self.method == Method::HEAD { self.method.clone() } else { Method::GET };
        let mut headers = self.headers.clone();
        if url.origin() != self.url.origin() {
            headers.remove(AUTHORIZATION);
            headers.remove(COOKIE);
        }
        Ok(Some(Self { url, uri, method, headers, body: None }))
    }
}

/// A URL as grants see it and as it is sent, which are made of the same text.
fn both(url: Result<Url, url::ParseError>) -> Result<(Url, Uri), String> {
    let mut url = url.map_err(|error| error.to_string())?;
    url.set_fragment(None);
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("{} is neither http nor https", url.scheme()));
    }
    // A name and a password before the host would be shown to whoever reads the error.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let uri = Uri::from_str(url.as_str()).map_err(|error| error.to_string())?;
    Ok((url, uri))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(url: &str, method: &str, body: Option<&'static str>) -> Hop {
        let headers = BTreeMap::from([("Authorization".to_owned(), "secret".to_owned()), ("x-a".into(), "1".into())]);
        Hop::new(url, method, &headers, body.map(Bytes::from)).unwrap()
    }

    fn led(hop: &Hop, status: u16, location: &str) -> Result<Option<Hop>, String> {
        hop.led_by(&Response::builder().status(status).header(LOCATION, location).body(()).unwrap())
    }

    #[test]
    fn a_redirect_is_resolved_against_where_it_comes_from() {
        let from = hop("https://a.example/x/y?z#f", "get", None);
        for (location, to) in [
            ("/w", "https://a.example/w"),
            ("w", "https://a.example/x/w"),
            ("//b.example", "https://b.example/"),
            ("http://c.example:81/", "http://c.example:81/"),
        ] {
            let next = led(&from, 302, location).unwrap().unwrap();
            assert_eq!((next.url.as_str(), next.uri.to_string().as_str()), (to, to));
        }
        assert!(led(&from, 200, "/w").unwrap().is_none());
        assert!(led(&from, 302, "file:///etc/passwd").is_err());
    }

    #[test]
    fn secrets_stay_with_the_site_they_were_meant_for() {
        let from = hop("https://a.example/", "GET", None);
        let has = |location: &str| led(&from, 307, location).unwrap().unwrap().headers.contains_key(AUTHORIZATION);
        assert!(has("/other"));
        for elsewhere in ["https://b.example/", "http://a.example/", "https://a.example:444/"] {
            assert!(!has(elsewhere), "{elsewhere}");
        }
    }

    #[test]
    fn a_request_with_a_body_becomes_one_without_or_is_not_repeated() {
        let from = hop("http://a.example/", "post", Some("body"));
        let next = led(&from, 303, "/done").unwrap().unwrap();
        assert_eq!((next.method, next.body), (Method::GET, None));
        assert!(led(&from, 307, "/again").unwrap().is_none());
    }

    #[test]
    fn what_cannot_be_sent_is_said() {
        let new = |url: &str, method: &str, name: &str| {
            Hop::new(url, method, &BTreeMap::from([(name.to_owned(), "v\r\nx: y".to_owned())]), None).err().unwrap()
        };
        assert_eq!(new("ftp://a.example", "GET", "a"), "ftp is neither http nor https");
        assert!(new("nowhere", "GET", "a").contains("relative URL"));
        assert_eq!(new("http://a.example", "GE T", "a"), "`GE T` is no method");
        assert_eq!(new("http://a.example", "GET", "a"), "its header `a` is none");
        assert_eq!(new("http://a.example", "GET", "a b"), "its header `a b` is none");
    }
}
