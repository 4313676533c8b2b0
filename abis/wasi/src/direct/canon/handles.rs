//! Handles to resources of the host.
//!
//! A handle is the resource's place in the store's table, and one: guests take 0 for no handle. The table knows what is
//! in each place, so a handle that the guest made up leads to something of its own or to an error.

use wasmtime::component::Resource;
use wasmtime::{Result, bail};

use super::{Core, Flat, Guest, Lift, Lower, Out, Value};

/// A handle that the guest gives away.
pub(in crate::direct) struct Own<T: 'static>(pub(in crate::direct) Resource<T>);

/// A handle that the guest lends for the call.
pub(in crate::direct) struct Borrow<T: 'static>(pub(in crate::direct) Resource<T>);

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

macro_rules! index {
    ($($ty:ident),*) => {$(
        impl<T: 'static> Value for $ty<T> {
            const SIZE: u32 = 4;
            const ALIGN: u32 = 4;
            const FLAT: usize = 1;

            fn flatten(into: &mut Vec<Core>) {
                into.push(Core::I32);
            }
        }
    )*};
}

index!(Own, Borrow, Resource);

impl<T> Lift for Own<T> {
    fn lift(flat: &mut Flat<'_>, _: &Guest<'_>) -> Result<Self> {
        Ok(Self(Resource::new_own(place(flat.next_u32()?)?)))
    }

    fn load(guest: &Guest<'_>, at: u32) -> Result<Self> {
        Ok(Self(Resource::new_own(place(u32::load(guest, at)?)?)))
    }
}

impl<T> Lift for Borrow<T> {
    fn lift(flat: &mut Flat<'_>, _: &Guest<'_>) -> Result<Self> {
        Ok(Self(Resource::new_borrow(place(flat.next_u32()?)?)))
    }

    fn load(guest: &Guest<'_>, at: u32) -> Result<Self> {
        Ok(Self(Resource::new_borrow(place(u32::load(guest, at)?)?)))
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
