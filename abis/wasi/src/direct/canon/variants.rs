//! Variants, among them options and results: a number that says which case it is, and that case's payload.

use wasmtime::{Result, bail};

use super::{Core, Flat, Guest, Lift, Lower, Out, Value, align_to, larger};

/// The payloads of a variant taken together, as far as their sizes go.
#[derive(Clone, Copy)]
pub(in crate::direct) struct Join {
    pub(in crate::direct) size: u32,
    pub(in crate::direct) align: u32,
    pub(in crate::direct) flat: usize,
}

impl Join {
    pub(in crate::direct) const NONE: Self = Self { size: 0, align: 1, flat: 0 };

    #[must_use]
    pub(in crate::direct) const fn with<T: Value>(self) -> Self {
        Self {
            size: larger(self.size, T::SIZE),
            align: larger(self.align, T::ALIGN),
            flat: if self.flat > T::FLAT { self.flat } else { T::FLAT },
        }
    }

    /// Where the payload is. All variants here have fewer than 256 cases, so the number takes one byte.
    pub(in crate::direct) const fn offset(self) -> u32 {
        align_to(1, self.align)
    }

    /// The size of the variant.
    pub(in crate::direct) const fn whole(self) -> u32 {
        align_to(self.offset() + self.size, self.align)
    }
}

/// Adds the types of a payload to those of a variant, which begin at `start`.
pub(in crate::direct) fn flatten_case<T: Value>(into: &mut Vec<Core>, start: usize) {
    let mut case = Vec::with_capacity(T::FLAT);
    T::flatten(&mut case);
    for (number, ty) in case.into_iter().enumerate() {
        match into.get_mut(start + number) {
            Some(known) if *known == ty => {}
            Some(known) => *known = Core::I64,
            None => into.push(ty),
        }
    }
}

impl Flat<'_> {
    /// Which case it is, and where the values after the variant begin.
    pub(in crate::direct) fn case(&mut self, payload: usize) -> Result<(u32, usize)> {
        let case = self.next_u32()?;
        Ok((case, self.at + payload))
    }

    /// Leaves out what belongs to longer cases.
    pub(in crate::direct) fn skip_to(&mut self, end: usize) {
        self.at = end;
    }
}

pub(in crate::direct) fn no_such_case<T>(case: u32) -> Result<T> {
    bail!("the guest gave case {case} of a type that has fewer")
}

/// Says how an enum crosses whose cases are in the interface's own order: `lower` to the guest, `both` ways.
macro_rules! variant {
    (both $ty:ty { $($case:ident $(($value:ident: $payload:ty))?),* $(,)? }) => {
        $crate::direct::canon::variant!(lower $ty { $($case $(($value: $payload))?),* });

        const _: () = {
            use $crate::direct::canon::variants::{Join, no_such_case};
            use $crate::direct::canon::{Flat, Guest, Lift};

            const JOIN: Join = Join::NONE$($(.with::<$payload>())?)*;

            enum Number { $($case),* }

            impl Lift for $ty {
                fn lift(flat: &mut Flat<'_>, guest: &Guest<'_>) -> wasmtime::Result<Self> {
                    let (case, end) = flat.case(JOIN.flat)?;
                    let value = match case {
                        $(number if number == Number::$case as u32 => {
                            Self::$case $((<$payload>::lift(flat, guest)?))?
                        })*
                        other => return no_such_case(other),
                    };
                    let _ = guest;
                    flat.skip_to(end);
                    Ok(value)
                }

                fn load(guest: &Guest<'_>, at: u32) -> wasmtime::Result<Self> {
                    match u32::from(u8::load(guest, at)?) {
                        $(number if number == Number::$case as u32 => {
                            Ok(Self::$case $((<$payload>::load(guest, at + JOIN.offset())?))?)
                        })*
                        other => no_such_case(other),
                    }
                }
            }
        };
    };
    (lower $ty:ty { $($case:ident $(($value:ident: $payload:ty))?),* $(,)? }) => {
        const _: () = {
            #[allow(unused_imports, reason = "not every variant has payloads")]
            use $crate::direct::canon::variants::{Join, flatten_case};
            use $crate::direct::canon::{Core, Lower, Out, Value};

            const JOIN: Join = Join::NONE$($(.with::<$payload>())?)*;

            enum Number { $($case),* }

            impl Value for $ty {
                const SIZE: u32 = JOIN.whole();
                const ALIGN: u32 = JOIN.align;
                const FLAT: usize = 1 + JOIN.flat;

                fn flatten(into: &mut Vec<Core>) {
                    into.push(Core::I32);
                    let start = into.len();
                    let _ = start;
                    $($(flatten_case::<$payload>(into, start);)?)*
                }
            }

            impl Lower for $ty {
                fn lower(self) -> u64 {
                    match self {
                        $(Self::$case { .. } => Number::$case as u64,)*
                    }
                }

                fn store(self, out: &mut Out<'_>, at: u32) -> wasmtime::Result<()> {
                    match self {
                        $(Self::$case $(($value))? => {
                            (Number::$case as u8).store(out, at)?;
                            $(<$payload as Lower>::store($value, out, at + JOIN.offset())?;)?
                        })*
                    }
                    Ok(())
                }
            }
        };
    };
}

