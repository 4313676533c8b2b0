//! Which type of a guest's a type of Rust's is.

use holm_abi::Type;

/// A type of Rust's that is one of a guest's, so that functions of the host have a signature.
pub trait GuestType {
    /// The guest's type.
    fn guest_type() -> Type;
}

macro_rules! types {
    ($($rust:ty => $guest:expr),* $(,)?) => {$(
        impl GuestType for $rust {
            fn guest_type() -> Type {
                $guest
            }
        }
    )*};
}

types! {
    bool => Type::BOOL, char => Type::CHAR,
    i8 => Type::S8, i16 => Type::S16, i32 => Type::S32, i64 => Type::S64,
    u8 => Type::U8, u16 => Type::U16, u32 => Type::U32, u64 => Type::U64,
    f32 => Type::F32, f64 => Type::F64,
    String => Type::STRING, &str => Type::STRING,
    Vec<u8> => Type::list(Type::U8), &[u8] => Type::list(Type::U8),
    Vec<String> => Type::list(Type::STRING),
}

impl<T: GuestType> GuestType for Option<T> {
    fn guest_type() -> Type {
        Type::option(T::guest_type())
    }
}

impl<T: GuestType, E: GuestType> GuestType for Result<T, E> {
    fn guest_type() -> Type {
        Type::result(Some(T::guest_type()), Some(E::guest_type()))
    }
}

impl<E: GuestType> GuestType for Result<(), E> {
    fn guest_type() -> Type {
        Type::result(None, Some(E::guest_type()))
    }
}
