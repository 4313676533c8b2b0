//! What a guest calls a request's method and authority, in front of the engine's own functions: those take text of any
//! length, and keep it for every request there is. A request without an authority they do not send at all; here it is one for
//! the guest's own app.

use http::uri::Authority;
use wasmtime::component::{Linker, Resource, ResourceTable};
use wasmtime::{Result, StoreContextMut};
use wasmtime_wasi_http::p2::HttpResult;
use wasmtime_wasi_http::p2::bindings::http::{outgoing_handler, types as p2};
use wasmtime_wasi_http::p3::Request;
use wasmtime_wasi_http::p3::bindings::http::{client, types as p3};
use wasmtime_wasi_http::{WasiHttp, WasiHttpCtxView, WasiHttpView as _};

use crate::state::State;

/// The interfaces as the engine calls them; with another name ours would stand beside them, not in front.
const P2: &str = "wasi:http/types@0.2.12";
const P3: &str = "wasi:http/types@0.3.0";
const HANDLER_P2: &str = "wasi:http/outgoing-handler@0.2.12";
const CLIENT_P3: &str = "wasi:http/client@0.3.0";

/// The authority of a request that has none, which [`holm_grants::is_own_app`] knows.
const OWN: &str = "self.alt";

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
    )?;
    linker.instance(HANDLER_P2)?.func_wrap("handle", |mut store: Store<'_>, (request, options): SendingP2| {
        let state = store.data_mut();
        Ok((match handle(state, request, options) {
            Ok(response) => Ok(response),
            Err(error) => Err(p2::Host::convert_error_code(&mut state.http(), error)?),
        },))
    })
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
    )?;
    linker.instance(CLIENT_P3)?.func_wrap_concurrent("send", |store, (request,): (Resource<Request>,)| {
        Box::pin(async move {
            store.with(|mut state| address_p3(&mut state.get().table, &request));
            let http = store.with_getter::<WasiHttp>(State::http);
            let sent = <WasiHttp as client::HostWithStore<State>>::send(&http, request).await;
            store.with(|mut state| {
                Ok((match sent {
                    Ok(response) => Ok(response),
                    Err(error) => Err(p3::Host::convert_error_code(&mut state.get().http(), error)?),
                },))
            })
        })
    })
}

type SendingP2 = (Resource<p2::OutgoingRequest>, Option<Resource<p2::RequestOptions>>);

/// Sends a request of WASI 0.2.
pub(crate) fn handle(
    state: &mut State,
    request: Resource<p2::OutgoingRequest>,
    options: Option<Resource<p2::RequestOptions>>,
) -> HttpResult<Resource<p2::FutureIncomingResponse>> {
    if let Ok(request) = state.table.get_mut(&request) {
        request.authority.get_or_insert_with(|| OWN.to_owned());
    }
    outgoing_handler::Host::handle(&mut state.http(), request, options)
}

/// Has a request of WASI 0.3 lead to the guest's own app if it leads nowhere.
pub(crate) fn address_p3(table: &mut ResourceTable, request: &Resource<Request>) {
    if let Ok(request) = table.get_mut(request) {
        request.authority.get_or_insert_with(|| Authority::from_static(OWN));
    }
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
