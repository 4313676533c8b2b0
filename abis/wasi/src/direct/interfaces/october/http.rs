//! `wasi:http`: messages were made whole, errors had four names, and headers none.

use wasmtime::component::{ComponentType, Lift, Lower, Resource};
use wasmtime::{Result, bail};
use wasmtime_wasi_http::p2::HeaderResult;
use wasmtime_wasi_http::p2::bindings::http::outgoing_handler::Host as _;
use wasmtime_wasi_http::p2::bindings::http::types::{
    ErrorCode, FutureIncomingResponse, FutureTrailers, HeaderError, HostFields, HostFutureIncomingResponse,
    HostOutgoingBody, HostOutgoingRequest, HostOutgoingResponse, HostRequestOptions, HostResponseOutparam, Method,
    OutgoingBody, OutgoingRequest, OutgoingResponse, RequestOptions, ResponseOutparam, Scheme,
};
use wasmtime_wasi_http::{FieldMap, WasiHttpView as _};

use crate::direct::canon::{record, variant};
use crate::direct::functions::Functions;
use crate::direct::interfaces::{http as released, november};
use crate::outgoing;
use crate::state::State;

/// `error`.
#[derive(ComponentType, Lift, Lower)]
#[component(variant)]
enum HttpError {
    #[component(name = "invalid-url")]
    InvalidUrl(String),
    #[component(name = "timeout-error")]
    TimeoutError(String),
    #[component(name = "protocol-error")]
    ProtocolError(String),
    #[component(name = "unexpected-error")]
    UnexpectedError(String),
}

variant!(both HttpError {
    InvalidUrl(it: String),
    TimeoutError(it: String),
    ProtocolError(it: String),
    UnexpectedError(it: String),
});

impl From<ErrorCode> for HttpError {
    fn from(code: ErrorCode) -> Self {
        let text = format!("{code:?}");
        match code {
            ErrorCode::HttpRequestUriInvalid | ErrorCode::HttpRequestUriTooLong => Self::InvalidUrl(text),
            ErrorCode::DnsTimeout
            | ErrorCode::ConnectionTimeout
            | ErrorCode::ConnectionReadTimeout
            | ErrorCode::ConnectionWriteTimeout
            | ErrorCode::HttpResponseTimeout => Self::TimeoutError(text),
            ErrorCode::TlsProtocolError
            | ErrorCode::TlsCertificateError
            | ErrorCode::TlsAlertReceived(_)
            | ErrorCode::HttpProtocolError
            | ErrorCode::HttpResponseIncomplete
            | ErrorCode::HttpUpgradeFailed => Self::ProtocolError(text),
            _ => Self::UnexpectedError(text),
        }
    }
}

impl From<HttpError> for ErrorCode {
    fn from(error: HttpError) -> Self {
        let (HttpError::InvalidUrl(text)
        | HttpError::TimeoutError(text)
        | HttpError::ProtocolError(text)
        | HttpError::UnexpectedError(text)) = error;
        Self::InternalError(Some(text))
    }
}

/// `request-options`, in milliseconds.
#[derive(ComponentType, Lift)]
#[component(record)]
struct Options {
    #[component(name = "connect-timeout-ms")]
    connect: Option<u32>,
    #[component(name = "first-byte-timeout-ms")]
    first_byte: Option<u32>,
    #[component(name = "between-bytes-timeout-ms")]
    between_bytes: Option<u32>,
}

record!(Options { connect: Option<u32>, first_byte: Option<u32>, between_bytes: Option<u32> });

impl Options {
    fn make(&self, state: &mut State) -> Result<Resource<RequestOptions>> {
        let made = HostRequestOptions::new(&mut state.http())?;
        let it = || Resource::new_borrow(made.rep());
        let nanoseconds = |time: Option<u32>| time.map(|time| u64::from(time) * 1_000_000);
        // All of them are always taken.
        let _ = state.http().set_connect_timeout(it(), nanoseconds(self.connect))?;
        let _ = state.http().set_first_byte_timeout(it(), nanoseconds(self.first_byte))?;
        let _ = state.http().set_between_bytes_timeout(it(), nanoseconds(self.between_bytes))?;
        Ok(made)
    }
}

pub(super) fn define(functions: &mut Functions) {
    functions.interface("wasi:http/outgoing-handler").now(
        "handle",
        |s, (request, options): (Resource<OutgoingRequest>, Option<Options>)| {
            let options = options.map(|options| options.make(s)).transpose()?;
            let response = s.http().handle(request, options);
            Ok(released::http(s, response)?.map_err(HttpError::from))
        },
    );
    fields(functions.interface("wasi:http/types"));
    messages(functions);
    answers(functions);
}

