//! Guests of Spin's SDKs that do what the path of a request asks for.

use std::sync::Arc;

use holm_abi::{Body, Entry, Exchange, Host, HttpHandler};
use http::Request;
use http_body_util::{BodyExt as _, Full};

use crate::{App, prebuilt};

pub(crate) struct Kit(Arc<dyn HttpHandler>);

pub(crate) fn load(app: &App, name: &str, host: &Host) -> Kit {
    let entries = app.load(prebuilt(name), host).into_iter();
    let mut handlers = entries.filter_map(|entry| if let Entry::Http(found) = entry { Some(found) } else { None });
    Kit(handlers.next().unwrap())
}

impl Kit {
    /// What it answers; an error if it says so.
    pub(crate) async fn ask(&self, path: &str, body: &str) -> Result<String, String> {
        let body: Body = Full::from(body.to_owned()).map_err(|never| match never {}).boxed_unsync();
        let request = Request::post(format!("http://localhost{path}")).body(body).unwrap();
        let response = self.0.handle(request, Exchange::default()).await.unwrap();
        let status = response.status();
        let text = response.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8(text.to_vec()).unwrap();
        if status == 200 { Ok(text) } else { Err(text) }
    }
}

/// An address as a query has it.
pub(crate) fn encoded(address: &str) -> String {
    address.replace('%', "%25").replace('&', "%26").replace('=', "%3D").replace('?', "%3F")
}
