//! Files that components ask for, through WASI 0.2.

use std::fs::File;
use std::sync::Arc;

use holm_abi::{Host, Result};
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource, ResourceTable};
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemCtxView, WasiFilesystemView as _};
use wasmtime_wasi::p2::FsResult;
use wasmtime_wasi::p2::bindings::filesystem::preopens;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorFlags, DescriptorStat, ErrorCode, Host as _, HostDescriptor as _, MetadataHashValue, OpenFlags, PathFlags,
};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder};

use super::{Listener, Wish, add_root};
use crate::state::State;

/// These are the engine's own names: functions are replaced one by one in what it linked.
const PREOPENS: &str = "wasi:filesystem/preopens@0.2.12";
const TYPES: &str = "wasi:filesystem/types@0.2.12";

pub(crate) type Directories = Vec<(Resource<Descriptor>, String)>;
type Answer<T> = wasmtime::Result<(std::result::Result<T, ErrorCode>,)>;

/// The root that is not there.
pub(crate) struct Decoy {
    listener: Listener,
    /// A world with this one directory in it. In the guest's own, WASI 0.3 would find it too.
    world: WasiCtx,
    /// By this it is recognised, whatever its handle.
    dir: Option<Arc<File>>,
}

impl Decoy {
    /// Makes it, if the host wants it.
    pub(crate) fn new(host: &Host, args: &[String]) -> Result<Option<Self>> {
        let Some(listener) = Listener::new(host, args) else { return Ok(None) };
        let mut builder = WasiCtxBuilder::new();
        add_root(&mut builder)?;
        Ok(Some(Self { listener, world: builder.build(), dir: None }))
    }

    /// Adds it to the directories that are shown.
    pub(crate) fn show(&mut self, table: &mut ResourceTable, all: &mut Directories) -> wasmtime::Result<()> {
        let mut view = WasiFilesystemCtxView { ctx: self.world.filesystem(), table };
        for (fd, name) in preopens::Host::get_directories(&mut view)? {
            if let Descriptor::Dir(dir) = view.table.get(&fd)? {
                self.dir = Some(Arc::clone(&dir.dir));
            }
            all.push((fd, name));
        }
        Ok(())
    }

    /// Whether `dir` is it.
    fn is(&self, dir: &Arc<File>) -> bool {
        self.dir.as_ref().is_some_and(|ours| Arc::ptr_eq(ours, dir))
    }
}

/// Puts us in front of a function of a directory: `path` and `wish` say what is asked of it.
macro_rules! listen {
    ($types:ident, $name:literal, $function:ident($($arg:ident: $type:ty),*) -> $answer:ty, $path:ident, $wish:expr) => {
        $types.func_wrap_async(
            concat!("[method]descriptor.", $name),
            |mut store: StoreContextMut<'_, State>, (fd, $($arg),*): (Resource<Descriptor>, $($type),*)| {
                Box::new(async move {
                    if heard(store.data(), &fd, &$path, $wish) {
                        return Ok((Err(ErrorCode::NoEntry),));
                    }
                    let mut files = store.data_mut().filesystem();
                    let answer: FsResult<$answer> = files.$function(fd, $($arg),*).await;
                    convert(&mut files, answer)
                })
            },
        )?;
    };
}

/// Puts us in front of the functions that begin to use a file.
pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.instance(PREOPENS)?.func_wrap("get-directories", |mut store: StoreContextMut<'_, State>, ()| {
        Ok((directories(store.data_mut())?,))
    })?;
    let mut types = linker.instance(TYPES)?;
    listen!(
        types,
        "open-at",
        open_at(look: PathFlags, path: String, how: OpenFlags, flags: DescriptorFlags) -> Resource<Descriptor>,
        path,
        open(how, flags)
    );
    listen!(types, "stat-at", stat_at(look: PathFlags, path: String) -> DescriptorStat, path, Wish::STAT);
    // Some C libraries begin with this one.
    listen!(
        types,
        "metadata-hash-at",
        metadata_hash_at(look: PathFlags, path: String) -> MetadataHashValue,
        path,
        Wish::STAT
    );
    listen!(types, "readlink-at", readlink_at(path: String) -> String, path, Wish::STAT);
    listen!(types, "create-directory-at", create_directory_at(path: String) -> (), path, Wish::CHANGE);
    listen!(types, "remove-directory-at", remove_directory_at(path: String) -> (), path, Wish::CHANGE);
    listen!(types, "unlink-file-at", unlink_file_at(path: String) -> (), path, Wish::MOVE);
    listen!(
        types,
        "rename-at",
        rename_at(path: String, to: Resource<Descriptor>, new: String) -> (),
        path,
        Wish::MOVE
    );
    Ok(())
}

fn open(how: OpenFlags, flags: DescriptorFlags) -> Wish {
    let writes = flags.intersects(DescriptorFlags::WRITE | DescriptorFlags::MUTATE_DIRECTORY);
    let makes = how.intersects(OpenFlags::CREATE | OpenFlags::TRUNCATE);
    Wish::open(how.contains(OpenFlags::DIRECTORY), writes || makes)
}

/// What the guest was granted and, last, the root that is not there.
pub(crate) fn directories(state: &mut State) -> wasmtime::Result<Directories> {
    let mut all = preopens::Host::get_directories(&mut state.filesystem())?;
    if let Some(decoy) = &mut state.decoy {
        decoy.show(&mut state.table, &mut all)?;
    }
    Ok(all)
}

/// Whether this was for us. What is no directory is left to the function itself to complain about.
fn heard(state: &State, fd: &Resource<Descriptor>, path: &str, wish: Wish) -> bool {
    let Ok(Descriptor::Dir(dir)) = state.table.get(fd) else { return false };
    let decoys = state.decoy.iter().chain(state.parts.iter().filter_map(|part| part.decoy.as_ref()));
    let found = decoys.into_iter().find(|decoy| decoy.is(&dir.dir));
    if let Some(decoy) = found {
        decoy.listener.heard(path, wish);
    }
    found.is_some()
}

fn convert<T>(files: &mut WasiFilesystemCtxView<'_>, answer: FsResult<T>) -> Answer<T> {
    match answer {
        Ok(value) => Ok((Ok(value),)),
        Err(error) => Ok((Err(files.convert_error_code(error)?),)),
    }
}
