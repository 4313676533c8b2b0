//! `wasi:io`.

use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::io::error::{Error, HostError};
use wasmtime_wasi::p2::bindings::io::poll::{Host as _, HostPollable};
use wasmtime_wasi::p2::bindings::io::streams::{Host as _, HostInputStream, HostOutputStream, StreamError};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, DynPollable, StreamResult};

use crate::direct::canon::variant;
use crate::direct::functions::Functions;
use crate::state::State;

variant!(lower StreamError { LastOperationFailed(it: Resource<Error>), Closed });

type Input = Resource<DynInputStream>;
type Output = Resource<DynOutputStream>;

/// What a stream's function returns: an error of the stream, or one that ends the guest.
pub(super) fn stream<T>(state: &mut State, result: StreamResult<T>) -> wasmtime::Result<Result<T, StreamError>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error) => state.table.convert_stream_error(error).map(Err),
    }
}

pub(super) fn define(functions: &mut Functions) {
    functions
        .interface("wasi:io/error")
        .now("[method]error.to-debug-string", |s, (error,): (Resource<Error>,)| s.table.to_debug_string(error))
        .drops("error", |s, error: Resource<Error>| HostError::drop(&mut s.table, error));
    functions
        .interface("wasi:io/poll")
        .waits("[method]pollable.ready", |s, (pollable,): (Resource<DynPollable>,)| Box::pin(s.table.ready(pollable)))
        .acts_waiting("[method]pollable.block", |s, (pollable,): (Resource<DynPollable>,)| {
            Box::pin(s.table.block(pollable))
        })
        .waits("poll", |s, (pollables,): (Vec<Resource<DynPollable>>,)| Box::pin(s.table.poll(pollables)))
        .drops("pollable", |s, pollable: Resource<DynPollable>| HostPollable::drop(&mut s.table, pollable));
    input(functions.interface("wasi:io/streams"));
    output(functions);
}

fn input(functions: &mut Functions) {
    functions
        .now("[method]input-stream.read", |s, (from, length): (Input, u64)| {
            let read = HostInputStream::read(&mut s.table, from, length);
            stream(s, read)
        })
        .waits("[method]input-stream.blocking-read", |s, (from, length): (Input, u64)| {
            Box::pin(async move {
                let read = s.table.blocking_read(from, length).await;
                stream(s, read)
            })
        })
        .now("[method]input-stream.skip", |s, (from, length): (Input, u64)| {
            let skipped = s.table.skip(from, length);
            stream(s, skipped)
        })
        .waits("[method]input-stream.blocking-skip", |s, (from, length): (Input, u64)| {
            Box::pin(async move {
                let skipped = s.table.blocking_skip(from, length).await;
                stream(s, skipped)
            })
        })
        .now("[method]input-stream.subscribe", |s, (from,): (Input,)| HostInputStream::subscribe(&mut s.table, from))
        .drops_waiting("input-stream", |s, from: Resource<DynInputStream>| {
            Box::pin(HostInputStream::drop(&mut s.table, from))
        });
}

fn output(functions: &mut Functions) {
    functions
        .now("[method]output-stream.check-write", |s, (to,): (Output,)| {
            let checked = s.table.check_write(to);
            stream(s, checked)
        })
        .now("[method]output-stream.write", |s, (to, bytes): (Output, Vec<u8>)| {
            let written = HostOutputStream::write(&mut s.table, to, bytes);
            stream(s, written)
        })
        .waits("[method]output-stream.blocking-write-and-flush", |s, (to, bytes): (Output, Vec<u8>)| {
            Box::pin(async move {
                let written = s.table.blocking_write_and_flush(to, bytes).await;
                stream(s, written)
            })
        })
        .now("[method]output-stream.flush", |s, (to,): (Output,)| {
            let flushed = s.table.flush(to);
            stream(s, flushed)
        })
        .waits("[method]output-stream.blocking-flush", |s, (to,): (Output,)| {
            Box::pin(async move {
                let flushed = s.table.blocking_flush(to).await;
                stream(s, flushed)
            })
        })
        .now("[method]output-stream.subscribe", |s, (to,): (Output,)| HostOutputStream::subscribe(&mut s.table, to))
        .now("[method]output-stream.write-zeroes", |s, (to, length): (Output, u64)| {
            let written = s.table.write_zeroes(to, length);
            stream(s, written)
        })
        .waits("[method]output-stream.blocking-write-zeroes-and-flush", |s, (to, length): (Output, u64)| {
            Box::pin(async move {
                let written = s.table.blocking_write_zeroes_and_flush(to, length).await;
                stream(s, written)
            })
        })
        .now("[method]output-stream.splice", |s, (to, from, length): (Output, Input, u64)| {
            let moved = s.table.splice(to, from, length);
            stream(s, moved)
        })
        .waits("[method]output-stream.blocking-splice", |s, (to, from, length): (Output, Input, u64)| {
            Box::pin(async move {
                let moved = s.table.blocking_splice(to, from, length).await;
                stream(s, moved)
            })
        })
        .drops_waiting("output-stream", |s, to: Resource<DynOutputStream>| {
            Box::pin(HostOutputStream::drop(&mut s.table, to))
        });
}
