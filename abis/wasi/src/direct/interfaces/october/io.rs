//! `wasi:io`: errors were among the streams, and what was spliced was given away.

use wasmtime::Result;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::io::error::{Error, HostError};
use wasmtime_wasi::p2::bindings::io::poll::{Host as _, HostPollable};
use wasmtime_wasi::p2::bindings::io::streams::{HostInputStream, HostOutputStream, StreamError};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, DynPollable};

use crate::direct::functions::Functions;
use crate::direct::interfaces::io::stream;
use crate::state::State;

type Input = Resource<DynInputStream>;
type Output = Resource<DynOutputStream>;
type Moved = Result<u64, StreamError>;

/// Bytes that are moved before others get their turn.
const PIECE: u64 = 64 << 10;

pub(super) fn define(functions: &mut Functions) {
    functions
        .interface("wasi:io/poll")
        .waits("poll-list", |s, (pollables,): (Vec<Resource<DynPollable>>,)| Box::pin(s.table.poll(pollables)))
        .acts_waiting("poll-one", |s, (pollable,): (Resource<DynPollable>,)| Box::pin(s.table.block(pollable)));
    functions
        .interface("wasi:io/streams")
        .now("[method]error.to-debug-string", |s, (error,): (Resource<Error>,)| s.table.to_debug_string(error))
        .drops("error", |s, error: Resource<Error>| HostError::drop(&mut s.table, error))
        .waits("[method]output-stream.splice", |s, (to, from, length): (Output, Input, u64)| {
            Box::pin(async move {
                let moved = s.table.splice(to, again(&from), length);
                let moved = stream(s, moved)?;
                given_away(s, from, moved).await
            })
        })
        .waits("[method]output-stream.blocking-splice", |s, (to, from, length): (Output, Input, u64)| {
            Box::pin(async move {
                let moved = s.table.blocking_splice(to, again(&from), length).await;
                let moved = stream(s, moved)?;
                given_away(s, from, moved).await
            })
        })
        .waits("[method]output-stream.forward", |s, (to, from): (Output, Input)| {
            Box::pin(async move {
                let moved = forward(s, to, &from).await?;
                given_away(s, from, moved).await
            })
        });
}

fn again<T>(handle: &Resource<T>) -> Resource<T> {
    Resource::new_borrow(handle.rep())
}

async fn given_away(state: &mut State, from: Input, moved: Moved) -> Result<Moved> {
    HostInputStream::drop(&mut state.table, from).await?;
    Ok(moved)
}

/// Moves all that is to come.
async fn forward(state: &mut State, to: Output, from: &Input) -> Result<Moved> {
    let mut all = 0_u64;
    loop {
        let moved = state.table.blocking_splice(again(&to), again(from), PIECE).await;
        match stream(state, moved)? {
            Ok(moved) => all = all.saturating_add(moved),
            // One of the two has ended: the input, unless the output says it was that.
            Err(StreamError::Closed) => {
                let open = state.table.check_write(again(&to));
                return Ok(stream(state, open)?.map(|_| all));
            }
            Err(error) => return Ok(Err(error)),
        }
        tokio::task::yield_now().await;
    }
}
