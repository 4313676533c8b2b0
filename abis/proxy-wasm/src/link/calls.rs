//! Calls to elsewhere.

use wasmtime::Linker;

use super::define;
use super::memory::{Call, bytes};
use crate::callout::{self, Wanted};
use crate::grpc;
use crate::pairs;
use crate::state::State;
use crate::status::Done;

type Text = (u32, u32);

pub(super) fn define(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    define!(linker, "proxy_http_call", |call,
                                        upstream: u32,
                                        upstream_size: u32,
                                        headers: u32,
                                        headers_size: u32,
                                        body: u32,
                                        body_size: u32,
                                        trailers: u32,
                                        trailers_size: u32,
                                        timeout: u32,
                                        token_at: u32| {
        let texts = [(upstream, upstream_size), (headers, headers_size), (body, body_size), (trailers, trailers_size)];
        http(call, texts, timeout, token_at)
    });
    define!(linker, "proxy_grpc_call", |call,
                                        upstream: u32,
                                        upstream_size: u32,
                                        service: u32,
                                        service_size: u32,
                                        method: u32,
                                        method_size: u32,
                                        metadata: u32,
                                        metadata_size: u32,
                                        message: u32,
                                        message_size: u32,
                                        timeout: u32,
                                        token_at: u32| {
        let texts =
            [(upstream, upstream_size), (service, service_size), (method, method_size), (metadata, metadata_size)];
        grpc(call, texts, Some(((message, message_size), timeout)), token_at)
    });
    define!(linker, "proxy_grpc_stream", |call,
                                          upstream: u32,
                                          upstream_size: u32,
                                          service: u32,
                                          service_size: u32,
                                          method: u32,
                                          method_size: u32,
                                          metadata: u32,
                                          metadata_size: u32,
                                          token_at: u32| {
        let texts =
            [(upstream, upstream_size), (service, service_size), (method, method_size), (metadata, metadata_size)];
        grpc(call, texts, None, token_at)
    });
    define!(linker, "proxy_grpc_send", |call, token: u32, message: u32, size: u32, end: u32| {
        grpc_send(call, token, (message, size), end != 0)
    });
    define!(linker, "proxy_grpc_cancel", |call, token: u32| grpc::cancel(call.state(), token));
    define!(linker, "proxy_grpc_close", |call, token: u32| grpc::close(call.state(), token));
    Ok(())
}

fn http(call: &mut Call<'_>, texts: [Text; 4], timeout: u32, token_at: u32) -> Done {
    // Before anything is sent.
    call.write_u32(token_at, 0)?;
    let (memory, state) = call.split()?;
    let [upstream, headers, body, trailers] = texts.map(|(at, size)| bytes(memory, at, size));
    let wanted = Wanted {
        upstream: upstream?,
        headers: pairs::read(headers?).unwrap_or_default(),
        body: body?,
        trailers: pairs::read(trailers?).unwrap_or_default(),
        timeout,
    };
    let token = callout::begin(state, &wanted)?;
    call.write_u32(token_at, token)
}

fn grpc(call: &mut Call<'_>, texts: [Text; 4], unary: Option<(Text, u32)>, token_at: u32) -> Done {
    call.write_u32(token_at, 0)?;
    let (memory, state) = call.split()?;
    let [upstream, service, method, metadata] = texts.map(|(at, size)| bytes(memory, at, size));
    let unary = match unary {
        Some(((at, size), timeout)) => Some((bytes(memory, at, size)?, timeout)),
        None => None,
    };
    let wanted = grpc::Wanted {
        upstream: upstream?,
        service: service?,
        method: method?,
        metadata: pairs::read(metadata?).unwrap_or_default(),
        unary,
    };
    let token = grpc::begin(state, &wanted)?;
    call.write_u32(token_at, token)
}

fn grpc_send(call: &mut Call<'_>, token: u32, (message, size): Text, end: bool) -> Done {
    let (memory, state) = call.split()?;
    grpc::send(state, token, bytes(memory, message, size)?, end)
}
