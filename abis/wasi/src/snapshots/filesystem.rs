//! `wasi:filesystem`, which the core modules of [`crate::direct`] have nothing of.

use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Lift, LinkerInstance, Lower, Resource, ResourceType, flags};
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemCtxView, WasiFilesystemView as _};
use wasmtime_wasi::p2::FsResult;
use wasmtime_wasi::p2::bindings::filesystem::preopens;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    Advice, DescriptorFlags, DirectoryEntryStream, ErrorCode, Host as _, HostDescriptor as _, HostDirectoryEntryStream,
    NewTimestamp, OpenFlags, PathFlags,
};

use crate::state::State;
use crate::version::Version;

type Store<'a> = StoreContextMut<'a, State>;
type Fd = Resource<Descriptor>;
type Answer<T> = wasmtime::Result<(Result<T, ErrorCode>,)>;

// `modes`, which say nothing here: what a file may be used for is the host's to know.
flags! {
    Modes {
        #[component(name = "readable")]
        const READABLE;
        #[component(name = "writable")]
        const WRITABLE;
        #[component(name = "executable")]
        const EXECUTABLE;
    }
}

/// `access-type`.
#[derive(ComponentType, Lift, Lower)]
#[component(variant)]
enum Access {
    #[component(name = "access")]
    Access(Modes),
    #[component(name = "exists")]
    Exists,
}

pub(super) fn link_preopens(instance: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    instance.func_wrap("get-directories", |mut store: Store<'_>, ()| {
        Ok((preopens::Host::get_directories(&mut store.data_mut().filesystem())?,))
    })
}

/// Functions of a descriptor: `waits` for those that may, `now` for those that never do.
macro_rules! functions {
    ($instance:ident: $(waits $name:literal = $function:ident($($arg:ident: $ty:ty),*);)*) => {
        $($instance.func_wrap_async(
            concat!("[method]descriptor.", $name),
            |mut store: Store<'_>, (fd, $($arg,)*): (Fd, $($ty,)*)| {
                Box::new(async move {
                    let mut files = store.data_mut().filesystem();
                    let done = files.$function(fd, $($arg),*).await;
                    answer(&mut files, done)
                })
            },
        )?;)*
    };
    ($instance:ident: $(now $name:literal = $function:ident($($arg:ident: $ty:ty),*);)*) => {
        $($instance.func_wrap(
            concat!("[method]descriptor.", $name),
            |mut store: Store<'_>, (fd, $($arg,)*): (Fd, $($ty,)*)| {
                let mut files = store.data_mut().filesystem();
                let done = files.$function(fd, $($arg),*);
                answer(&mut files, done)
            },
        )?;)*
    };
}

pub(super) fn link_types(instance: &mut LinkerInstance<'_, State>, version: Version) -> wasmtime::Result<()> {
    functions!(instance:
        waits "advise" = advise(offset: u64, length: u64, advice: Advice);
        waits "sync-data" = sync_data();
        waits "get-flags" = get_flags();
        waits "get-type" = get_type();
        waits "set-size" = set_size(size: u64);
        waits "set-times" = set_times(accessed: NewTimestamp, modified: NewTimestamp);
        waits "read" = read(length: u64, offset: u64);
        waits "write" = write(bytes: Vec<u8>, offset: u64);
        waits "read-directory" = read_directory();
        waits "sync" = sync();
        waits "create-directory-at" = create_directory_at(path: String);
        waits "stat" = stat();
        waits "stat-at" = stat_at(look: PathFlags, path: String);
        waits "set-times-at" = set_times_at(look: PathFlags, path: String, accessed: NewTimestamp, modified: NewTimestamp);
        waits "link-at" = link_at(look: PathFlags, path: String, to: Fd, new: String);
        waits "readlink-at" = readlink_at(path: String);
        waits "remove-directory-at" = remove_directory_at(path: String);
        waits "rename-at" = rename_at(path: String, to: Fd, new: String);
        waits "symlink-at" = symlink_at(path: String, new: String);
        waits "unlink-file-at" = unlink_file_at(path: String);
        waits "metadata-hash" = metadata_hash();
        waits "metadata-hash-at" = metadata_hash_at(look: PathFlags, path: String);
    );
    functions!(instance:
        now "read-via-stream" = read_via_stream(offset: u64);
        now "write-via-stream" = write_via_stream(offset: u64);
        now "append-via-stream" = append_via_stream();
    );
    instance.func_wrap_async("[method]descriptor.is-same-object", |mut store: Store<'_>, (one, other): (Fd, Fd)| {
        Box::new(async move { Ok((store.data_mut().filesystem().is_same_object(one, other).await?,)) })
    })?;
    instance.func_wrap("filesystem-error-code", |mut store: Store<'_>, (error,): (Resource<wasmtime::Error>,)| {
        Ok((store.data_mut().filesystem().filesystem_error_code(error)?,))
    })?;
    link_resources(instance)?;
    match version {
        Version::October => link_october(instance),
        _ => {
            functions!(instance:
                waits "open-at" = open_at(look: PathFlags, path: String, how: OpenFlags, flags: DescriptorFlags);
            );
            Ok(())
        }
    }
}

