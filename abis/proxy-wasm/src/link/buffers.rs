//! Bodies, messages and configuration.

use bytes::{Bytes, BytesMut};
use wasmtime::Linker;

use super::define;
use super::memory::{Call, bytes};
use crate::signals::Direction;
use crate::state::State;
use crate::status::{Done, Status};

/// Kinds of buffers (specification, `proxy_buffer_type_t`).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Body(Direction),
    Data(Direction),
    CallBody,
    GrpcMessage,
    VmConfiguration,
    Configuration,
    CallData,
}

/// Bytes that a guest can make of one buffer.
const MOST: usize = 16 << 20;

impl Kind {
    fn of(kind: u32) -> Done<Self> {
        Ok(match kind {
            0 => Self::Body(Direction::Request),
            1 => Self::Body(Direction::Response),
            2 => Self::Data(Direction::Request),
            3 => Self::Data(Direction::Response),
            4 => Self::CallBody,
            5 => Self::GrpcMessage,
            6 => Self::VmConfiguration,
            7 => Self::Configuration,
            8 => Self::CallData,
            _ => return Err(Status::BadArgument.into()),
        })
    }

    /// The buffer to read; bodies that are not there are empty.
    fn seen(self, state: &State) -> Option<&[u8]> {
        let context = state.context();
        let filter = &state.plugin.host.filter;
        Some(match self {
            Self::Body(direction) => {
                let side = state.streams.get(&context).map(|stream| &stream.sides[direction as usize]);
                side.and_then(|side| side.body.as_deref()).unwrap_or_default()
            }
            Self::Data(direction) => {
                let connection = state.connections.get(&context);
                connection.and_then(|connection| connection.data[direction as usize].as_deref()).unwrap_or_default()
            }
            Self::CallBody => &state.answer.http.as_ref()?.body,
            Self::GrpcMessage => state.answer.grpc_message.as_deref().unwrap_or_default(),
            Self::VmConfiguration => &filter.vm_configuration,
            Self::Configuration if state.configuring => &filter.configuration,
            Self::Configuration => return None,
            Self::CallData => state.answer.data.as_deref().unwrap_or_default(),
        })
    }

    /// The buffer to change.
    fn changed(self, state: &mut State) -> Option<&mut BytesMut> {
        let context = state.context();
        match self {
            Self::Body(direction) => state.streams.get_mut(&context)?.side(direction).body.as_mut(),
            Self::Data(direction) => state.connections.get_mut(&context)?.data[direction as usize].as_mut(),
            _ => None,
        }
    }
}

pub(super) fn define(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    define!(linker, "proxy_get_buffer_bytes", |call, kind: u32, start: u32, length: u32, at: u32, size_at: u32| {
        get(call, kind, (start, length), at, size_at)
    });
    define!(linker, "proxy_set_buffer_bytes", |call, kind: u32, start: u32, length: u32, data: u32, size: u32| {
        set(call, kind, (start, length), (data, size))
    });
    define!(linker, "proxy_get_buffer_status", |call, kind: u32, length_at: u32, flags_at: u32| {
        status(call, kind, length_at, flags_at)
    });
    Ok(())
}

fn get(call: &mut Call<'_>, kind: u32, (start, length): (u32, u32), at: u32, size_at: u32) -> Done {
    let kind = Kind::of(kind)?;
    let whole = kind.seen(call.state()).ok_or(Status::NotFound)?;
    let end = start.checked_add(length).ok_or(Status::BadArgument)?;
    let end = whole.len().min(end as usize);
    // The memory it goes to belongs to the same store as what is copied, so it is copied twice.
    let part = Bytes::copy_from_slice(whole.get(start as usize..end).unwrap_or_default());
    call.give(&part, at, size_at)
}

/// As Envoy has it: at the start, `length` bytes are replaced; beyond the end, bytes are added; nothing else can be.
fn set(call: &mut Call<'_>, kind: u32, (start, length): (u32, u32), (data, size): (u32, u32)) -> Done {
    let kind = Kind::of(kind)?;
    let (memory, state) = call.split()?;
    let data = bytes(memory, data, size)?;
    if kind.seen(state).is_none() {
        return Err(Status::NotFound.into());
    }
    let buffer = kind.changed(state).ok_or(Status::BadArgument)?;
    let (start, length) = (start as usize, length as usize);
    if buffer.len().saturating_add(data.len()) > MOST {
        return Err(Status::InternalFailure.into());
    }
    if start == 0 {
        let rest = buffer.split_off(length.min(buffer.len()));
        buffer.clear();
        buffer.extend_from_slice(data);
        buffer.unsplit(rest);
    } else if start >= buffer.len() {
        buffer.extend_from_slice(data);
    } else {
        return Err(Status::BadArgument.into());
    }
    Ok(())
}

fn status(call: &mut Call<'_>, kind: u32, length_at: u32, flags_at: u32) -> Done {
    let kind = Kind::of(kind)?;
    let length = kind.seen(call.state()).ok_or(Status::NotFound)?.len();
    call.write_u32(length_at, u32::try_from(length).unwrap_or(u32::MAX))?;
    call.write_u32(flags_at, 0)
}
