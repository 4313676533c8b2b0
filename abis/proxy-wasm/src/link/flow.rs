//! What becomes of messages: they go on, end, or are answered.

use bytes::Bytes;
use holm_abi::Guest;
use holm_engine::shape::ExternType;
use http::{HeaderName, HeaderValue};
use wasmtime::{Caller, Linker};

use super::define;
use super::memory::{Call, bytes};
use crate::local::LocalReply;
use crate::pairs;
use crate::signals::Direction;
use crate::state::State;
use crate::status::{Done, Status};

/// Kinds of streams (specification, `proxy_stream_type_t`).
const REQUEST: u32 = 0;
const RESPONSE: u32 = 1;
const DOWNSTREAM: u32 = 2;
const UPSTREAM: u32 = 3;

pub(super) fn define(linker: &mut Linker<State>, guest: &Guest) -> wasmtime::Result<()> {
    define!(linker, "proxy_continue_stream", |call, kind: u32| go_on(call, kind));
    define!(linker, "proxy_close_stream", |call, kind: u32| close(call, kind));
    for (name, kind) in [("proxy_continue_request", REQUEST), ("proxy_continue_response", RESPONSE)] {
        define_old(linker, guest, name, kind)?;
    }
    // Routes are chosen behind a filter here.
    define!(linker, "proxy_clear_route_cache", |_call| Ok(()));
    define!(linker, "proxy_send_local_response", |call,
                                                  status: u32,
                                                  details: u32,
                                                  details_size: u32,
                                                  body: u32,
                                                  body_size: u32,
                                                  headers: u32,
                                                  headers_size: u32,
                                                  grpc_status: u32| {
        let texts = [(details, details_size), (body, body_size), (headers, headers_size)];
        reply(call, status, texts, grpc_status)
    });
    Ok(())
}

/// Functions of 0.1.0, of which its specification says that they return nothing, and its host that they do.
fn define_old(linker: &mut Linker<State>, guest: &Guest, name: &str, kind: u32) -> wasmtime::Result<()> {
    let import = guest.shape.import("env", name).map(|import| &import.ty);
    if matches!(import, Some(ExternType::Func(signature)) if signature.results.is_empty()) {
        linker.func_wrap("env", name, move |caller: Caller<'_, State>| {
            let _ = go_on(&mut Call::new(caller)?, kind);
            Ok(())
        })?;
    } else {
        linker.func_wrap("env", name, move |caller: Caller<'_, State>| {
            crate::status::settle(go_on(&mut Call::new(caller)?, kind))
        })?;
    }
    Ok(())
}

fn go_on(call: &mut Call<'_>, kind: u32) -> Done {
    let state = call.state();
    let context = state.context();
    match kind {
        REQUEST | RESPONSE => {
            let direction = if kind == REQUEST { Direction::Request } else { Direction::Response };
            if let Some(stream) = state.streams.get_mut(&context) {
                stream.signals.go_on(direction);
                // In Envoy, the request's head is out of reach from then on, whatever goes on.
                let side = stream.side(Direction::Request);
                side.gone = side.head.take().or(side.gone.take());
            }
            Ok(())
        }
        DOWNSTREAM => {
            if let Some(connection) = state.connections.get(&context) {
                connection.signals.go_on(Direction::Request);
            }
            Ok(())
        }
        UPSTREAM => Err(Status::Unimplemented.into()),
        _ => Err(Status::BadArgument.into()),
    }
}

fn close(call: &mut Call<'_>, kind: u32) -> Done {
    let state = call.state();
    let context = state.context();
    match kind {
        REQUEST | RESPONSE => {
            if let Some(stream) = state.streams.get(&context) {
                stream.signals.close();
            }
        }
        DOWNSTREAM | UPSTREAM => {
            if let Some(connection) = state.connections.get(&context) {
                connection.signals.close();
            }
        }
        _ => return Err(Status::BadArgument.into()),
    }
    Ok(())
}

/// What was given counts once the callback is over, and the message that it was called with goes no further.
fn reply(call: &mut Call<'_>, status: u32, texts: [(u32, u32); 3], grpc_status: u32) -> Done {
    let (memory, state) = call.split()?;
    let [details, body, headers] = texts.map(|(at, size)| bytes(memory, at, size));
    let (details, body) = (details?, body?);
    let headers = pairs::read(headers?).unwrap_or_default();
    // What cannot be a header is left out, as are pseudo headers.
    let headers = headers
        .into_iter()
        .filter_map(|(name, value)| Some((HeaderName::from_bytes(name).ok()?, HeaderValue::from_bytes(value).ok()?)));
    let reply = LocalReply {
        status,
        body: Bytes::copy_from_slice(body),
        headers: headers.collect(),
        grpc_status: LocalReply::grpc_status(grpc_status),
        details: String::from_utf8_lossy(details).replace(char::is_whitespace, "_"),
    };
    state.stopped = true;
    if let Some(stream) = state.stream() {
        stream.facts.details = Some(reply.details.clone());
        stream.signals.reply(reply);
    }
    Ok(())
}
