//! `wasi:http`.

use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::io::error::Error as IoError;
use wasmtime_wasi_http::p2::bindings::http::types::{
    ErrorCode, FutureIncomingResponse, FutureTrailers, HeaderError, Host as _, HostFields, HostFutureIncomingResponse,
    HostFutureTrailers, HostIncomingBody, HostIncomingRequest, HostIncomingResponse, HostOutgoingBody,
    HostOutgoingRequest, HostOutgoingResponse, HostRequestOptions, HostResponseOutparam, IncomingBody, IncomingRequest,
    IncomingResponse, Method, OutgoingBody, OutgoingRequest, OutgoingResponse, RequestOptions, ResponseOutparam,
    Scheme,
};
use wasmtime_wasi_http::p2::{HeaderResult, HttpResult};
use wasmtime_wasi_http::{FieldMap, WasiHttpView as _};

use crate::direct::functions::Functions;
use crate::outgoing;
use crate::state::State;

type Fields = Resource<FieldMap>;
type Pair = (String, Vec<u8>);

/// What a function of fields returns: an error about a header, or one that ends the guest.
pub(super) fn header<T>(state: &mut State, result: HeaderResult<T>) -> wasmtime::Result<Result<T, HeaderError>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error) => state.http().convert_header_error(error).map(Err),
    }
}

pub(super) fn http<T>(state: &mut State, result: HttpResult<T>) -> wasmtime::Result<Result<T, ErrorCode>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error) => state.http().convert_error_code(error).map(Err),
    }
}

pub(super) fn define(functions: &mut Functions) {
    functions.interface("wasi:http/outgoing-handler").now(
        "handle",
        |s, (request, options): (Resource<OutgoingRequest>, Option<Resource<RequestOptions>>)| {
            let response = outgoing::handle(s, request, options);
            http(s, response)
        },
    );
    functions
        .interface("wasi:http/types")
        .now("http-error-code", |s, (error,): (Resource<IoError>,)| s.http().http_error_code(error));
    fields(functions);
    requests(functions);
    outgoing_requests(functions);
    options(functions);
    responses(functions);
    incoming_responses(functions);
    bodies(functions);
}

fn fields(functions: &mut Functions) {
    functions
        .now("[constructor]fields", |s, ()| HostFields::new(&mut s.http()))
        .now("[static]fields.from-list", |s, (entries,): (Vec<Pair>,)| {
            let made = s.http().from_list(entries);
            header(s, made)
        })
        .now("[method]fields.get", |s, (fields, name): (Fields, String)| HostFields::get(&mut s.http(), fields, name))
        .now("[method]fields.has", |s, (fields, name): (Fields, String)| s.http().has(fields, name))
        .now("[method]fields.set", |s, (fields, name, values): (Fields, String, Vec<Vec<u8>>)| {
            let set = HostFields::set(&mut s.http(), fields, name, values);
            header(s, set)
        })
        .now("[method]fields.delete", |s, (fields, name): (Fields, String)| {
            let deleted = s.http().delete(fields, name);
            header(s, deleted)
        })
        .now("[method]fields.append", |s, (fields, name, value): (Fields, String, Vec<u8>)| {
            let appended = s.http().append(fields, name, value);
            header(s, appended)
        })
        .now("[method]fields.entries", |s, (fields,): (Fields,)| s.http().entries(fields))
        .now("[method]fields.clone", |s, (fields,): (Fields,)| HostFields::clone(&mut s.http(), fields))
        .drops("fields", |s, fields: Resource<FieldMap>| HostFields::drop(&mut s.http(), fields));
}

