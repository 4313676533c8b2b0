//! Files that modules ask for, through WASI 0.1.

use holm_abi::{Host, Result};
use wasmtime::{AsContextMut, Caller, Extern, Linker};
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::p1::types::{Errno, Fd, Oflags, Prestat, Rights};
use wasmtime_wasi::p1::wasi_snapshot_preview1::{self as preview1, WasiSnapshotPreview1 as _};
use wiggle::GuestMemory;

use super::{Listener, Wish, add_root};
use crate::module_world::{InWorld, ModuleWorld};

const PREVIEW1: &str = "wasi_snapshot_preview1";
/// Descriptors before the first directory: the standard streams.
const STREAMS: u32 = 3;

/// The root that is not there.
pub(crate) struct Decoy {
    listener: Listener,
    fd: u32,
}

impl Decoy {
    /// Adds it after all granted directories, if the host wants it.
    pub(crate) fn open(builder: &mut WasiCtxBuilder, host: &Host, args: &[String]) -> Result<Option<Self>> {
        let Some(listener) = Listener::new(host, args) else { return Ok(None) };
        let Ok(before) = u32::try_from(host.grants.dirs.len()) else { return Ok(None) };
        add_root(builder)?;
        Ok(Some(Self { listener, fd: STREAMS.saturating_add(before) }))
    }
}

/// Puts us in front of a function whose first parameter is a directory: `path` (address and length) and `wish` say
/// what is asked of it.
macro_rules! listen {
    ($linker:ident, $function:ident($($arg:ident: $type:ty),*), $path:expr, $wish:expr) => {
        $linker.func_wrap_async(
            PREVIEW1,
            stringify!($function),
            |mut caller: Caller<'_, T>, (fd, $($arg),*): (i32, $($type),*)| {
                Box::new(async move {
                    let fuel = caller.as_context_mut().hostcall_fuel();
                    let Some(Extern::Memory(memory)) = caller.get_export("memory") else {
                        return Err(wasmtime::Error::msg("it exports no memory called `memory`"));
                    };
                    let (memory, state) = memory.data_and_store_mut(&mut caller);
                    if heard(state.world(), memory, fd, $path, $wish) {
                        return Ok(i32::from(Errno::Noent as u16));
                    }
                    let wasi = state.world().wasi();
                    wasi.set_hostcall_fuel(fuel);
                    preview1::$function(wasi, &mut GuestMemory::Unshared(memory), fd, $($arg),*).await
                })
            },
        )?;
    };
}

/// Puts us in front of the functions that begin to use a file.
pub(crate) fn link<T: InWorld>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    listen!(
        linker,
        path_open(look: i32, at: i32, len: i32, how: i32, rights: i64, inherited: i64, flags: i32, opened: i32),
        (at, len),
        open(how, rights)
    );
    listen!(linker, path_filestat_get(look: i32, at: i32, len: i32, stat: i32), (at, len), Wish::STAT);
    listen!(linker, path_readlink(at: i32, len: i32, to: i32, room: i32, used: i32), (at, len), Wish::STAT);
    listen!(linker, path_create_directory(at: i32, len: i32), (at, len), Wish::CHANGE);
    listen!(linker, path_remove_directory(at: i32, len: i32), (at, len), Wish::CHANGE);
    listen!(linker, path_unlink_file(at: i32, len: i32), (at, len), Wish::MOVE);
    listen!(linker, path_rename(at: i32, len: i32, to: i32, new: i32, new_len: i32), (at, len), Wish::MOVE);
    linker.allow_shadowing(false);
    Ok(())
}

fn open(how: i32, rights: i64) -> Wish {
    let has = |flag: Oflags| how & i32::from(flag.bits()) != 0;
    let writes = rights.cast_unsigned() & Rights::FD_WRITE.bits() != 0;
    Wish::open(has(Oflags::DIRECTORY), writes || has(Oflags::CREAT) || has(Oflags::TRUNC))
}

/// Whether this was for us. What cannot be read is left to the function itself to complain about.
fn heard(world: &mut ModuleWorld, memory: &mut [u8], fd: i32, path: (i32, i32), wish: Wish) -> bool {
    let (wasi, Some(decoy)) = world.with_decoy() else { return false };
    if fd.cast_unsigned() != decoy.fd {
        return false;
    }
    // Its number is another file's once the guest has closed it.
    let prestat = wasi.fd_prestat_get(&mut GuestMemory::Unshared(memory), Fd::from(decoy.fd));
    match (prestat, text(memory, path)) {
        (Ok(Prestat::Dir(dir)), Some(path)) if dir.pr_name_len == 1 => {
            decoy.listener.heard(path, wish);
            true
        }
        _ => false,
    }
}

fn text(memory: &[u8], (at, len): (i32, i32)) -> Option<&str> {
    let start = usize::try_from(at.cast_unsigned()).ok()?;
    let len = usize::try_from(len.cast_unsigned()).ok()?;
    std::str::from_utf8(memory.get(start..start.checked_add(len)?)?).ok()
}
