//! A guest's memory, from both sides.

use std::cell::Cell;

use wasmtime::component::Resource;
use wasmtime::{AsContextMut as _, Caller, Result, Val, ValRaw, bail};

use super::{Flat, Value};
use crate::direct::link::Wiring;
use crate::state::State;

/// The most bytes that one call may make the host copy. Lists may overlap, so the size of the memory is no bound.
const MOST_COPIED: usize = 128 << 20;

/// A guest's memory, while the host reads what it was called with.
pub(in crate::direct) struct Guest<'a> {
    memory: &'a [u8],
    left: Cell<usize>,
    /// The next handle is lent, not given away.
    lent: Cell<bool>,
}

impl<'a> Guest<'a> {
    /// `method`: the first handle of the call is lent.
    pub(in crate::direct) fn new(memory: &'a [u8], method: bool) -> Self {
        Self { memory, left: Cell::new(MOST_COPIED), lent: Cell::new(method) }
    }

    /// The resource at a place in the store's table. What waits for one that was given away ends it as well.
    pub(super) fn resource<T: 'static>(&self, place: u32) -> Resource<T> {
        match self.lent.replace(false) {
            true => Resource::new_borrow(place),
            false => Resource::new_own(place),
        }
    }

    /// `length` bytes that the host will copy.
    pub(super) fn bytes(&self, at: u32, length: u32) -> Result<&'a [u8]> {
        let range = at as usize..at as usize + length as usize;
        match self.memory.get(range) {
            Some(bytes) => self.pay(bytes.len()).map(|()| bytes),
            None => bail!("the guest gave a pointer to {length} bytes at {at}, outside of its memory"),
        }
    }

    pub(super) fn array<const N: usize>(&self, at: u32) -> Result<[u8; N]> {
        match self.memory.get(at as usize..).and_then(|rest| rest.first_chunk()) {
            Some(bytes) => Ok(*bytes),
            None => bail!("the guest gave a pointer to {N} bytes at {at}, outside of its memory"),
        }
    }

    /// The address that the next value says, where a result of this type goes.
    pub(in crate::direct) fn place<R: Value>(&self, flat: &mut Flat<'_>) -> Result<u32> {
        let at = flat.next_u32()?;
        if !at.is_multiple_of(R::ALIGN) || u64::from(at) + u64::from(R::SIZE) > self.memory.len() as u64 {
            bail!("the guest gave {at} as the place for a result, which is not {} bytes of its memory", R::SIZE);
        }
        Ok(at)
    }

    /// The addresses of a list's elements, which are checked to be in memory.
    pub(super) fn elements(&self, at: u32, length: u32, size: u32, align: u32) -> Result<impl Iterator<Item = u32>> {
        let bytes = u64::from(length) * u64::from(size);
        if !at.is_multiple_of(align) {
            bail!("the guest gave a list at {at}, which is no multiple of {align}");
        }
        if u64::from(at) + bytes > self.memory.len() as u64 {
            bail!("the guest gave a list of {length} elements at {at}, outside of its memory");
        }
        self.pay(usize::try_from(bytes)?)?;
        Ok((0..length).map(move |number| at + number * size))
    }

    fn pay(&self, bytes: usize) -> Result<()> {
        match self.left.get().checked_sub(bytes) {
            Some(left) => self.left.set(left),
            None => bail!("the guest gave more than {MOST_COPIED} bytes in one call"),
        }
        Ok(())
    }
}

/// A guest's memory, while the host writes what a call returns.
pub(in crate::direct) struct Out<'a> {
    caller: Caller<'a, State>,
    link: Wiring,
    /// Memory that was allocated already, for where the guest cannot be called.
    allocated: Option<u32>,
}

impl<'a> Out<'a> {
    pub(in crate::direct) fn new(caller: Caller<'a, State>, link: Wiring) -> Self {
        Self { caller, link, allocated: None }
    }

    /// Within a function that may wait, where the guest can be called only by waiting for it: with memory for a value
    /// ([`Lower::heap`](super::Lower::heap)).
    pub(in crate::direct) async fn with_room(
        mut caller: Caller<'a, State>,
        link: Wiring,
        heap: Option<(u32, u32)>,
    ) -> Result<Self> {
        let Some((size, align)) = heap else { return Ok(Self::new(caller, link)) };
        let params = [0, 0, align, size].map(|value| Val::I32(value.cast_signed()));
        let mut results = [Val::I32(0)];
        let realloc = link.realloc()?;
        caller.data_mut().direct.leave()?;
        let called = realloc.call_async(&mut caller, &params, &mut results).await;
        caller.data_mut().direct.come_back();
        called?;
        let at = results[0].i32().unwrap_or_default().cast_unsigned();
        let mut out = Self::new(caller, link);
        out.allocated = Some(out.check(at, size, align)?);
        Ok(out)
    }

    pub(super) fn write(&mut self, at: u32, bytes: &[u8]) -> Result<()> {
        let memory = self.link.memory()?.data_mut(&mut self.caller);
        match memory.get_mut(at as usize..).and_then(|rest| rest.get_mut(..bytes.len())) {
            Some(place) => place.copy_from_slice(bytes),
            None => bail!("the guest gave a pointer to {} bytes at {at}, outside of its memory", bytes.len()),
        }
        Ok(())
    }

    /// Has the guest allocate `size` bytes.
    pub(super) fn allocate(&mut self, size: u32, align: u32) -> Result<u32> {
        if let Some(at) = self.allocated.take() {
            return Ok(at);
        }
        let realloc = self.link.realloc()?;
        let mut values = [ValRaw::u32(0), ValRaw::u32(0), ValRaw::u32(align), ValRaw::u32(size)];
        self.caller.data_mut().direct.leave()?;
        // SAFETY: `Wiring::new` checked that the function takes four i32 and returns one, which `values` has room for, and
        // that it belongs to this store. `call` of the safe interface is refused while a fiber runs, since another
        // thread could go on with what is on this stack: all of it is `Send`, as the engine's own calls of this
        // function rely on too.
        let called = unsafe { realloc.call_unchecked(self.caller.as_context_mut(), &raw mut values[..]) };
        self.caller.data_mut().direct.come_back();
        called?;
        self.check(values[0].get_u32(), size, align)
    }

    fn check(&self, at: u32, size: u32, align: u32) -> Result<u32> {
        let memory = self.link.memory()?.data_size(&self.caller);
        if !at.is_multiple_of(align) || at as usize + size as usize > memory {
            bail!("the guest's function to allocate memory returned {at}, which is not {size} bytes of its memory");
        }
        Ok(at)
    }
}
