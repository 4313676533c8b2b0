//! The little of WASI that runtimes of languages cannot do without: clocks, randomness, output that goes to the log,
//! granted environment variables. There are no files. As the C++ host has it (`exports.cc`), what cannot be is answered by
//! an error and not missing, since compilers link what programs never call.
//!
//! Signatures and numbers: WASI preview 1, `wasi_snapshot_preview1.witx`; those of the preview before are the same here.

use holm_abi::{Error, Kind};
use wasmtime::{Caller, Linker};

use super::general::write_log;
use super::memory::{Call, bytes};
use crate::log::{ERROR, INFO};
use crate::state::State;
use crate::status::{Done, Refusal, Status};

/// The modules it is imported from.
pub(super) const MODULES: [&str; 2] = ["wasi_snapshot_preview1", "wasi_unstable"];

const BADF: u32 = 8;
const FAULT: u32 = 21;
const INVAL: u32 = 28;
const NOENT: u32 = 44;
const NOSYS: u32 = 52;
const NOTDIR: u32 = 54;
const NOTSUP: u32 = 58;

/// Bytes that `random_get` fills at once.
const MOST_RANDOM: u32 = 64 << 10;

/// The right to write to a descriptor.
const RIGHT_TO_WRITE: u64 = 1 << 6;

/// What is there.
pub(super) const NAMES: [&str; 45] = [
    "args_get",
    "args_sizes_get",
    "clock_res_get",
    "clock_time_get",
    "environ_get",
    "environ_sizes_get",
    "fd_advise",
    "fd_allocate",
    "fd_close",
    "fd_datasync",
    "fd_fdstat_get",
    "fd_fdstat_set_flags",
    "fd_fdstat_set_rights",
    "fd_filestat_get",
    "fd_filestat_set_size",
    "fd_filestat_set_times",
    "fd_pread",
    "fd_prestat_dir_name",
    "fd_prestat_get",
    "fd_pwrite",
    "fd_read",
    "fd_readdir",
    "fd_renumber",
    "fd_seek",
    "fd_sync",
    "fd_tell",
    "fd_write",
    "path_create_directory",
    "path_filestat_get",
    "path_filestat_set_times",
    "path_link",
    "path_open",
    "path_readlink",
    "path_remove_directory",
    "path_rename",
    "path_symlink",
    "path_unlink_file",
    "poll_oneoff",
    "proc_exit",
    "random_get",
    "sched_yield",
    "sock_accept",
    "sock_recv",
    "sock_send",
    "sock_shutdown",
];

pub(super) fn define(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    for module in MODULES {
        define_used(linker, module)?;
        define_refused(linker, module)?;
    }
    Ok(())
}

/// A program ended with this code, which only its start may.
#[derive(Debug)]
pub(crate) struct Exit(pub(crate) u32);

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "it ended itself with exit code {}", self.0)
    }
}

impl std::error::Error for Exit {}

type Store<'a> = Caller<'a, State>;

/// The error number that stands for how it went.
fn errno(done: Done) -> wasmtime::Result<u32> {
    match done {
        Ok(()) => Ok(0),
        Err(Refusal::Status(Status::InvalidMemoryAccess)) => Ok(FAULT),
        Err(Refusal::Status(Status::BadArgument)) => Ok(INVAL),
        Err(Refusal::Status(_)) => Ok(NOTSUP),
        Err(Refusal::Trap(error)) => Err(error),
    }
}

