//! Headers, trailers and metadata.

use wasmtime::Linker;

use super::define;
use super::memory::{Call, bytes};
use crate::head::Head;
use crate::pairs;
use crate::signals::Direction;
use crate::state::State;
use crate::status::{Done, Status};
use crate::version::Version;

/// Kinds of maps (specification, `proxy_map_type_t`).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Map {
    Headers(Direction),
    Trailers(Direction),
    GrpcInitial,
    GrpcTrailing,
    CallHeaders,
    CallTrailers,
}

impl Map {
    fn of(kind: u32) -> Done<Self> {
        Ok(match kind {
            0 => Self::Headers(Direction::Request),
            1 => Self::Trailers(Direction::Request),
            2 => Self::Headers(Direction::Response),
            3 => Self::Trailers(Direction::Response),
            4 => Self::GrpcInitial,
            5 => Self::GrpcTrailing,
            6 => Self::CallHeaders,
            7 => Self::CallTrailers,
            _ => return Err(Status::BadArgument.into()),
        })
    }

    /// The map to read.
    fn seen(self, state: &State) -> Option<&Head> {
        let stream = || state.streams.get(&state.context());
        match self {
            Self::Headers(direction) => stream()?.seen_head(direction),
            Self::Trailers(direction) => stream()?.seen_trailers(direction),
            Self::GrpcInitial => state.answer.grpc_initial.as_ref(),
            Self::GrpcTrailing => state.answer.grpc_trailing.as_ref(),
            Self::CallHeaders => Some(&state.answer.http.as_ref()?.head),
            Self::CallTrailers => state.answer.http.as_ref()?.trailers.as_ref(),
        }
    }

    /// The map to change. Trailers can be made at the end of a body that has none.
    fn changed(self, state: &mut State) -> Option<&mut Head> {
        let stream = state.stream().filter(|stream| stream.log.is_none())?;
        match self {
            Self::Headers(direction) => stream.side(direction).head.as_mut(),
            Self::Trailers(direction) => {
                let side = stream.side(direction);
                if side.trailers.is_none() && side.ended && side.body.is_some() {
                    side.trailers = Some(Head::trailers(http::HeaderMap::new()));
                }
                side.trailers.as_mut()
            }
            _ => None,
        }
    }
}

pub(super) fn define(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    define!(linker, "proxy_get_header_map_value", |call,
                                                   kind: u32,
                                                   key: u32,
                                                   size: u32,
                                                   value_at: u32,
                                                   size_at: u32| {
        get(call, kind, (key, size), value_at, size_at)
    });
    define!(linker, "proxy_add_header_map_value", |call,
                                                   kind: u32,
                                                   key: u32,
                                                   size: u32,
                                                   value: u32,
                                                   value_size: u32| {
        change(call, kind, (key, size), (value, value_size), Head::add)
    });
    define!(
        linker,
        "proxy_replace_header_map_value",
        |call, kind: u32, key: u32, size: u32, value: u32, value_size: u32| {
            change(call, kind, (key, size), (value, value_size), Head::set)
        }
    );
    define!(linker, "proxy_remove_header_map_value", |call, kind: u32, key: u32, size: u32| {
        change(call, kind, (key, size), (0, 0), |head, key, _| {
            head.remove(key);
            Some(())
        })
    });
    define!(linker, "proxy_get_header_map_pairs", |call, kind: u32, at: u32, size_at: u32| {
        get_all(call, kind, at, size_at)
    });
    define!(linker, "proxy_set_header_map_pairs", |call, kind: u32, at: u32, size: u32| set_all(call, kind, at, size));
    define!(linker, "proxy_get_header_map_size", |call, kind: u32, size_at: u32| {
        let map = Map::of(kind);
        size(call, map, size_at)
    });
    Ok(())
}

fn get(call: &mut Call<'_>, kind: u32, (key, size): (u32, u32), value_at: u32, size_at: u32) -> Done {
    let map = Map::of(kind)?;
    let (memory, state) = call.split()?;
    let key = bytes(memory, key, size)?;
    // In 0.1.0, what is not there is empty.
    let absent = || if state.plugin.version == Version::V0_1_0 { Ok(None) } else { Err(Status::NotFound) };
    let logging = state.streams.get(&state.context()).is_some_and(|stream| stream.log.is_some());
    let value = match map.seen(state) {
        Some(head) => head.get(key).cloned().map_or_else(absent, |value| Ok(Some(value)))?,
        None if logging => absent()?,
        None => return Err(Status::BadArgument.into()),
    };
    call.give(value.as_ref().map_or(b"", |value| value.as_bytes()), value_at, size_at)
}

type Change = fn(&mut Head, &[u8], &[u8]) -> Option<()>;

fn change(call: &mut Call<'_>, kind: u32, (key, size): (u32, u32), value: (u32, u32), change: Change) -> Done {
    let map = Map::of(kind)?;
    let (memory, state) = call.split()?;
    let (key, value) = (bytes(memory, key, size)?, bytes(memory, value.0, value.1)?);
    let head = map.changed(state).ok_or(Status::BadArgument)?;
    change(head, key, value).ok_or(Status::BadArgument.into())
}

fn get_all(call: &mut Call<'_>, kind: u32, at: u32, size_at: u32) -> Done {
    let map = Map::of(kind)?;
    let all = map.seen(call.state()).map(|head| pairs::write(|| head.pairs()));
    call.give(&all.unwrap_or_default(), at, size_at)
}

/// Bytes that are no list are an empty one, as with the C++ host.
fn set_all(call: &mut Call<'_>, kind: u32, at: u32, size: u32) -> Done {
    let map = Map::of(kind)?;
    let (memory, state) = call.split()?;
    let all = pairs::read(bytes(memory, at, size)?).unwrap_or_default();
    map.changed(state).ok_or(Status::BadArgument)?.replace(&all);
    Ok(())
}

fn size(call: &mut Call<'_>, map: Done<Map>, size_at: u32) -> Done {
    let head = map?.seen(call.state()).ok_or(Status::BadArgument)?;
    let size = u32::try_from(head.bytes()).unwrap_or(u32::MAX);
    call.write_u32(size_at, size)
}
