//! Handles to resources of the host.
//!
//! A handle is the resource's place in the store's table, and one: guests take 0 for no handle. The table knows what is
//! in each place, so a handle that the guest made up leads to something of its own or to an error.

use wasmtime::component::Resource;
use wasmtime::{Result, bail};

use super::{Core, Flat, Guest, Lift, Lower, Out, Value};

/// The handle that a guest is given for a resource.
pub(in crate::direct) fn handle<T>(resource: &Resource<T>) -> u32 {
    resource.rep().wrapping_add(1)
}

fn place(handle: u32) -> Result<u32> {
    match handle.checked_sub(1) {
        Some(place) => Ok(place),
        None => bail!("the guest gave 0 where it should have a handle"),
    }
}

impl<T: 'static> Value for Resource<T> {
    const SIZE: u32 = 4;
    const ALIGN: u32 = 4;
    const FLAT: usize = 1;

    fn flatten(into: &mut Vec<Core>) {
        into.push(Core::I32);
    }
}

impl<T> Lift for Resource<T> {
    fn lift(flat: &mut Flat<'_>, guest: &Guest<'_>) -> Result<Self> {
        Ok(guest.resource(place(flat.next_u32()?)?))
    }

    fn load(guest: &Guest<'_>, at: u32) -> Result<Self> {
        Ok(guest.resource(place(u32::load(guest, at)?)?))
    }
}

/// One that becomes the guest's.
impl<T> Lower for Resource<T> {
    fn lower(self) -> u64 {
        u64::from(handle(&self))
    }

    fn store(self, out: &mut Out<'_>, at: u32) -> Result<()> {
        handle(&self).store(out, at)
    }
}
