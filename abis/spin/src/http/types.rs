//! `fermyon:spin/http-types`.

use http::HeaderMap;
use wasmtime::component::{ComponentType, Lift, Lower};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
pub(crate) enum Method {
    #[component(name = "get")]
    Get,
    #[component(name = "post")]
    Post,
    #[component(name = "put")]
    Put,
    #[component(name = "delete")]
    Delete,
    #[component(name = "patch")]
    Patch,
    #[component(name = "head")]
    Head,
    #[component(name = "options")]
    Options,
}

const METHODS: [(Method, http::Method); 7] = [
    (Method::Get, http::Method::GET),
    (Method::Post, http::Method::POST),
    (Method::Put, http::Method::PUT),
    (Method::Delete, http::Method::DELETE),
    (Method::Patch, http::Method::PATCH),
    (Method::Head, http::Method::HEAD),
    (Method::Options, http::Method::OPTIONS),
];

impl Method {
    /// The method `method`, if the interface has it.
    pub(crate) fn of(method: &http::Method) -> Option<Self> {
        METHODS.iter().find(|(_, known)| known == method).map(|(method, _)| *method)
    }

    /// The method that has this number.
    pub(crate) fn numbered(number: u32) -> Option<Self> {
        METHODS.get(number as usize).map(|(method, _)| *method)
    }

    pub(crate) fn http(self) -> http::Method {
        METHODS.into_iter().find(|(method, _)| *method == self).map_or(http::Method::GET, |(_, known)| known)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(record)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) uri: String,
    pub(crate) headers: Vec<(String, String)>,
    /// Nobody reads them any more.
    pub(crate) params: Vec<(String, String)>,
    pub(crate) body: Option<Vec<u8>>,
}

#[derive(Clone, Debug, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(record)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Option<Vec<(String, String)>>,
    pub(crate) body: Option<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ComponentType, Lower)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "these are the cases guests know")]
pub(crate) enum HttpError {
    #[component(name = "success")]
    Success,
    #[component(name = "destination-not-allowed")]
    DestinationNotAllowed,
    #[component(name = "invalid-url")]
    InvalidUrl,
    #[component(name = "request-error")]
    RequestError,
    #[component(name = "runtime-error")]
    RuntimeError,
    #[component(name = "too-many-requests")]
    TooManyRequests,
}

/// Headers as the interface has them, which knows only text: what is none is left out.
pub(crate) fn lines(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    text.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
