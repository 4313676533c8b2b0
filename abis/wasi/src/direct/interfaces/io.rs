//! `wasi:io`.

use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::io::error::{Error, HostError};
use wasmtime_wasi::p2::bindings::io::poll::{Host as _, HostPollable};
use wasmtime_wasi::p2::bindings::io::streams::{Host as _, HostInputStream, HostOutputStream, StreamError};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, DynPollable, StreamResult};

use crate::direct::canon::{Borrow, Own, variant};
use crate::direct::link::Functions;
use crate::state::State;

variant!(lower StreamError { LastOperationFailed(it: Resource<Error>), Closed });

type Input = Borrow<DynInputStream>;
type Output = Borrow<DynOutputStream>;

/// What a stream's function returns: an error of the stream, or one that ends the guest.
fn stream<T>(state: &mut State, result: StreamResult<T>) -> wasmtime::Result<Result<T, StreamError>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error) => state.table.convert_stream_error(error).map(Err),
    }
}

pub(super) fn define(functions: &mut Functions) {
    functions
        .interface("wasi:io/error")
        .now("[method]error.to-debug-string", |s, (error,): (Borrow<Error>,)| s.table.to_debug_string(error.0))
        .drops("error", |s, error: Resource<Error>| HostError::drop(&mut s.table, error));
    functions
        .interface("wasi:io/poll")
        .waits("[method]pollable.ready", |s, (pollable,): (Borrow<DynPollable>,)| Box::pin(s.table.ready(pollable.0)))
        .waits("[method]pollable.block", |s, (pollable,): (Borrow<DynPollable>,)| Box::pin(s.table.block(pollable.0)))
        .waits("poll", |s, (pollables,): (Vec<Borrow<DynPollable>>,)| {
            Box::pin(s.table.poll(pollables.into_iter().map(|pollable| pollable.0).collect()))
        })
        .drops("pollable", |s, pollable: Resource<DynPollable>| HostPollable::drop(&mut s.table, pollable));
    input(functions.interface("wasi:io/streams"));
    output(functions);
}

fn input(functions: &mut Functions) {
    functions
        .now("[method]input-stream.read", |s, (from, length): (Input, u64)| {
            let read = HostInputStream::read(&mut s.table, from.0, length);
            stream(s, read)
        })
        .waits("[method]input-stream.blocking-read", |s, (from, length): (Input, u64)| {
            Box::pin(async move {
                let read = s.table.blocking_read(from.0, length).await;
                stream(s, read)
            })
        })
        .now("[method]input-stream.skip", |s, (from, length): (Input, u64)| {
            let skipped = s.table.skip(from.0, length);
            stream(s, skipped)
        })
        .waits("[method]input-stream.blocking-skip", |s, (from, length): (Input, u64)| {
            Box::pin(async move {
                let skipped = s.table.blocking_skip(from.0, length).await;
                stream(s, skipped)
            })
        })
        .now("[method]input-stream.subscribe", |s, (from,): (Input,)| HostInputStream::subscribe(&mut s.table, from.0))
        .waits("input-stream", |s, (from,): (Own<DynInputStream>,)| {
            Box::pin(HostInputStream::drop(&mut s.table, from.0))
        });
}

fn output(functions: &mut Functions) {
    functions
        .now("[method]output-stream.check-write", |s, (to,): (Output,)| {
            let checked = s.table.check_write(to.0);
            stream(s, checked)
        })
        .now("[method]output-stream.write", |s, (to, bytes): (Output, Vec<u8>)| {
            let written = HostOutputStream::write(&mut s.table, to.0, bytes);
            stream(s, written)
        })
        .waits("[method]output-stream.blocking-write-and-flush", |s, (to, bytes): (Output, Vec<u8>)| {
            Box::pin(async move {
                let written = s.table.blocking_write_and_flush(to.0, bytes).await;
                stream(s, written)
            })
        })
        .now("[method]output-stream.flush", |s, (to,): (Output,)| {
            let flushed = s.table.flush(to.0);
            stream(s, flushed)
        })
        .waits("[method]output-stream.blocking-flush", |s, (to,): (Output,)| {
            Box::pin(async move {
                let flushed = s.table.blocking_flush(to.0).await;
                stream(s, flushed)
            })
        })
        .now("[method]output-stream.subscribe", |s, (to,): (Output,)| HostOutputStream::subscribe(&mut s.table, to.0))
        .now("[method]output-stream.write-zeroes", |s, (to, length): (Output, u64)| {
            let written = s.table.write_zeroes(to.0, length);
            stream(s, written)
        })
        .waits("[method]output-stream.blocking-write-zeroes-and-flush", |s, (to, length): (Output, u64)| {
            Box::pin(async move {
                let written = s.table.blocking_write_zeroes_and_flush(to.0, length).await;
                stream(s, written)
            })
        })
        .now("[method]output-stream.splice", |s, (to, from, length): (Output, Input, u64)| {
            let moved = s.table.splice(to.0, from.0, length);
            stream(s, moved)
        })
        .waits("[method]output-stream.blocking-splice", |s, (to, from, length): (Output, Input, u64)| {
            Box::pin(async move {
                let moved = s.table.blocking_splice(to.0, from.0, length).await;
                stream(s, moved)
            })
        })
        .waits("output-stream", |s, (to,): (Own<DynOutputStream>,)| {
            Box::pin(HostOutputStream::drop(&mut s.table, to.0))
        });
}
