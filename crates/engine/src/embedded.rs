//! Code in the middle of a file: that of a program which carries its guest with it.

use std::fs::File;
use std::io;
use std::ptr::NonNull;
use std::sync::Arc;

use rustix::mm::{MapFlags, MprotectFlags, ProtFlags};
use wasmtime::component::Component;
use wasmtime::{CustomCodeMemory, Engine, Module};

use crate::artifact::Meta;
use crate::code::Code;
use crate::shape::Form;

/// Where embedded code may begin: at a multiple of this, which is the largest page that an operating system maps by.
pub const EMBEDDED_ALIGNMENT: u64 = 64 << 10;

/// Code that lies in a file among other things.
#[derive(Clone)]
pub struct Embedded {
    name: String,
    meta: Meta,
    file: Arc<File>,
    start: u64,
    length: u64,
}

impl Embedded {
    /// The code in the `length` bytes of `file` from `start` on, which is a multiple of [`EMBEDDED_ALIGNMENT`]. `name` is for
    /// messages.
    ///
    /// # Safety
    /// These bytes are run as native code: they must be the ones that [`crate::Loader::code_of`] returned together with
    /// `meta`, and nobody may change them in place as long as this process runs.
    pub unsafe fn new(name: String, meta: Meta, file: File, start: u64, length: u64) -> Self {
        Self { name, meta, file: Arc::new(file), start, length }
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it was made from, and how.
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// Maps the code, for as long as the process runs. `engine` has [`Mapped`].
    pub(crate) fn load(&self, engine: &Engine) -> wasmtime::Result<Code> {
        let image = self.map()?;
        // SAFETY: whoever made this vouches for the bytes and that they stay as they are; the mapping is never undone.
        unsafe {
            Ok(match self.meta.settings.form(self.meta.shape.form) {
                Form::Module => Code::Module(Module::deserialize_raw(engine, image)?),
                Form::Component => Code::Component(Component::deserialize_raw(engine, image)?),
            })
        }
    }

    fn map(&self) -> io::Result<NonNull<[u8]>> {
        let length = usize::try_from(self.length).map_err(|_| io::ErrorKind::FileTooLarge)?;
        if !self.start.is_multiple_of(EMBEDDED_ALIGNMENT) || length == 0 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the code does not begin at a page"));
        }
        let null = std::ptr::null_mut();
        // SAFETY: the system chooses the place, so nothing that is mapped already changes.
        let start =
            unsafe { rustix::mm::mmap(null, length, ProtFlags::READ, MapFlags::PRIVATE, &*self.file, self.start)? };
        let start = NonNull::new(start.cast()).ok_or_else(|| io::Error::other("mapped nowhere"))?;
        Ok(NonNull::slice_from_raw_parts(start, length))
    }
}

/// How an engine makes code executable that it did not map itself.
pub(crate) struct Mapped;

impl CustomCodeMemory for Mapped {
    fn required_alignment(&self) -> usize {
        rustix::param::page_size()
    }

    fn publish_executable(&self, code: *const u8, length: usize) -> wasmtime::Result<()> {
        Ok(protect(code, length, MprotectFlags::READ | MprotectFlags::EXEC)?)
    }

    fn unpublish_executable(&self, code: *const u8, length: usize) -> wasmtime::Result<()> {
        Ok(protect(code, length, MprotectFlags::READ)?)
    }
}

fn protect(code: *const u8, length: usize, to: MprotectFlags) -> io::Result<()> {
    // SAFETY: the engine names the pages of a piece of code that it is about to run for the first time, or has run for the
    // last; nobody writes to them before or after.
    unsafe { rustix::mm::mprotect(code.cast_mut().cast(), length, to) }?;
    Ok(())
}
