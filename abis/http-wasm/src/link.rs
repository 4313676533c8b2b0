//! What guests import from `http_handler`. Parameters are in the order of the ABI's text.

use wasmtime::{Caller, Linker, Result, bail};

use crate::MODULE;
use crate::headers::{Edit, terminated};
use crate::memory::{answer, memory, slice, slice_mut, text};
use crate::state::{ALL, State};
use crate::traffic::{Kind, Side};
use crate::write;

type Guest<'a> = Caller<'a, State>;

const NAMES: [&str; 19] = [
    "enable_features",
    "get_config",
    "log_enabled",
    "log",
    "get_method",
    "set_method",
    "get_uri",
    "set_uri",
    "get_protocol_version",
    "get_source_addr",
    "get_header_names",
    "get_header_values",
    "set_header_value",
    "add_header_value",
    "remove_header",
    "read_body",
    "write_body",
    "get_status_code",
    "set_status_code",
];

/// The names of the functions.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    NAMES.into_iter()
}

pub(crate) fn link(linker: &mut Linker<State>) -> Result<()> {
    link_host(linker)?;
    link_request(linker)?;
    link_headers(linker)?;
    link_response(linker)?;
    linker.func_wrap_async(MODULE, "read_body", |guest: Guest<'_>, (kind, at, limit): (u32, u32, u32)| {
        Box::new(read_body(guest, kind, at, limit))
    })?;
    linker.func_wrap(MODULE, "write_body", write_body)?;
    Ok(())
}

fn link_host(linker: &mut Linker<State>) -> Result<()> {
    linker.func_wrap(MODULE, "enable_features", |mut guest: Guest<'_>, features: u32| {
        let state = guest.data_mut();
        // What is enabled for one request ends with it.
        let enabled = match &mut state.traffic {
            Some(traffic) => &mut traffic.features,
            None => &mut state.features,
        };
        *enabled |= features & ALL;
        *enabled
    })?;
    linker.func_wrap(MODULE, "get_config", |mut guest: Guest<'_>, at: u32, limit: u32| {
        let configuration = std::sync::Arc::clone(&guest.data().configuration);
        answer(&mut guest, at, limit, &configuration)
    })?;
    linker.func_wrap(MODULE, "log_enabled", |level: u32| u32::from(write::level(level).is_some()))?;
    linker.func_wrap(MODULE, "log", |mut guest: Guest<'_>, level: u32, at: u32, len: u32| {
        let Some(level) = write::level(level) else { return Ok(()) };
        let memory = memory(&mut guest)?;
        let (bytes, state) = memory.data_and_store_mut(&mut guest);
        let message = if len == 0 { &[] } else { slice(bytes, at, len)? };
        let kept = message.get(..write::MOST as usize).unwrap_or(message);
        write::line(&state.stdio.stderr, &state.name, level, kept);
        Ok::<_, wasmtime::Error>(())
    })?;
    Ok(())
}

fn link_request(linker: &mut Linker<State>) -> Result<()> {
    linker.func_wrap(MODULE, "get_method", |mut guest: Guest<'_>, at: u32, limit: u32| {
        let method = guest.data_mut().traffic()?.method().clone();
        answer(&mut guest, at, limit, method.as_str().as_bytes())
    })?;
    linker.func_wrap(MODULE, "set_method", |mut guest: Guest<'_>, at: u32, len: u32| {
        let method = text(&mut guest, "a method", at, len)?;
        guest.data_mut().traffic()?.set_method(&method)
    })?;
    linker.func_wrap(MODULE, "get_uri", |mut guest: Guest<'_>, at: u32, limit: u32| {
        let uri = guest.data_mut().traffic()?.uri().to_owned();
        answer(&mut guest, at, limit, uri.as_bytes())
    })?;
    linker.func_wrap(MODULE, "set_uri", |mut guest: Guest<'_>, at: u32, len: u32| {
        let uri = text(&mut guest, "a URI", at, len)?;
        guest.data_mut().traffic()?.set_uri(&uri)
    })?;
    linker.func_wrap(MODULE, "get_protocol_version", |mut guest: Guest<'_>, at: u32, limit: u32| {
        let protocol = guest.data_mut().traffic()?.protocol();
        answer(&mut guest, at, limit, protocol.as_bytes())
    })?;
    linker.func_wrap(MODULE, "get_source_addr", |mut guest: Guest<'_>, at: u32, limit: u32| {
        let source = guest.data_mut().traffic()?.source();
        answer(&mut guest, at, limit, source.as_bytes())
    })?;
    Ok(())
}

