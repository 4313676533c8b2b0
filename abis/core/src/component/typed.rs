//! Functions from text or bytes to text or bytes, which are most of what plugins have: their types are checked once, and
//! what they are given is copied as it is.

use std::sync::Arc;

use async_trait::async_trait;
use holm_abi::{Datum, Error, Kind};
use wasmtime::Store;
use wasmtime::component::{ComponentNamedList, Func, Lift, Lower, TypedFunc};

/// A function whose types were checked.
#[async_trait]
pub(super) trait Typed<T>: Send + Sync {
    /// Calls it.
    async fn call(&self, store: &mut Store<T>, args: Vec<Datum>) -> wasmtime::Result<Vec<Datum>>;
}

/// The way to call a function of these types, if it has one. Functions that may wait for other tasks of the guest have
/// none.
pub(super) fn typed<T: Send + 'static>(store: &Store<T>, function: Func) -> Option<Arc<dyn Typed<T>>> {
    if store.engine().get_concurrency_support() {
        return None;
    }
    one::<T, String, String>(store, function)
        .or_else(|| one::<T, Vec<u8>, Vec<u8>>(store, function))
        .or_else(|| one::<T, String, Vec<u8>>(store, function))
        .or_else(|| one::<T, Vec<u8>, String>(store, function))
}

fn one<T: Send + 'static, P: Carried, R: Carried>(store: &Store<T>, function: Func) -> Option<Arc<dyn Typed<T>>>
where
    (P,): ComponentNamedList + Lower,
    (R,): ComponentNamedList + Lift,
{
    Some(Arc::new(function.typed::<(P,), (R,)>(store).ok()?))
}

/// A type that is carried as it is.
trait Carried: Sized + Send + Sync + 'static {
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

#[async_trait]
impl<T: Send + 'static, P: Carried, R: Carried> Typed<T> for TypedFunc<(P,), (R,)>
where
    (P,): ComponentNamedList + Lower,
    (R,): ComponentNamedList + Lift,
{
    async fn call(&self, store: &mut Store<T>, args: Vec<Datum>) -> wasmtime::Result<Vec<Datum>> {
        let arg = args.into_iter().next().and_then(P::take).ok_or_else(unfit)?;
        let (returned,) = self.call_async(store, (arg,)).await?;
        Ok(vec![returned.give()])
    }
}

fn unfit() -> Error {
    Error::new(Kind::Usage, "text where bytes were expected, or bytes where text was")
}
