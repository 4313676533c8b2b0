//! Numbers, truth values, and nothing.

use wasmtime::Result;

use super::{Core, Flat, Guest, Lift, Lower, Out, Value};

macro_rules! integer {
    ($($ty:ident is $core:ident),*) => {$(
        impl Value for $ty {
            const SIZE: u32 = size_of::<$ty>() as u32;
            const ALIGN: u32 = Self::SIZE;
            const FLAT: usize = 1;

            fn flatten(into: &mut Vec<Core>) {
                into.push(Core::$core);
            }
        }

        impl Lift for $ty {
            #[expect(clippy::allow_attributes, reason = "one of the numbers is as long as core values")]
            #[allow(clippy::cast_possible_truncation, reason = "the specification says to take the low bits")]
            fn lift(flat: &mut Flat<'_>, _: &Guest<'_>) -> Result<Self> {
                Ok(flat.next()? as $ty)
            }

            fn load(guest: &Guest<'_>, at: u32) -> Result<Self> {
                Ok($ty::from_le_bytes(guest.array(at)?))
            }
        }

        impl Lower for $ty {
            fn lower(self) -> u64 {
                u64::from(self)
            }

            fn store(self, out: &mut Out<'_>, at: u32) -> Result<()> {
                out.write(at, &self.to_le_bytes())
            }
        }
    )*};
}

integer!(u8 is I32, u16 is I32, u32 is I32, u64 is I64);

impl Value for i32 {
    const SIZE: u32 = u32::SIZE;
    const ALIGN: u32 = u32::ALIGN;
    const FLAT: usize = 1;

    fn flatten(into: &mut Vec<Core>) {
        u32::flatten(into);
    }
}

impl Lift for i32 {
    fn lift(flat: &mut Flat<'_>, guest: &Guest<'_>) -> Result<Self> {
        Ok(u32::lift(flat, guest)?.cast_signed())
    }

    fn load(guest: &Guest<'_>, at: u32) -> Result<Self> {
        Ok(u32::load(guest, at)?.cast_signed())
    }
}

impl Lower for i32 {
    fn lower(self) -> u64 {
        self.cast_unsigned().lower()
    }

    fn store(self, out: &mut Out<'_>, at: u32) -> Result<()> {
        self.cast_unsigned().store(out, at)
    }
}

impl Value for bool {
    const SIZE: u32 = 1;
    const ALIGN: u32 = 1;
    const FLAT: usize = 1;

    fn flatten(into: &mut Vec<Core>) {
        into.push(Core::I32);
    }
}

impl Lift for bool {
    fn lift(flat: &mut Flat<'_>, _: &Guest<'_>) -> Result<Self> {
        Ok(flat.next_u32()? != 0)
    }

    fn load(guest: &Guest<'_>, at: u32) -> Result<Self> {
        Ok(u8::load(guest, at)? != 0)
    }
}

impl Lower for bool {
    fn lower(self) -> u64 {
        u64::from(self)
    }

    fn store(self, out: &mut Out<'_>, at: u32) -> Result<()> {
        u8::from(self).store(out, at)
    }
}

/// What a variant's case without a payload has, and a function that returns nothing.
impl Value for () {
    const SIZE: u32 = 0;
    const ALIGN: u32 = 1;
    const FLAT: usize = 0;

    fn flatten(_: &mut Vec<Core>) {}
}

impl Lift for () {
    fn lift(_: &mut Flat<'_>, _: &Guest<'_>) -> Result<Self> {
        Ok(())
    }

    fn load(_: &Guest<'_>, _: u32) -> Result<Self> {
        Ok(())
    }
}

impl Lower for () {
    fn store(self, _: &mut Out<'_>, _: u32) -> Result<()> {
        Ok(())
    }
}