fn link_headers(linker: &mut Linker<State>) -> Result<()> {
    linker.func_wrap(MODULE, "get_header_names", |mut guest: Guest<'_>, kind: u32, at: u32, limit: u32| {
        let found = terminated(&guest.data_mut().traffic()?.names(Kind::try_from(kind)?));
        count_and_length(&mut guest, at, limit, found)
    })?;
    linker.func_wrap(
        MODULE,
        "get_header_values",
        |mut guest: Guest<'_>, kind: u32, name: u32, name_len: u32, at: u32, limit: u32| {
            let name = header_name(&mut guest, name, name_len)?;
            let found = terminated(&guest.data_mut().traffic()?.values(Kind::try_from(kind)?, &name));
            count_and_length(&mut guest, at, limit, found)
        },
    )?;
    for (function, edit) in [("set_header_value", Edit::set as fn(&[u8], &[u8]) -> _), ("add_header_value", Edit::add)]
    {
        linker.func_wrap(
            MODULE,
            function,
            move |mut guest: Guest<'_>, kind: u32, name: u32, name_len: u32, value: u32, value_len: u32| {
                let name = header_name(&mut guest, name, name_len)?;
                let value = text(&mut guest, "the value of a header", value, value_len)?;
                guest.data_mut().traffic()?.edit(Kind::try_from(kind)?, edit(&name, &value)?)
            },
        )?;
    }
    linker.func_wrap(MODULE, "remove_header", |mut guest: Guest<'_>, kind: u32, name: u32, name_len: u32| {
        let name = header_name(&mut guest, name, name_len)?;
        guest.data_mut().traffic()?.edit(Kind::try_from(kind)?, Edit::remove(&name)?)
    })?;
    Ok(())
}

fn link_response(linker: &mut Linker<State>) -> Result<()> {
    linker.func_wrap(MODULE, "get_status_code", |mut guest: Guest<'_>| {
        Ok::<_, wasmtime::Error>(u32::from(guest.data_mut().traffic()?.status()))
    })?;
    linker.func_wrap(MODULE, "set_status_code", |mut guest: Guest<'_>, status: u32| {
        guest.data_mut().traffic()?.set_status(status)
    })?;
    Ok(())
}

fn header_name(guest: &mut Guest<'_>, at: u32, len: u32) -> Result<Vec<u8>> {
    if len == 0 {
        bail!("the name of a header is not empty");
    }
    text(guest, "the name of a header", at, len)
}

/// Number and length as one number, whether there was room for them or not.
fn count_and_length(guest: &mut Guest<'_>, at: u32, limit: u32, (count, bytes): (u32, Vec<u8>)) -> Result<u64> {
    let len = answer(guest, at, limit, &bytes)?;
    Ok(u64::from(count) << 32 | u64::from(len))
}

/// The end of a body, above its length.
const END: u64 = 1 << 32;

/// Fills the guest's buffer, and waits until it is full or the body ends.
async fn read_body(mut guest: Guest<'_>, kind: u32, at: u32, limit: u32) -> Result<u64> {
    let side = Side::try_from(kind)?;
    if limit == 0 {
        bail!("it read a body into a buffer of no size, which would never end");
    }
    let memory = memory(&mut guest)?;
    slice(memory.data(&guest), at, limit)?;
    let mut count = 0;
    loop {
        let (flow, keep) = guest.data_mut().traffic()?.reads(side)?;
        let ready = flow.ready().await;
        let some = ready.map_err(|error| wasmtime::format_err!("a body broke off: {error}"))?.len();
        if some == 0 {
            return Ok(END | u64::from(count));
        }
        let room = (limit - count) as usize;
        let (bytes, state) = memory.data_and_store_mut(&mut guest);
        let flow = state.traffic()?.flow(side);
        let some = flow.read_into(slice_mut(bytes, at + count, limit - count)?, keep);
        debug_assert!(some <= room);
        // It is at most the room there is, which fits.
        count += some as u32;
        state.weigh()?;
        if count == limit {
            return Ok(u64::from(count));
        }
    }
}

fn write_body(mut guest: Guest<'_>, kind: u32, at: u32, len: u32) -> Result<()> {
    let side = Side::try_from(kind)?;
    let memory = memory(&mut guest)?;
    let (bytes, state) = memory.data_and_store_mut(&mut guest);
    let bytes = if len == 0 { &[] } else { slice(bytes, at, len)? };
    state.traffic()?.write(side, bytes)?;
    state.weigh()
}
