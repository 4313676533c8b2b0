//! Functions from text or bytes to text or bytes, which are most of what plugins have: their types are checked once, and
//! what they are given is copied as it is.

use holm_abi::{Datum, Error, Kind};
use wasmtime::Store;
use wasmtime::component::{ComponentNamedList, Func, Lift, Lower, TypedFunc};

/// How a function is called.
#[derive(Clone, Copy)]
pub(super) enum Way {
    Text(TypedFunc<(String,), (String,)>),
    Bytes(TypedFunc<(Vec<u8>,), (Vec<u8>,)>),
    TextToBytes(TypedFunc<(String,), (Vec<u8>,)>),
    BytesToText(TypedFunc<(Vec<u8>,), (String,)>),
    /// Whatever it takes, looked at value by value.
    Any(Func),
}

impl Way {
    /// The best for this function. Functions that may wait for other tasks of the guest have only one.
    pub(super) fn of<T>(store: &Store<T>, function: Func) -> Self {
        if store.engine().get_concurrency_support() {
            return Self::Any(function);
        }
        (function.typed(store).map(Self::Text))
            .or_else(|_| function.typed(store).map(Self::Bytes))
            .or_else(|_| function.typed(store).map(Self::TextToBytes))
            .or_else(|_| function.typed(store).map(Self::BytesToText))
            .unwrap_or(Self::Any(function))
    }
}

/// Calls a function whose types were checked.
pub(super) async fn call<T, P: Carried, R: Carried>(
    function: TypedFunc<(P,), (R,)>,
    store: &mut Store<T>,
    args: Vec<Datum>,
) -> wasmtime::Result<Vec<Datum>>
where
    T: Send + 'static,
    (P,): ComponentNamedList + Lower,
    (R,): ComponentNamedList + Lift,
{
    let arg = args.into_iter().next().and_then(P::take).ok_or_else(unfit)?;
    let (returned,) = function.call_async(store, (arg,)).await?;
    Ok(vec![returned.give()])
}

/// A type that is carried as it is.
pub(super) trait Carried: Sized + Send + Sync + 'static {
    fn take(datum: Datum) -> Option<Self>;
    fn give(self) -> Datum;
}

impl Carried for String {
    fn take(datum: Datum) -> Option<Self> {
        if let Datum::Text(text) = datum { Some(text) } else { None }
    }

    fn give(self) -> Datum {
        Datum::Text(self)
    }
}

impl Carried for Vec<u8> {
    fn take(datum: Datum) -> Option<Self> {
        if let Datum::Bytes(bytes) = datum { Some(bytes) } else { None }
    }

    fn give(self) -> Datum {
        Datum::Bytes(self)
    }
}

fn unfit() -> Error {
    Error::new(Kind::Usage, "text where bytes were expected, or bytes where text was")
}
