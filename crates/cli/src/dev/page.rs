//! What the compiler says, as the answer to requests.

use std::sync::Arc;

use async_trait::async_trait;
use holm_abi::{Body, Exchange, HttpHandler};
use holm_admin::AppName;
use holm_engine::{Error, Kind, Result};
use holm_manifest::Guest;
use holm_serve::{Common, Load, Loaded};
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};

/// Seconds after which a browser asks again, by itself.
const AGAIN: u32 = 1;

/// Answers every request with a text, as the code of any guest.
pub(crate) struct Page(Arc<str>);

impl Page {
    /// `said` may have colours, which are left out.
    pub(crate) fn new(said: &str) -> Self {
        let plain = anstream::adapter::strip_str(said).to_string();
        Self(plain.into())
    }
}

impl Load for Page {
    fn load(&self, _: &AppName, _: &Common, _: &Guest) -> Result<Loaded> {
        Ok(Loaded { handler: Arc::new(Page(Arc::clone(&self.0))), events: Vec::new(), code: 0, improvable: false })
    }
}

#[async_trait]
impl HttpHandler for Page {
    async fn handle(&self, request: Request<Body>, _: Exchange) -> Result<Response<Body>> {
        let (kind, text) = match wants_html(request.headers()) {
            true => ("text/html; charset=utf-8", html(&self.0)),
            false => ("text/plain; charset=utf-8", self.0.to_string()),
        };
        let body = Full::from(text).map_err(|never| match never {}).boxed_unsync();
        let response = Response::builder().status(StatusCode::INTERNAL_SERVER_ERROR).header(CONTENT_TYPE, kind);
        let response = response.header(CACHE_CONTROL, "no-store").body(body);
        response.map_err(|error| Error::new(Kind::Internal, error.to_string()))
    }
}

/// Browsers say that they do; programs want to read the text.
fn wants_html(headers: &HeaderMap) -> bool {
    let accept = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accept.flat_map(|value| value.split(',')).any(|kind| kind.trim().starts_with("text/html"))
}

fn html(said: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"{AGAIN}\">\
         <title>This does not build</title><style>body {{ font: 15px/1.5 system-ui, sans-serif; margin: 3em auto; \
         max-width: 70em; padding: 0 1em; color-scheme: light dark }} pre {{ font: 13px/1.45 ui-monospace, monospace; \
         padding: 1em; overflow: auto; border: 1px solid #8884; border-left: 4px solid #d33 }}</style>\
         <h1>This does not build</h1><pre>{}</pre><p>holm dev builds it again when a file is saved.</p></html>\n",
        escaped(said)
    )
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if c.is_control() && c != '\n' && c != '\t' => {}
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn answer(accept: &str) -> (u16, String, String) {
        let page = Page::new("\u{1b}[1;31merror\u{1b}[0m: <b> & \"c\"\u{7}");
        let body = Full::default().map_err(|never| match never {}).boxed_unsync();
        let request = Request::builder().header(ACCEPT, accept).body(body).unwrap();
        let response = page.handle(request, Exchange::default()).await.unwrap();
        let (head, body) = response.into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        (head.status.as_u16(), head.headers[CONTENT_TYPE].to_str().unwrap().to_owned(), text)
    }

    #[tokio::test]
    async fn browsers_get_a_page_in_which_the_text_is_only_text() {
        let (status, kind, text) = answer("text/html,application/xhtml+xml;q=0.9").await;
        assert_eq!((status, kind.as_str()), (500, "text/html; charset=utf-8"));
        assert!(text.contains("<pre>error: &lt;b&gt; &amp; &quot;c&quot;</pre>"), "{text}");
    }

    #[tokio::test]
    async fn programs_get_the_text() {
        let (status, kind, text) = answer("application/json").await;
        assert_eq!((status, kind.as_str()), (500, "text/plain; charset=utf-8"));
        assert_eq!(text, "error: <b> & \"c\"");
    }
}