fn link_resources(instance: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    instance.resource("descriptor", ResourceType::host::<Descriptor>(), |mut store, fd| {
        wasmtime_wasi::p2::bindings::filesystem::types::HostDescriptor::drop(
            &mut store.data_mut().filesystem(),
            Resource::new_own(fd),
        )
    })?;
    let entries = ResourceType::host::<DirectoryEntryStream>();
    instance.resource("directory-entry-stream", entries, |mut store, entries| {
        HostDirectoryEntryStream::drop(&mut store.data_mut().filesystem(), Resource::new_own(entries))
    })?;
    instance.func_wrap_async(
        "[method]directory-entry-stream.read-directory-entry",
        |mut store: Store<'_>, (entries,): (Resource<DirectoryEntryStream>,)| {
            Box::new(async move {
                let mut files = store.data_mut().filesystem();
                let entry = files.read_directory_entry(entries).await;
                answer(&mut files, entry)
            })
        },
    )
}

/// What was left out later: permissions, which are ignored, and locks, which nobody had.
fn link_october(instance: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    type Opening = (Fd, PathFlags, String, OpenFlags, DescriptorFlags, Modes);
    instance.func_wrap_async(
        "[method]descriptor.open-at",
        |mut store: Store<'_>, (fd, look, path, how, flags, _): Opening| {
            Box::new(async move {
                let mut files = store.data_mut().filesystem();
                let opened = files.open_at(fd, look, path, how, flags).await;
                answer(&mut files, opened)
            })
        },
    )?;
    instance.func_wrap_async(
        "[method]descriptor.access-at",
        |mut store: Store<'_>, (fd, look, path, access): (Fd, PathFlags, String, Access)| {
            Box::new(async move {
                let mut files = store.data_mut().filesystem();
                let may = may_access(&mut files, &fd, look, path, access).await;
                answer(&mut files, may)
            })
        },
    )?;
    for name in ["change-file-permissions-at", "change-directory-permissions-at"] {
        let name = format!("[method]descriptor.{name}");
        instance.func_wrap(&name, |_: Store<'_>, _: (Fd, PathFlags, String, Modes)| Ok((unsupported(),)))?;
    }
    for name in ["lock-shared", "lock-exclusive", "try-lock-shared", "try-lock-exclusive", "unlock"] {
        instance.func_wrap(&format!("[method]descriptor.{name}"), |_: Store<'_>, (_,): (Fd,)| Ok((unsupported(),)))?;
    }
    Ok(())
}

fn unsupported() -> Result<(), ErrorCode> {
    Err(ErrorCode::Unsupported)
}

/// What is there can be read. It can be written where its directory can.
async fn may_access(
    files: &mut WasiFilesystemCtxView<'_>,
    fd: &Fd,
    look: PathFlags,
    path: String,
    access: Access,
) -> FsResult<()> {
    files.stat_at(Resource::new_borrow(fd.rep()), look, path).await?;
    let Access::Access(modes) = access else { return Ok(()) };
    let writable = files.get_flags(Resource::new_borrow(fd.rep())).await?.contains(DescriptorFlags::MUTATE_DIRECTORY);
    match modes {
        modes if modes.contains(Modes::EXECUTABLE) => Err(ErrorCode::Access.into()),
        modes if modes.contains(Modes::WRITABLE) && !writable => Err(ErrorCode::ReadOnly.into()),
        _ => Ok(()),
    }
}

fn answer<T>(files: &mut WasiFilesystemCtxView<'_>, done: FsResult<T>) -> Answer<T> {
    Ok((match done {
        Ok(value) => Ok(value),
        Err(error) => Err(files.convert_error_code(error)?),
    },))
}
