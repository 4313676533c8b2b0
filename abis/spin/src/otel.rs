//! `wasi:otel@0.2.0-rc.2`: what a guest tells of itself for OpenTelemetry. Nobody collects it here, as nobody does in Spin
//! without a collector, and guests run on.
//!
//! Signatures: spinframework/spin, `wit/deps/otel@0.2.0-rc.2`. The records are large and nothing of them is read, so the
//! functions take whatever the guest says they take.

use holm_wasi::State;
use wasmtime::component::{Linker, Val};

pub(crate) const LOGS: &str = "wasi:otel/logs@0.2.0-rc.2";
pub(crate) const METRICS: &str = "wasi:otel/metrics@0.2.0-rc.2";
pub(crate) const TRACING: &str = "wasi:otel/tracing@0.2.0-rc.2";

/// Whether an import of this name is one of these interfaces.
pub(crate) fn is_otel(name: &str) -> bool {
    [LOGS, METRICS, TRACING].contains(&name)
}

pub(crate) fn link_logs(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.instance(LOGS)?.func_new("on-emit", |_, _, _, _| Ok(()))
}

pub(crate) fn link_metrics(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.instance(METRICS)?.func_new("export", |_, _, _, results| give(results, Val::Result(Ok(None))))
}

pub(crate) fn link_tracing(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut instance = linker.instance(TRACING)?;
    instance.func_new("on-start", |_, _, _, _| Ok(()))?;
    instance.func_new("on-end", |_, _, _, _| Ok(()))?;
    instance.func_new("outer-span-context", |_, _, _, results| give(results, nowhere()))
}

fn give(results: &mut [Val], value: Val) -> wasmtime::Result<()> {
    if let [result] = results {
        *result = value;
    }
    Ok(())
}

/// The context of no span at all (W3C Trace Context, section 3.2.2: an id of zeros is none).
fn nowhere() -> Val {
    let field = |name: &str, value| (name.to_owned(), value);
    Val::Record(vec![
        field("trace-id", Val::String("0".repeat(32))),
        field("span-id", Val::String("0".repeat(16))),
        field("trace-flags", Val::Flags(Vec::new())),
        field("is-remote", Val::Bool(false)),
        field("trace-state", Val::List(Vec::new())),
    ])
}
