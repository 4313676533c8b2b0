//! What machines have together.

use std::sync::{Arc, Weak};

use wasmtime::Linker;

use super::define;
use super::memory::{Call, bytes};
use crate::state::State;
use crate::status::{Done, Status};
use crate::vm;

pub(super) fn define(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    define!(linker, "proxy_get_shared_data", |call, key: u32, size: u32, value_at: u32, size_at: u32, cas_at: u32| {
        get(call, (key, size), value_at, size_at, cas_at)
    });
    define!(linker, "proxy_set_shared_data", |call, key: u32, size: u32, value: u32, value_size: u32, cas: u32| {
        set(call, (key, size), (value, value_size), cas)
    });
    define!(linker, "proxy_register_shared_queue", |call, name: u32, size: u32, token_at: u32| {
        register(call, (name, size), token_at)
    });
    define!(linker, "proxy_resolve_shared_queue", |call,
                                                   vm_id: u32,
                                                   vm_id_size: u32,
                                                   name: u32,
                                                   size: u32,
                                                   token_at: u32| {
        resolve(call, (vm_id, vm_id_size), (name, size), token_at)
    });
    define!(linker, "proxy_enqueue_shared_queue", |call, token: u32, item: u32, size: u32| {
        enqueue(call, token, (item, size))
    });
    define!(linker, "proxy_dequeue_shared_queue", |call, token: u32, item_at: u32, size_at: u32| {
        let item = call.state().plugin.shared.dequeue(token);
        match item {
            Ok(item) => call.give(&item, item_at, size_at),
            Err(status) => Err(status.into()),
        }
    });
    Ok(())
}

fn get(call: &mut Call<'_>, (key, size): (u32, u32), value_at: u32, size_at: u32, cas_at: u32) -> Done {
    let (memory, state) = call.split()?;
    let (value, cas) = state.plugin.space.get(bytes(memory, key, size)?).ok_or(Status::NotFound)?;
    call.give(&value, value_at, size_at)?;
    call.write_u32(cas_at, cas)
}

fn set(call: &mut Call<'_>, (key, key_size): (u32, u32), (value, size): (u32, u32), cas: u32) -> Done {
    let (memory, state) = call.split()?;
    let (key, value) = (bytes(memory, key, key_size)?, bytes(memory, value, size)?);
    Ok(state.plugin.space.set(key, value, cas)?)
}

fn register(call: &mut Call<'_>, (name, size): (u32, u32), token_at: u32) -> Done {
    let (memory, state) = call.split()?;
    let name = bytes(memory, name, size)?;
    let token = state.plugin.shared.register(&state.plugin.space, name, Weak::clone(&state.vm))?;
    call.write_u32(token_at, token)
}

fn resolve(call: &mut Call<'_>, (vm_id, vm_id_size): (u32, u32), (name, size): (u32, u32), token_at: u32) -> Done {
    let (memory, state) = call.split()?;
    let (vm_id, name) = (bytes(memory, vm_id, vm_id_size)?, bytes(memory, name, size)?);
    let plugin = Arc::clone(&state.plugin);
    let vm_id = match vm_id {
        b"" => plugin.host.filter.vm_id.as_str(),
        given => std::str::from_utf8(given).map_err(|_| Status::NotFound)?,
    };
    let token = plugin.shared.resolve(vm_id, name)?;
    call.write_u32(token_at, token)
}

fn enqueue(call: &mut Call<'_>, token: u32, (item, size): (u32, u32)) -> Done {
    let (memory, state) = call.split()?;
    let reader = state.plugin.shared.enqueue(token, bytes(memory, item, size)?)?;
    vm::queue_ready(reader, token);
    Ok(())
}
