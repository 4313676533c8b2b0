//! What guests count.

use wasmtime::Linker;

use super::define;
use super::memory::{Call, bytes};
use crate::state::State;
use crate::status::Done;

pub(super) fn define(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    define!(linker, "proxy_define_metric", |call, kind: u32, name: u32, size: u32, id_at: u32| {
        define_metric(call, kind, (name, size), id_at)
    });
    define!(linker, "proxy_increment_metric", |call, id: u32, by: i64| {
        call.state().plugin.metrics.increment(id, by).map_err(Into::into)
    });
    define!(linker, "proxy_record_metric", |call, id: u32, value: u64| {
        call.state().plugin.metrics.record(id, value).map_err(Into::into)
    });
    define!(linker, "proxy_get_metric", |call, id: u32, value_at: u32| {
        let value = call.state().plugin.metrics.get(id);
        match value {
            Ok(value) => call.write_u64(value_at, value),
            Err(status) => Err(status.into()),
        }
    });
    Ok(())
}

fn define_metric(call: &mut Call<'_>, kind: u32, (name, size): (u32, u32), id_at: u32) -> Done {
    let (memory, state) = call.split()?;
    let id = state.plugin.metrics.define(kind, bytes(memory, name, size)?)?;
    call.write_u32(id_at, id)
}
