//! What Extism lends its plugins beside memory: configuration, variables, a log.

use holm_grants::Ask;
use holm_wasi::InWorld as _;
use wasmtime::{Caller, Linker};

use crate::ENV;
use crate::state::State;

/// The functions that log, with the word that stands before what they log.
const LEVELS: [(&str, &str); 5] = [
    ("log_trace", "TRACE"),
    ("log_debug", "DEBUG"),
    ("log_info", "INFO"),
    ("log_warn", "WARN"),
    ("log_error", "ERROR"),
];

/// The level from which on messages are wanted, where all are: that of `log_trace`.
const ALL: i32 = 0;
/// The same where none is.
const NONE: i32 = i32::MAX;

/// Links them. Blocks that a plugin hands over are the host's to free.
pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.func_wrap(ENV, "config_get", |mut of: Caller<'_, State>, key: u64| config(of.data_mut(), key))?;
    linker.func_wrap(ENV, "var_get", |mut of: Caller<'_, State>, name: u64| {
        let state = of.data_mut();
        state.called();
        let found = state.text(name, VARIABLE)?.to_owned();
        state.kernel.free(name);
        state.var(&found)
    })?;
    linker.func_wrap(ENV, "var_set", |mut of: Caller<'_, State>, name: u64, value: u64| {
        set_var(of.data_mut(), name, value)
    })?;
    linker.func_wrap(
        ENV,
        "get_log_level",
        |mut of: Caller<'_, State>| {
            if of.data_mut().world().logs() { ALL } else { NONE }
        },
    )?;
    for (name, level) in LEVELS {
        linker.func_wrap_async(ENV, name, move |mut of: Caller<'_, State>, (text,): (u64,)| {
            Box::new(async move { log(of.data_mut(), level, text).await })
        })?;
    }
    Ok(())
}

const VARIABLE: &str = "the name of a variable";

fn config(state: &mut State, key: u64) -> wasmtime::Result<u64> {
    state.called();
    let name = state.text(key, "the name of a configuration value")?.to_owned();
    state.kernel.free(key);
    let host = std::sync::Arc::clone(&state.shared.host);
    match host.grants.config.get(&name) {
        Some(value) => state.put(value.as_bytes()),
        None => {
            host.audit.denied(Ask::Config(name));
            Ok(0)
        }
    }
}

fn set_var(state: &mut State, name: u64, value: u64) -> wasmtime::Result<()> {
    state.called();
    let found = state.text(name, VARIABLE)?.to_owned();
    let bytes = if value == 0 { None } else { Some(state.bytes(value, "the value of a variable")?.to_vec()) };
    state.set_var(found, bytes)?;
    state.kernel.free(name);
    state.kernel.free(value);
    Ok(())
}

/// A line of the guest's standard error for each message, which may have more lines itself.
async fn log(state: &mut State, level: &str, text: u64) -> wasmtime::Result<()> {
    state.called();
    let message = String::from_utf8_lossy(state.bytes(text, "a message to log")?);
    let line = format!("{level} {}\n", message.trim_end_matches('\n'));
    state.kernel.free(text);
    state.world().log(line.as_bytes()).await
}

/// Requests in a build that sends none.
#[cfg(not(feature = "http"))]
pub(crate) fn link_without_http(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.func_wrap(ENV, "http_request", |_: u64, _: u64| -> wasmtime::Result<u64> {
        Err(crate::state::stopped("it sent an HTTP request, which this build of Holm cannot").into())
    })?;
    linker.func_wrap(ENV, "http_status_code", || 0_i32)?;
    linker.func_wrap(ENV, "http_headers", || 0_u64)?;
    Ok(())
}
