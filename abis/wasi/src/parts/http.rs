//! Requests that a part sends.

use std::future::poll_fn;
use std::pin::pin;

use wasmtime::StoreContextMut;
use wasmtime::component::{Accessor, LinkerInstance, Resource};
use wasmtime_wasi::TrappableError;
use wasmtime_wasi_http::p2::bindings::http::types as p2;
use wasmtime_wasi_http::p3::bindings::http::{client, types as p3};
use wasmtime_wasi_http::p3::{Request, Response};
use wasmtime_wasi_http::{WasiHttp, WasiHttpCtxView, WasiHttpView as _};

use super::Whose;
use crate::outgoing;
use crate::state::State;

type Store<'a> = StoreContextMut<'a, State>;
type Sending = (Resource<p2::OutgoingRequest>, Option<Resource<p2::RequestOptions>>);

/// Those of WASI 0.2.
pub(super) fn link_p2(instance: &mut LinkerInstance<'_, State>, interface: &str, whose: Whose) -> wasmtime::Result<()> {
    if interface != "wasi:http/outgoing-handler" {
        return Ok(());
    }
    instance.func_wrap("handle", move |mut store: Store<'_>, (request, options): Sending| {
        let state = store.data_mut();
        let sent = state.sending(whose, |state| outgoing::handle(state, request, options));
        Ok((match sent {
            Ok(response) => Ok(response),
            Err(error) => Err(p2::Host::convert_error_code(&mut state.http(), error)?),
        },))
    })
}

/// Those of WASI 0.3.
pub(super) fn link_p3(instance: &mut LinkerInstance<'_, State>, interface: &str, whose: Whose) -> wasmtime::Result<()> {
    if interface != "wasi:http/client" {
        return Ok(());
    }
    instance.func_wrap_concurrent("send", move |store, (request,): (Resource<Request>,)| {
        Box::pin(async move {
            let sent = send(store, request, whose).await;
            store.with(|mut state| {
                Ok((match sent {
                    Ok(response) => Ok(response),
                    Err(error) => Err(p3::Host::convert_error_code(&mut state.get().http(), error)?),
                },))
            })
        })
    })
}

/// Sends a request with the engine's own function, which asks the state who sends when it is first polled.
async fn send(
    store: &Accessor<State>,
    request: Resource<Request>,
    whose: Whose,
) -> Result<Resource<Response>, TrappableError<p3::ErrorCode>> {
    store.with(|mut state| outgoing::address_p3(&mut state.get().table, &request));
    let http = store.with_getter::<WasiHttp>(http);
    let mut sending = pin!(<WasiHttp as client::HostWithStore<State>>::send(&http, request));
    poll_fn(|context| {
        let before = store.with(|mut state| state.get().set_sender(whose));
        let polled = sending.as_mut().poll(context);
        store.with(|mut state| state.get().set_sender(before));
        polled
    })
    .await
}

fn http(state: &mut State) -> WasiHttpCtxView<'_> {
    state.http()
}
