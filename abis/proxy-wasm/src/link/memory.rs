//! The guest's memory, from within a function of the host.

use wasmtime::{AsContextMut as _, Caller, ValRaw, bail};

use crate::state::State;
use crate::status::{Done, Status};

/// One call of a function of the host.
pub(crate) struct Call<'a>(Caller<'a, State>);

/// `length` bytes at `at`.
pub(super) fn bytes(memory: &[u8], at: u32, length: u32) -> Done<&[u8]> {
    let rest = memory.get(at as usize..).and_then(|rest| rest.get(..length as usize));
    rest.ok_or(Status::InvalidMemoryAccess.into())
}

impl<'a> Call<'a> {
    /// # Errors
    /// The guest was called to allocate memory, and may not call back: the host is amid something.
    pub(super) fn new(caller: Caller<'a, State>) -> wasmtime::Result<Self> {
        if caller.data().allocating {
            bail!("the guest calls its host from within its function to allocate memory");
        }
        Ok(Self(caller))
    }

    /// For what an allocator may call nevertheless: functions that never allocate.
    pub(super) fn anywhere(caller: Caller<'a, State>) -> Self {
        Self(caller)
    }

    pub(super) fn state(&mut self) -> &mut State {
        self.0.data_mut()
    }

    /// The memory beside the state.
    pub(super) fn split(&mut self) -> Done<(&mut [u8], &mut State)> {
        let memory = self.0.data().link.memory.ok_or(Status::InvalidMemoryAccess)?;
        Ok(memory.data_and_store_mut(&mut self.0))
    }

    pub(super) fn write(&mut self, at: u32, bytes: &[u8]) -> Done {
        let (memory, _) = self.split()?;
        let place = memory.get_mut(at as usize..).and_then(|rest| rest.get_mut(..bytes.len()));
        place.ok_or(Status::InvalidMemoryAccess)?.copy_from_slice(bytes);
        Ok(())
    }

    pub(super) fn write_u32(&mut self, at: u32, value: u32) -> Done {
        self.write(at, &value.to_le_bytes())
    }

    pub(super) fn write_u64(&mut self, at: u32, value: u64) -> Done {
        self.write(at, &value.to_le_bytes())
    }

    /// Gives the guest bytes in memory that it allocates, which are its own from then on. Where they are, and how many,
    /// goes where the last two say.
    pub(super) fn give(&mut self, bytes: &[u8], pointer_at: u32, size_at: u32) -> Done {
        let size = u32::try_from(bytes.len()).map_err(|_| Status::InvalidMemoryAccess)?;
        let mut at = 0;
        if size > 0 {
            at = self.allocate(size)?;
            self.write(at, bytes)?;
        }
        self.write_u32(pointer_at, at)?;
        self.write_u32(size_at, size)
    }

    fn allocate(&mut self, size: u32) -> Done<u32> {
        let allocate = self.0.data().link.allocate.ok_or(Status::InvalidMemoryAccess)?;
        let mut values = [ValRaw::u32(size)];
        self.state().allocating = true;
        // SAFETY: it was checked when the guest started that the function takes an i32 and returns one, which `values` has
        // room for, and it belongs to this store. `call` of the safe interface is refused while a fiber runs, since another
        // thread could go on with what is on this stack: all of it is `Send`, here and in every function of the host that
        // calls this.
        let called = unsafe { allocate.call_unchecked(self.0.as_context_mut(), &raw mut values[..]) };
        self.state().allocating = false;
        called?;
        match values[0].get_u32() {
            0 => Err(Status::InvalidMemoryAccess.into()),
            at => Ok(at),
        }
    }
}