fn requests(functions: &mut Functions) {
    type Request = Resource<IncomingRequest>;
    functions
        .now("[method]incoming-request.method", |s, (it,): (Request,)| HostIncomingRequest::method(&mut s.http(), it))
        .now("[method]incoming-request.path-with-query", |s, (it,): (Request,)| {
            HostIncomingRequest::path_with_query(&mut s.http(), it)
        })
        .now("[method]incoming-request.scheme", |s, (it,): (Request,)| HostIncomingRequest::scheme(&mut s.http(), it))
        .now("[method]incoming-request.authority", |s, (it,): (Request,)| {
            HostIncomingRequest::authority(&mut s.http(), it)
        })
        .now("[method]incoming-request.headers", |s, (it,): (Request,)| HostIncomingRequest::headers(&mut s.http(), it))
        .now("[method]incoming-request.consume", |s, (it,): (Request,)| HostIncomingRequest::consume(&mut s.http(), it))
        .drops("incoming-request", |s, it: Resource<IncomingRequest>| HostIncomingRequest::drop(&mut s.http(), it));
}

fn outgoing_requests(functions: &mut Functions) {
    type Request = Resource<OutgoingRequest>;
    functions
        .now("[constructor]outgoing-request", |s, (headers,): (Resource<FieldMap>,)| {
            HostOutgoingRequest::new(&mut s.http(), headers)
        })
        .now("[method]outgoing-request.body", |s, (it,): (Request,)| HostOutgoingRequest::body(&mut s.http(), it))
        .now("[method]outgoing-request.method", |s, (it,): (Request,)| HostOutgoingRequest::method(&mut s.http(), it))
        .now("[method]outgoing-request.set-method", |s, (it, method): (Request, Method)| {
            outgoing::set_method(&mut s.http(), it, method)
        })
        .now("[method]outgoing-request.path-with-query", |s, (it,): (Request,)| {
            HostOutgoingRequest::path_with_query(&mut s.http(), it)
        })
        .now("[method]outgoing-request.set-path-with-query", |s, (it, path): (Request, Option<String>)| {
            s.http().set_path_with_query(it, path)
        })
        .now("[method]outgoing-request.scheme", |s, (it,): (Request,)| HostOutgoingRequest::scheme(&mut s.http(), it))
        .now("[method]outgoing-request.set-scheme", |s, (it, scheme): (Request, Option<Scheme>)| {
            s.http().set_scheme(it, scheme)
        })
        .now("[method]outgoing-request.authority", |s, (it,): (Request,)| {
            HostOutgoingRequest::authority(&mut s.http(), it)
        })
        .now("[method]outgoing-request.set-authority", |s, (it, authority): (Request, Option<String>)| {
            outgoing::set_authority(&mut s.http(), it, authority)
        })
        .now("[method]outgoing-request.headers", |s, (it,): (Request,)| HostOutgoingRequest::headers(&mut s.http(), it))
        .drops("outgoing-request", |s, it: Resource<OutgoingRequest>| HostOutgoingRequest::drop(&mut s.http(), it));
}

fn options(functions: &mut Functions) {
    type Options = Resource<RequestOptions>;
    type Duration = Option<u64>;
    functions
        .now("[constructor]request-options", |s, ()| HostRequestOptions::new(&mut s.http()))
        .now("[method]request-options.connect-timeout", |s, (it,): (Options,)| s.http().connect_timeout(it))
        .now("[method]request-options.set-connect-timeout", |s, (it, time): (Options, Duration)| {
            s.http().set_connect_timeout(it, time)
        })
        .now("[method]request-options.first-byte-timeout", |s, (it,): (Options,)| s.http().first_byte_timeout(it))
        .now("[method]request-options.set-first-byte-timeout", |s, (it, time): (Options, Duration)| {
            s.http().set_first_byte_timeout(it, time)
        })
        .now("[method]request-options.between-bytes-timeout", |s, (it,): (Options,)| s.http().between_bytes_timeout(it))
        .now("[method]request-options.set-between-bytes-timeout", |s, (it, time): (Options, Duration)| {
            s.http().set_between_bytes_timeout(it, time)
        })
        .drops("request-options", |s, it: Resource<RequestOptions>| HostRequestOptions::drop(&mut s.http(), it));
}