fn define_used(linker: &mut Linker<State>, module: &str) -> wasmtime::Result<()> {
    linker.func_wrap(module, "fd_write", |caller: Store<'_>, fd: u32, parts: u32, count: u32, written_at: u32| {
        if !matches!(fd, 1 | 2) {
            return Ok(BADF);
        }
        errno(write(&mut Call::anywhere(caller), fd, (parts, count), written_at))
    })?;
    linker.func_wrap(module, "clock_time_get", |caller: Store<'_>, id: u32, _: u64, time_at: u32| {
        let mut call = Call::anywhere(caller);
        let clock = &mut call.state().clock;
        let now = match id {
            0 => clock.real(),
            1 => clock.monotonic(),
            _ => return Ok(NOTSUP),
        };
        errno(call.write_u64(time_at, now))
    })?;
    linker.func_wrap(module, "clock_res_get", |caller: Store<'_>, id: u32, resolution_at: u32| match id {
        0 | 1 => errno(Call::anywhere(caller).write_u64(resolution_at, 1)),
        _ => Ok(NOTSUP),
    })?;
    linker.func_wrap(module, "random_get", |caller: Store<'_>, at: u32, size: u32| {
        errno(random(&mut Call::anywhere(caller), at, size))
    })?;
    linker.func_wrap(module, "environ_sizes_get", |caller: Store<'_>, count_at: u32, size_at: u32| {
        errno(environment_sizes(&mut Call::anywhere(caller), count_at, size_at))
    })?;
    linker.func_wrap(module, "environ_get", |caller: Store<'_>, list_at: u32, texts_at: u32| {
        errno(environment(&mut Call::anywhere(caller), list_at, texts_at))
    })?;
    linker.func_wrap(module, "args_sizes_get", |caller: Store<'_>, count_at: u32, size_at: u32| {
        let mut call = Call::anywhere(caller);
        errno(call.write_u32(count_at, 0).and_then(|()| call.write_u32(size_at, 0)))
    })?;
    linker.func_wrap(module, "args_get", |_: u32, _: u32| 0_u32)?;
    linker.func_wrap(module, "fd_fdstat_get", |caller: Store<'_>, fd: u32, stat_at: u32| {
        if !matches!(fd, 1 | 2) {
            return Ok(BADF);
        }
        let mut stat = [0; 24];
        stat[8..16].copy_from_slice(&RIGHT_TO_WRITE.to_le_bytes());
        errno(Call::anywhere(caller).write(stat_at, &stat))
    })?;
    linker.func_wrap(module, "sched_yield", || 0_u32)?;
    // Go's runtime waits like this between looks at the clock, and takes an error for the end.
    linker.func_wrap(module, "poll_oneoff", |caller: Store<'_>, _: u32, _: u32, _: u32, count_at: u32| {
        errno(Call::anywhere(caller).write_u32(count_at, 0))
    })?;
    linker.func_wrap(module, "proc_exit", |code: u32| -> wasmtime::Result<()> { Err(Exit(code).into()) })?;
    Ok(())
}

/// What there is nothing to do for, or nothing to do it with.
fn define_refused(linker: &mut Linker<State>, module: &str) -> wasmtime::Result<()> {
    linker.func_wrap(module, "fd_advise", |_: u32, _: u64, _: u64, _: u32| 0_u32)?;
    linker.func_wrap(module, "fd_allocate", |fd: u32, _: u64, _: u64| of_output(fd))?;
    linker.func_wrap(module, "fd_close", |_: u32| 0_u32)?;
    linker.func_wrap(module, "fd_datasync", of_output)?;
    linker.func_wrap(module, "fd_fdstat_set_flags", |_: u32, _: u32| NOSYS)?;
    linker.func_wrap(module, "fd_fdstat_set_rights", |fd: u32, _: u64, _: u64| of_output(fd))?;
    linker.func_wrap(module, "fd_filestat_get", |_: u32, _: u32| BADF)?;
    linker.func_wrap(module, "fd_filestat_set_size", |fd: u32, _: u64| of_output(fd))?;
    linker.func_wrap(module, "fd_filestat_set_times", |fd: u32, _: u64, _: u64, _: u32| of_output(fd))?;
    linker.func_wrap(module, "fd_pread", |_: u32, _: u32, _: u32, _: u64, _: u32| NOSYS)?;
    linker.func_wrap(module, "fd_prestat_dir_name", |_: u32, _: u32, _: u32| NOSYS)?;
    linker.func_wrap(module, "fd_prestat_get", |_: u32, _: u32| BADF)?;
    linker.func_wrap(module, "fd_pwrite", |_: u32, _: u32, _: u32, _: u64, _: u32| NOSYS)?;
    linker.func_wrap(module, "fd_read", |_: u32, _: u32, _: u32, _: u32| NOSYS)?;
    linker.func_wrap(module, "fd_readdir", |_: u32, _: u32, _: u32, _: u64, _: u32| NOTDIR)?;
    linker.func_wrap(module, "fd_renumber", |_: u32, _: u32| NOTSUP)?;
    linker.func_wrap(module, "fd_seek", |_: u32, _: u64, _: u32, _: u32| 0_u32)?;
    linker.func_wrap(module, "fd_sync", of_output)?;
    linker.func_wrap(module, "fd_tell", |caller: Store<'_>, fd: u32, at: u32| match of_output(fd) {
        0 => errno(Call::anywhere(caller).write_u64(at, 0)),
        error => Ok(error),
    })?;
    linker.func_wrap(module, "path_create_directory", |_: u32, _: u32, _: u32| NOTSUP)?;
    linker.func_wrap(module, "path_filestat_get", |_: u32, _: u32, _: u32, _: u32, _: u32| NOTSUP)?;
    linker.func_wrap(module, "path_filestat_set_times", |_: u32, _: u32, _: u32, _: u32, _: u64, _: u64, _: u32| {
        NOTSUP
    })?;
    linker.func_wrap(module, "path_link", |_: u32, _: u32, _: u32, _: u32, _: u32, _: u32, _: u32| NOTSUP)?;
    linker.func_wrap(
        module,
        "path_open",
        |_: u32, _: u32, _: u32, _: u32, _: u32, _: u64, _: u64, _: u32, _: u32| NOENT,
    )?;
    linker.func_wrap(module, "path_readlink", |_: u32, _: u32, _: u32, _: u32, _: u32, _: u32| NOTSUP)?;
    linker.func_wrap(module, "path_remove_directory", |_: u32, _: u32, _: u32| NOTSUP)?;
    linker.func_wrap(module, "path_rename", |_: u32, _: u32, _: u32, _: u32, _: u32, _: u32| NOTSUP)?;
    linker.func_wrap(module, "path_symlink", |_: u32, _: u32, _: u32, _: u32, _: u32| NOTSUP)?;
    linker.func_wrap(module, "path_unlink_file", |_: u32, _: u32, _: u32| NOTSUP)?;
    linker.func_wrap(module, "sock_shutdown", |_: u32, _: u32| NOTSUP)?;
    linker.func_wrap(module, "sock_send", |_: u32, _: u32, _: u32, _: u32, _: u32| NOTSUP)?;
    linker.func_wrap(module, "sock_accept", |_: u32, _: u32, _: u32| NOTSUP)?;
    linker.func_wrap(module, "sock_recv", |_: u32, _: u32, _: u32, _: u32, _: u32, _: u32| NOTSUP)?;
    Ok(())
}