fn fields(functions: &mut Functions) {
    type Fields = Resource<FieldMap>;
    functions
        .now("[constructor]fields", |s, (entries,): (Vec<(String, Vec<u8>)>,)| {
            let fields = HostFields::new(&mut s.http())?;
            for (name, value) in entries {
                let appended = s.http().append(Resource::new_borrow(fields.rep()), name, value);
                kept(s, appended)?;
            }
            Ok(fields)
        })
        .acts("[method]fields.set", |s, (fields, name, values): (Fields, String, Vec<Vec<u8>>)| {
            let set = HostFields::set(&mut s.http(), fields, name, values);
            kept(s, set)
        })
        .acts("[method]fields.delete", |s, (fields, name): (Fields, String)| {
            let deleted = s.http().delete(fields, name);
            kept(s, deleted)
        })
        .acts("[method]fields.append", |s, (fields, name, value): (Fields, String, Vec<u8>)| {
            let appended = s.http().append(fields, name, value);
            kept(s, appended)
        });
}

/// The snapshot has no errors for headers. One that is the connection's to set is left out; what is no header at all ends
/// the guest, before it sends something else than it meant.
fn kept(state: &mut State, result: HeaderResult<()>) -> Result<()> {
    match released::header(state, result)? {
        Ok(()) | Err(HeaderError::Forbidden) => Ok(()),
        Err(HeaderError::InvalidSyntax) => bail!("the guest gave a header that is not valid in HTTP"),
        Err(HeaderError::Immutable) => bail!("the guest changed headers that it cannot change"),
    }
}

fn messages(functions: &mut Functions) {
    type Request = (Method, Option<String>, Option<Scheme>, Option<String>, Resource<FieldMap>);
    functions
        .now("[constructor]outgoing-request", |s, request: Request| outgoing_request(s, request))
        .now("[method]outgoing-request.write", |s, (it,): (Resource<OutgoingRequest>,)| {
            HostOutgoingRequest::body(&mut s.http(), it)
        })
        .now("[constructor]outgoing-response", |s, (status, headers): (u16, Resource<FieldMap>)| {
            let headers = HostFields::clone(&mut s.http(), headers)?;
            let response = HostOutgoingResponse::new(&mut s.http(), headers)?;
            match s.http().set_status_code(Resource::new_borrow(response.rep()), status)? {
                Ok(()) => Ok(response),
                Err(()) => bail!("the guest answered with the status {status}, which is none of HTTP"),
            }
        })
        .now("[method]outgoing-response.write", |s, (it,): (Resource<OutgoingResponse>,)| {
            HostOutgoingResponse::body(&mut s.http(), it)
        })
        .acts(
            "[static]outgoing-body.finish",
            |s, (it, trailers): (Resource<OutgoingBody>, Option<Resource<FieldMap>>)| {
                let finished = HostOutgoingBody::finish(&mut s.http(), it, trailers);
                // Whoever reads the body sees that it broke off; the guest had no way to be told.
                released::http(s, finished).map(drop)
            },
        );

    /// A request with a part that is not valid has no address: the guest is told when it sends it.
    fn outgoing_request(
        s: &mut State,
        (method, path, scheme, authority, headers): Request,
    ) -> Result<Resource<OutgoingRequest>> {
        let headers = HostFields::clone(&mut s.http(), headers)?;
        let request = HostOutgoingRequest::new(&mut s.http(), headers)?;
        let it = || Resource::new_borrow(request.rep());
        let set = [
            outgoing::set_method(&mut s.http(), it(), method)?,
            s.http().set_path_with_query(it(), path)?,
            s.http().set_scheme(it(), scheme)?,
            outgoing::set_authority(&mut s.http(), it(), authority)?,
        ];
        if set.iter().any(Result::is_err) {
            let _ = outgoing::set_authority(&mut s.http(), it(), None)?;
        }
        Ok(request)
    }
}

fn answers(functions: &mut Functions) {
    type Response = Result<Resource<OutgoingResponse>, HttpError>;
    functions
        .acts("[static]response-outparam.set", |s, (out, response): (Resource<ResponseOutparam>, Response)| {
            HostResponseOutparam::set(&mut s.http(), out, response.map_err(ErrorCode::from))
        })
        .now("[method]future-incoming-response.get", |s, (it,): (Resource<FutureIncomingResponse>,)| {
            let answer = HostFutureIncomingResponse::get(&mut s.http(), it)?;
            Ok(answer.map(|once| once.map(|response| response.map_err(HttpError::from))))
        })
        .now("[method]future-trailers.get", |s, (it,): (Resource<FutureTrailers>,)| match november::trailers(s, it)? {
            None => Ok(None),
            Some(Ok(Some(trailers))) => Ok(Some(Ok(trailers))),
            // That there are none looks like there being none in them.
            Some(Ok(None)) => Ok(Some(Ok(HostFields::new(&mut s.http())?))),
            Some(Err(code)) => Ok(Some(Err(HttpError::from(code)))),
        });
}
