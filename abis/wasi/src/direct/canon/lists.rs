//! Strings, lists and tuples.

use wasmtime::{Result, bail};

use super::{Core, Flat, Guest, Lift, Lower, Out, Value, align_to, larger};

/// Pointer and length.
macro_rules! list {
    ($(($($generic:ident)?) $ty:ty),*) => {$(
        impl<$($generic)?> Value for $ty {
            const SIZE: u32 = 8;
            const ALIGN: u32 = 4;
            const FLAT: usize = 2;

            fn flatten(into: &mut Vec<Core>) {
                into.extend([Core::I32, Core::I32]);
            }
        }
    )*};
}

list!((T) Vec<T>, () String);

/// The element of a list.
pub(in crate::direct) trait Element: Value {
    fn lift_all(guest: &Guest<'_>, at: u32, length: u32) -> Result<Vec<Self>>
    where
        Self: Lift,
    {
        guest.elements(at, length, Self::SIZE, Self::ALIGN)?.map(|at| Self::load(guest, at)).collect()
    }

    fn store_all(all: Vec<Self>, out: &mut Out<'_>) -> Result<(u32, u32)>
    where
        Self: Lower,
    {
        let length = length(all.len(), Self::SIZE)?;
        let start = out.allocate(length * Self::SIZE, Self::ALIGN)?;
        for (element, number) in all.into_iter().zip(0..) {
            element.store(out, start + number * Self::SIZE)?;
        }
        Ok((start, length))
    }
}

impl Element for u8 {
    fn lift_all(guest: &Guest<'_>, at: u32, length: u32) -> Result<Vec<u8>> {
        Ok(guest.bytes(at, length)?.to_vec())
    }

    fn store_all(all: Vec<u8>, out: &mut Out<'_>) -> Result<(u32, u32)> {
        store_bytes(&all, out)
    }
}

impl Element for u32 {}
impl Element for String {}
impl<T> Element for wasmtime::component::Resource<T> {}
impl<T: Element> Element for Vec<T> {}
impl<A: Value, B: Value> Element for (A, B) {}

fn length(elements: usize, size: u32) -> Result<u32> {
    match u32::try_from(elements) {
        Ok(length) if length.checked_mul(size).is_some() => Ok(length),
        _ => bail!("a list of {elements} elements is too long for a guest"),
    }
}

fn store_bytes(bytes: &[u8], out: &mut Out<'_>) -> Result<(u32, u32)> {
    let length = length(bytes.len(), 1)?;
    let start = out.allocate(length, 1)?;
    out.write(start, bytes)?;
    Ok((start, length))
}

fn text(guest: &Guest<'_>, at: u32, length: u32) -> Result<String> {
    match std::str::from_utf8(guest.bytes(at, length)?) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => bail!("the guest gave a string that is not UTF-8"),
    }
}

impl<T: Element + Lift> Lift for Vec<T> {
    fn lift(flat: &mut Flat<'_>, guest: &Guest<'_>) -> Result<Self> {
        T::lift_all(guest, flat.next_u32()?, flat.next_u32()?)
    }

    fn load(guest: &Guest<'_>, at: u32) -> Result<Self> {
        T::lift_all(guest, u32::load(guest, at)?, u32::load(guest, at + 4)?)
    }
}

impl<T: Element + Lower> Lower for Vec<T> {
    fn heap(&self) -> Option<(u32, u32)> {
        Some((u32::try_from(self.len()).ok()?.checked_mul(T::SIZE)?, T::ALIGN))
    }

    fn store(self, out: &mut Out<'_>, at: u32) -> Result<()> {
        T::store_all(self, out)?.store(out, at)
    }
}

impl Lift for String {
    fn lift(flat: &mut Flat<'_>, guest: &Guest<'_>) -> Result<Self> {
        text(guest, flat.next_u32()?, flat.next_u32()?)
    }

    fn load(guest: &Guest<'_>, at: u32) -> Result<Self> {
        text(guest, u32::load(guest, at)?, u32::load(guest, at + 4)?)
    }
}

impl Lower for String {
    fn store(self, out: &mut Out<'_>, at: u32) -> Result<()> {
        store_bytes(self.as_bytes(), out)?.store(out, at)
    }
}

/// Tuples and records, and the parameters of functions.
macro_rules! tuple {
    ($(($($ty:ident $field:tt),+))*) => {$(
        impl<$($ty: Value),+> Value for ($($ty,)+) {
            const SIZE: u32 = {
                let end = 0;
                $(let end = align_to(end, $ty::ALIGN) + $ty::SIZE;)+
                align_to(end, Self::ALIGN)
            };
            const ALIGN: u32 = {
                let most = 1;
                $(let most = larger(most, $ty::ALIGN);)+
                most
            };
            const FLAT: usize = 0 $(+ $ty::FLAT)+;

            fn flatten(into: &mut Vec<Core>) {
                $($ty::flatten(into);)+
            }
        }

        impl<$($ty: Lift),+> Lift for ($($ty,)+) {
            fn lift(flat: &mut Flat<'_>, guest: &Guest<'_>) -> Result<Self> {
                Ok(($($ty::lift(flat, guest)?,)+))
            }

            fn load(guest: &Guest<'_>, at: u32) -> Result<Self> {
                let mut end = at;
                let all = ($({
                    let at = align_to(end, $ty::ALIGN);
                    end = at.wrapping_add($ty::SIZE);
                    $ty::load(guest, at)?
                },)+);
                // Nothing comes after the last.
                let _ = end;
                Ok(all)
            }
        }

        impl<$($ty: Lower),+> Lower for ($($ty,)+) {
            fn store(self, out: &mut Out<'_>, at: u32) -> Result<()> {
                let end = at;
                $(
                    let at = align_to(end, $ty::ALIGN);
                    self.$field.store(out, at)?;
                    #[allow(unused_variables, reason = "nothing comes after the last")]
                    let end = at.wrapping_add($ty::SIZE);
                )+
                Ok(())
            }
        }
    )*};
}

tuple! {
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7)
}