fn of_output(fd: u32) -> u32 {
    if matches!(fd, 1 | 2) { 0 } else { BADF }
}

/// Standard output is information, standard error says what is wrong, as with the C++ host.
fn write(call: &mut Call<'_>, fd: u32, (parts, count): (u32, u32), written_at: u32) -> Done {
    let (memory, state) = call.split()?;
    let size = count.checked_mul(8).ok_or(Status::InvalidMemoryAccess)?;
    let mut text = Vec::new();
    for part in bytes(memory, parts, size)?.chunks_exact(8) {
        let number = |at: usize| part.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
        let (Some(at), Some(size)) = (number(0), number(4)) else { continue };
        let part = bytes(memory, at, size)?;
        // Parts may be the same memory over and over.
        if text.len() + part.len() > memory.len() {
            return Err(Status::InvalidMemoryAccess.into());
        }
        text.extend_from_slice(part);
    }
    let written = u32::try_from(text.len()).unwrap_or(u32::MAX);
    if written > 0 {
        write_log(state, if fd == 1 { INFO } else { ERROR }, &text)?;
    }
    call.write_u32(written_at, written)
}

fn random(call: &mut Call<'_>, at: u32, size: u32) -> Done {
    if size > MOST_RANDOM {
        return Err(Status::BadArgument.into());
    }
    let (memory, state) = call.split()?;
    let place = memory.get_mut(at as usize..).and_then(|rest| rest.get_mut(..size as usize));
    let place = place.ok_or(Status::InvalidMemoryAccess)?;
    if state.plugin.host.deterministic {
        place.fill(4);
        return Ok(());
    }
    let failed = |error| Error::new(Kind::Io, format!("the system has no random numbers: {error}"));
    Ok(getrandom::fill(place).map_err(failed).map_err(wasmtime::Error::from)?)
}

fn environment_sizes(call: &mut Call<'_>, count_at: u32, size_at: u32) -> Done {
    let env = &call.state().plugin.host.grants.env;
    let size: usize = env.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
    let (count, size) = (env.len(), u32::try_from(size).unwrap_or(u32::MAX));
    call.write_u32(count_at, u32::try_from(count).unwrap_or(u32::MAX))?;
    call.write_u32(size_at, size)
}

fn environment(call: &mut Call<'_>, mut list_at: u32, mut text_at: u32) -> Done {
    let plugin = std::sync::Arc::clone(&call.state().plugin);
    for (name, value) in &plugin.host.grants.env {
        call.write_u32(list_at, text_at)?;
        let text = format!("{name}={value}\0");
        call.write(text_at, text.as_bytes())?;
        let next = u32::try_from(text.len()).ok().and_then(|size| text_at.checked_add(size));
        text_at = next.ok_or(Status::InvalidMemoryAccess)?;
        list_at = list_at.checked_add(4).ok_or(Status::InvalidMemoryAccess)?;
    }
    Ok(())
}
