//! What a guest calls a request's method and authority, in front of the engine's own functions: those take text of any
//! length, and keep it for every request there is.

use wasmtime::component::{Linker, Resource};
use wasmtime::{Result, StoreContextMut};
use wasmtime_wasi_http::p2::bindings::http::types as p2;
use wasmtime_wasi_http::p3::Request;
use wasmtime_wasi_http::p3::bindings::http::types as p3;
use wasmtime_wasi_http::{WasiHttpCtxView, WasiHttpView as _};

use crate::state::State;

/// The interfaces as the engine calls them; with another name ours would stand beside them, not in front.
const P2: &str = "wasi:http/types@0.2.12";
const P3: &str = "wasi:http/types@0.3.0";

/// Bytes of a method or an authority. No name is longer than 255 (RFC 1035, section 2.3.4).
const LONGEST: usize = 1024;

type Store<'a> = StoreContextMut<'a, State>;

/// Whether it is set, as the interface says.
type Set = Result<Result<(), ()>>;

/// Stands in front of what was linked for WASI 0.2.
pub(crate) fn link_p2(linker: &mut Linker<State>) -> Result<()> {
    let mut types = linker.instance(P2)?;
    types.func_wrap(
        "[method]outgoing-request.set-method",
        |mut store: Store<'_>, (request, method): (Resource<p2::OutgoingRequest>, p2::Method)| {
            Ok((set_method(&mut store.data_mut().http(), request, method)?,))
        },
    )?;
    types.func_wrap(
        "[method]outgoing-request.set-authority",
        |mut store: Store<'_>, (request, authority): (Resource<p2::OutgoingRequest>, Option<String>)| {
            Ok((set_authority(&mut store.data_mut().http(), request, authority)?,))
        },
    )
}

/// Stands in front of what was linked for WASI 0.3.
pub(crate) fn link_p3(linker: &mut Linker<State>) -> Result<()> {
    use p3::HostRequest;

    let mut types = linker.instance(P3)?;
    types.func_wrap(
        "[method]request.set-method",
        |mut store: Store<'_>, (request, method): (Resource<Request>, p3::Method)| match &method {
            p3::Method::Other(name) if name.len() > LONGEST => Ok((Err(()),)),
            _ => Ok((HostRequest::set_method(&mut store.data_mut().http(), request, method)?,)),
        },
    )?;
    types.func_wrap(
        "[method]request.set-authority",
        |mut store: Store<'_>, (request, authority): (Resource<Request>, Option<String>)| match &authority {
            Some(authority) if authority.len() > LONGEST => Ok((Err(()),)),
            _ => Ok((HostRequest::set_authority(&mut store.data_mut().http(), request, authority)?,)),
        },
    )
}

pub(crate) fn set_method(
    http: &mut WasiHttpCtxView<'_>,
    request: Resource<p2::OutgoingRequest>,
    method: p2::Method,
) -> Set {
    match &method {
        p2::Method::Other(name) if name.len() > LONGEST => Ok(Err(())),
        _ => p2::HostOutgoingRequest::set_method(http, request, method),
    }
}

pub(crate) fn set_authority(
    http: &mut WasiHttpCtxView<'_>,
    request: Resource<p2::OutgoingRequest>,
    authority: Option<String>,
) -> Set {
    match &authority {
        Some(authority) if authority.len() > LONGEST => Ok(Err(())),
        _ => p2::HostOutgoingRequest::set_authority(http, request, authority),
    }
}
