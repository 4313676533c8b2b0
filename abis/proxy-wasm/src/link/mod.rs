//! The functions that guests import.

mod buffers;
mod calls;
mod flow;
mod general;
mod maps;
mod memory;
mod metrics;
mod shared;
mod wasi;

pub(crate) use wasi::Exit;

use holm_abi::{Guest, MissingImport, Provision, Result, missing_imports};
use holm_engine::shape::{ExternType, Import};
use holm_engine::{Error, Kind};
use wasmtime::{InstancePre, Linker};

use crate::state::State;

/// Defines a function that answers with a status.
macro_rules! define {
    ($linker:expr, $name:literal, |$call:ident $(, $arg:ident: $ty:ty)*| $body:expr) => {
        $linker.func_wrap("env", $name, |caller: wasmtime::Caller<'_, $crate::state::State> $(, $arg: $ty)*| {
            let mut call = $crate::link::memory::Call::new(caller)?;
            let $call = &mut call;
            $crate::status::settle($body)
        })?
    };
}
pub(crate) use define;

/// Links the guest. All functions of all versions are there for every guest.
pub(crate) fn link(guest: &Guest) -> Result<InstancePre<State>> {
    let module = guest.code.module()?;
    let mut linker = Linker::new(module.engine());
    define_all(&mut linker, guest)
        .map_err(|error| Error::new(Kind::Internal, format!("the host's functions do not link: {error:#}")))?;
    linker.instantiate_pre(module).map_err(|error| missing(guest, &error))
}

fn define_all(linker: &mut Linker<State>, guest: &Guest) -> wasmtime::Result<()> {
    general::define(linker)?;
    flow::define(linker, guest)?;
    maps::define(linker)?;
    buffers::define(linker)?;
    shared::define(linker)?;
    metrics::define(linker)?;
    calls::define(linker)?;
    wasi::define(linker)
}

/// What would satisfy this import.
pub(crate) fn provides(import: &Import) -> Provision {
    let known = match import.module.as_str() {
        "env" => ENV.contains(&import.name.as_str()),
        module if wasi::MODULES.contains(&module) => wasi::NAMES.contains(&import.name.as_str()),
        _ => false,
    };
    match import.name.as_str() {
        _ if !known || !matches!(import.ty, ExternType::Func(_)) => Provision::Nothing,
        "proxy_http_call" | "proxy_grpc_call" | "proxy_grpc_stream" => Provision::Grant("--http PATTERN"),
        _ => Provision::Always,
    }
}

/// What is in `env`.
const ENV: [&str; 45] = [
    "emscripten_notify_memory_growth",
    "proxy_add_header_map_value",
    "proxy_call_foreign_function",
    "proxy_clear_route_cache",
    "proxy_close_stream",
    "proxy_continue_request",
    "proxy_continue_response",
    "proxy_continue_stream",
    "proxy_define_metric",
    "proxy_dequeue_shared_queue",
    "proxy_done",
    "proxy_enqueue_shared_queue",
    "proxy_get_buffer_bytes",
    "proxy_get_buffer_status",
    "proxy_get_configuration",
    "proxy_get_current_time_nanoseconds",
    "proxy_get_header_map_pairs",
    "proxy_get_header_map_size",
    "proxy_get_header_map_value",
    "proxy_get_log_level",
    "proxy_get_metric",
    "proxy_get_property",
    "proxy_get_shared_data",
    "proxy_get_status",
    "proxy_grpc_call",
    "proxy_grpc_cancel",
    "proxy_grpc_close",
    "proxy_grpc_send",
    "proxy_grpc_stream",
    "proxy_http_call",
    "proxy_increment_metric",
    "proxy_log",
    "proxy_record_metric",
    "proxy_register_shared_queue",
    "proxy_remove_header_map_value",
    "proxy_replace_header_map_value",
    "proxy_resolve_shared_queue",
    "proxy_send_local_response",
    "proxy_set_buffer_bytes",
    "proxy_set_effective_context",
    "proxy_set_header_map_pairs",
    "proxy_set_property",
    "proxy_set_shared_data",
    "proxy_set_tick_period_milliseconds",
    "pthread_equal",
];

fn missing(guest: &Guest, error: &wasmtime::Error) -> Error {
    let imports = guest.shape.imports.iter().filter(|import| provides(import) == Provision::Nothing);
    let missing: Vec<_> = imports
        .map(|import| MissingImport { from: import.module.clone(), item: import.name.clone(), why: None })
        .collect();
    match missing.is_empty() {
        // All names are there, so one has another type than the guest expects.
        true => Error::new(Kind::MissingImports, format!("{} does not link: {error:#}", guest.name)),
        false => missing_imports(&guest.name, &missing),
    }
}