fn responses(functions: &mut Functions) {
    type Response = Resource<OutgoingResponse>;
    functions
        .acts(
            "[static]response-outparam.set",
            |s, (out, response): (Resource<ResponseOutparam>, Result<Resource<OutgoingResponse>, ErrorCode>)| {
                HostResponseOutparam::set(&mut s.http(), out, response)
            },
        )
        .drops("response-outparam", |s, it: Resource<ResponseOutparam>| HostResponseOutparam::drop(&mut s.http(), it))
        .now("[constructor]outgoing-response", |s, (headers,): (Resource<FieldMap>,)| {
            HostOutgoingResponse::new(&mut s.http(), headers)
        })
        .now("[method]outgoing-response.status-code", |s, (it,): (Response,)| s.http().status_code(it))
        .now("[method]outgoing-response.set-status-code", |s, (it, status): (Response, u16)| {
            s.http().set_status_code(it, status)
        })
        .now("[method]outgoing-response.headers", |s, (it,): (Response,)| {
            HostOutgoingResponse::headers(&mut s.http(), it)
        })
        .now("[method]outgoing-response.body", |s, (it,): (Response,)| HostOutgoingResponse::body(&mut s.http(), it))
        .drops("outgoing-response", |s, it: Resource<OutgoingResponse>| HostOutgoingResponse::drop(&mut s.http(), it));
}

fn incoming_responses(functions: &mut Functions) {
    type Response = Resource<IncomingResponse>;
    type Coming = Resource<FutureIncomingResponse>;
    functions
        .now("[method]future-incoming-response.subscribe", |s, (it,): (Coming,)| {
            HostFutureIncomingResponse::subscribe(&mut s.http(), it)
        })
        .now("[method]future-incoming-response.get", |s, (it,): (Coming,)| {
            HostFutureIncomingResponse::get(&mut s.http(), it)
        })
        .drops("future-incoming-response", |s, it: Resource<FutureIncomingResponse>| {
            HostFutureIncomingResponse::drop(&mut s.http(), it)
        })
        .now("[method]incoming-response.status", |s, (it,): (Response,)| s.http().status(it))
        .now("[method]incoming-response.headers", |s, (it,): (Response,)| {
            HostIncomingResponse::headers(&mut s.http(), it)
        })
        .now("[method]incoming-response.consume", |s, (it,): (Response,)| {
            HostIncomingResponse::consume(&mut s.http(), it)
        })
        .drops("incoming-response", |s, it: Resource<IncomingResponse>| HostIncomingResponse::drop(&mut s.http(), it));
}

fn bodies(functions: &mut Functions) {
    type Trailers = Resource<FutureTrailers>;
    functions
        .now("[method]incoming-body.stream", |s, (it,): (Resource<IncomingBody>,)| s.http().stream(it))
        .now("[static]incoming-body.finish", |s, (it,): (Resource<IncomingBody>,)| {
            HostIncomingBody::finish(&mut s.http(), it)
        })
        .drops("incoming-body", |s, it: Resource<IncomingBody>| HostIncomingBody::drop(&mut s.http(), it))
        .now("[method]future-trailers.subscribe", |s, (it,): (Trailers,)| {
            HostFutureTrailers::subscribe(&mut s.http(), it)
        })
        .now("[method]future-trailers.get", |s, (it,): (Trailers,)| HostFutureTrailers::get(&mut s.http(), it))
        .drops("future-trailers", |s, it: Resource<FutureTrailers>| HostFutureTrailers::drop(&mut s.http(), it))
        .now("[method]outgoing-body.write", |s, (it,): (Resource<OutgoingBody>,)| {
            HostOutgoingBody::write(&mut s.http(), it)
        })
        .now(
            "[static]outgoing-body.finish",
            |s, (it, trailers): (Resource<OutgoingBody>, Option<Resource<FieldMap>>)| {
                let finished = HostOutgoingBody::finish(&mut s.http(), it, trailers);
                http(s, finished)
            },
        )
        .drops("outgoing-body", |s, it: Resource<OutgoingBody>| HostOutgoingBody::drop(&mut s.http(), it));
}