/// Says how a struct crosses both ways whose fields are in the interface's own order.
macro_rules! record {
    ($ty:ident { $($field:ident: $of:ty),* $(,)? }) => {
        const _: () = {
            use $crate::direct::canon::{Core, Flat, Guest, Lift, Lower, Out, Value};

            type Fields = ($($of,)*);

            impl Value for $ty {
                const SIZE: u32 = Fields::SIZE;
                const ALIGN: u32 = Fields::ALIGN;
                const FLAT: usize = Fields::FLAT;

                fn flatten(into: &mut Vec<Core>) {
                    Fields::flatten(into);
                }
            }

            impl Lift for $ty {
                fn lift(flat: &mut Flat<'_>, guest: &Guest<'_>) -> wasmtime::Result<Self> {
                    let ($($field,)*) = Fields::lift(flat, guest)?;
                    Ok(Self { $($field),* })
                }

                fn load(guest: &Guest<'_>, at: u32) -> wasmtime::Result<Self> {
                    let ($($field,)*) = Fields::load(guest, at)?;
                    Ok(Self { $($field),* })
                }
            }

            impl Lower for $ty {
                fn store(self, out: &mut Out<'_>, at: u32) -> wasmtime::Result<()> {
                    ($(self.$field,)*).store(out, at)
                }
            }
        };
    };
}

pub(in crate::direct) use {record, variant};

impl<T: Value> Value for Option<T> {
    const SIZE: u32 = Join::NONE.with::<T>().whole();
    const ALIGN: u32 = T::ALIGN;
    const FLAT: usize = 1 + T::FLAT;

    fn flatten(into: &mut Vec<Core>) {
        into.push(Core::I32);
        T::flatten(into);
    }
}

impl<T: Lift> Lift for Option<T> {
    fn lift(flat: &mut Flat<'_>, guest: &Guest<'_>) -> Result<Self> {
        let (case, end) = flat.case(T::FLAT)?;
        let value = match case {
            0 => None,
            1 => Some(T::lift(flat, guest)?),
            other => return no_such_case(other),
        };
        flat.skip_to(end);
        Ok(value)
    }

    fn load(guest: &Guest<'_>, at: u32) -> Result<Self> {
        match u8::load(guest, at)? {
            0 => Ok(None),
            1 => Ok(Some(T::load(guest, at + Join::NONE.with::<T>().offset())?)),
            other => no_such_case(other.into()),
        }
    }
}

impl<T: Lower> Lower for Option<T> {
    fn lower(self) -> u64 {
        u64::from(self.is_some())
    }

    fn store(self, out: &mut Out<'_>, at: u32) -> Result<()> {
        u8::from(self.is_some()).store(out, at)?;
        match self {
            Some(value) => value.store(out, at + Join::NONE.with::<T>().offset()),
            None => Ok(()),
        }
    }
}

impl<T: Value, E: Value> Value for Result<T, E> {
    const SIZE: u32 = Join::NONE.with::<T>().with::<E>().whole();
    const ALIGN: u32 = larger(T::ALIGN, E::ALIGN);
    const FLAT: usize = 1 + Join::NONE.with::<T>().with::<E>().flat;

    fn flatten(into: &mut Vec<Core>) {
        into.push(Core::I32);
        let start = into.len();
        flatten_case::<T>(into, start);
        flatten_case::<E>(into, start);
    }
}

impl<T: Lift, E: Lift> Lift for Result<T, E> {
    fn lift(flat: &mut Flat<'_>, guest: &Guest<'_>) -> Result<Self> {
        let (case, end) = flat.case(Self::FLAT - 1)?;
        let value = match case {
            0 => Ok(T::lift(flat, guest)?),
            1 => Err(E::lift(flat, guest)?),
            other => return no_such_case(other),
        };
        flat.skip_to(end);
        Ok(value)
    }

    fn load(guest: &Guest<'_>, at: u32) -> Result<Self> {
        let payload = at + Join::NONE.with::<T>().with::<E>().offset();
        match u8::load(guest, at)? {
            0 => Ok(Ok(T::load(guest, payload)?)),
            1 => Ok(Err(E::load(guest, payload)?)),
            other => no_such_case(other.into()),
        }
    }
}

impl<T: Lower, E: Lower> Lower for Result<T, E> {
    fn lower(self) -> u64 {
        u64::from(self.is_err())
    }

    fn heap(&self) -> Option<(u32, u32)> {
        self.as_ref().ok().and_then(Lower::heap)
    }

    fn store(self, out: &mut Out<'_>, at: u32) -> Result<()> {
        u8::from(self.is_err()).store(out, at)?;
        let payload = at + Join::NONE.with::<T>().with::<E>().offset();
        match self {
            Ok(value) => value.store(out, payload),
            Err(error) => error.store(out, payload),
        }
    }
}
