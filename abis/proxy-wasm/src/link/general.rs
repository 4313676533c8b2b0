//! Logs, time, properties, configuration, contexts.

use wasmtime::{Caller, Linker};

use super::define;
use super::memory::{Call, bytes};
use crate::log::{self, LEVEL, LEVELS};
use crate::properties;
use crate::state::{ROOT, State};
use crate::status::{Done, Status, settle};

/// The longest period of ticks.
const LONGEST_TICK: u32 = 24 * 3600 * 1000;

pub(super) fn define(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.func_wrap("env", "emscripten_notify_memory_growth", |_: u32| {})?;
    linker.func_wrap("env", "pthread_equal", |one: u32, other: u32| u32::from(one == other))?;
    // An allocator may say what it does.
    linker.func_wrap("env", "proxy_log", |caller: Caller<'_, State>, level: u32, at: u32, size: u32| {
        settle(say(&mut Call::anywhere(caller), level, at, size))
    })?;
    define!(linker, "proxy_get_log_level", |call, level_at: u32| call.write_u32(level_at, LEVEL));
    linker.func_wrap("env", "proxy_get_current_time_nanoseconds", |caller: Caller<'_, State>, time_at: u32| {
        let mut call = Call::anywhere(caller);
        let now = call.state().clock.real();
        settle(call.write_u64(time_at, now))
    })?;
    define!(linker, "proxy_get_property", |call, path: u32, path_size: u32, value_at: u32, size_at: u32| {
        get_property(call, (path, path_size), value_at, size_at)
    });
    define!(linker, "proxy_set_property", |call, path: u32, path_size: u32, value: u32, size: u32| {
        set_property(call, (path, path_size), (value, size))
    });
    define!(linker, "proxy_get_configuration", |call, value_at: u32, size_at: u32| {
        get_configuration(call, value_at, size_at)
    });
    define!(linker, "proxy_get_status", |call, code_at: u32, message_at: u32, size_at: u32| {
        get_status(call, code_at, message_at, size_at)
    });
    define!(linker, "proxy_set_tick_period_milliseconds", |call, period: u32| set_tick_period(call, period));
    define!(linker, "proxy_set_effective_context", |call, context: u32| set_effective_context(call, context));
    define!(linker, "proxy_done", |call| done(call));
    define!(
        linker,
        "proxy_call_foreign_function",
        |call, name: u32, name_size: u32, arguments: u32, arguments_size: u32, result_at: u32, result_size_at: u32| {
            call_foreign(call, (name, name_size), (arguments, arguments_size), result_at, result_size_at)
        }
    );
    Ok(())
}

fn say(call: &mut Call<'_>, level: u32, at: u32, size: u32) -> Done {
    if level as usize >= LEVELS.len() {
        return Err(Status::BadArgument.into());
    }
    let (memory, state) = call.split()?;
    let message = bytes(memory, at, size)?;
    write_log(state, level, message)
}

/// Takes what a guest has to say.
pub(super) fn write_log(state: &mut State, level: u32, message: &[u8]) -> Done {
    if level < LEVEL {
        return Ok(());
    }
    let host = &state.plugin.host;
    state.written.add(message.len(), &host.limits).map_err(wasmtime::Error::from)?;
    let line = log::line(level, &host.filter.name, message);
    let plugin = std::sync::Arc::clone(&state.plugin);
    let stdio = state.stream().and_then(|stream| stream.stdio());
    log::put(&stdio.unwrap_or(&plugin.host.stdio).stderr, &line);
    Ok(())
}

fn get_property(call: &mut Call<'_>, (path, size): (u32, u32), value_at: u32, size_at: u32) -> Done {
    let (memory, state) = call.split()?;
    let path = bytes(memory, path, size)?;
    let value = properties::get(state, path).ok_or(Status::NotFound)?;
    call.give(&value, value_at, size_at)
}

fn set_property(call: &mut Call<'_>, (path, path_size): (u32, u32), (value, size): (u32, u32)) -> Done {
    let (memory, state) = call.split()?;
    let (path, value) = (bytes(memory, path, path_size)?, bytes(memory, value, size)?);
    let stream = state.stream().ok_or(Status::NotFound)?;
    stream.facts.set.set(path, value).ok_or(Status::InternalFailure.into())
}

fn get_configuration(call: &mut Call<'_>, value_at: u32, size_at: u32) -> Done {
    let state = call.state();
    let filter = &state.plugin.host.filter;
    let value = if state.configuring { &filter.configuration } else { &filter.vm_configuration };
    let value = std::sync::Arc::clone(value);
    call.give(&value, value_at, size_at)
}

fn get_status(call: &mut Call<'_>, code_at: u32, message_at: u32, size_at: u32) -> Done {
    let (code, message) = (call.state().answer.status, call.state().answer.status_message.clone());
    call.write_u32(code_at, code)?;
    call.give(message.as_bytes(), message_at, size_at)
}

fn set_tick_period(call: &mut Call<'_>, period: u32) -> Done {
    let period = std::time::Duration::from_millis(period.min(LONGEST_TICK).into());
    call.state().tick.send_replace(period);
    Ok(())
}

fn set_effective_context(call: &mut Call<'_>, context: u32) -> Done {
    if !call.state().has_context(context) {
        return Err(Status::BadArgument.into());
    }
    call.state().effective = Some(context);
    Ok(())
}

/// An exchange is over when its messages are, whatever the guest says; the root waits for this where it said so.
fn done(call: &mut Call<'_>) -> Done {
    let state = call.state();
    if state.context() != ROOT || !state.plugin.is_over() {
        return Err(Status::NotFound.into());
    }
    state.done.send_replace(true);
    Ok(())
}

fn call_foreign(
    call: &mut Call<'_>,
    (name, name_size): (u32, u32),
    (arguments, size): (u32, u32),
    result_at: u32,
    result_size_at: u32,
) -> Done {
    let (memory, state) = call.split()?;
    let (name, arguments) = (bytes(memory, name, name_size)?, bytes(memory, arguments, size)?);
    let function = state.plugin.foreign.iter().find(|(known, _)| known.as_bytes() == name);
    let (_, function) = function.ok_or(Status::NotFound)?;
    let result = function(arguments).ok_or(Status::BadArgument)?;
    match (result_at, result_size_at) {
        // The guest does not want to know.
        (0, 0) => Ok(()),
        (0, size_at) => call.write_u32(size_at, u32::try_from(result.len()).unwrap_or(u32::MAX)),
        (at, size_at) => call.give(&result, at, size_at),
    }
}
