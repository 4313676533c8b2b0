//! Closures as functions of the host.

use std::sync::Arc;

use holm_abi::{Caller, Datum, Error, HostFunction, Kind, Type};

use super::Call;
use crate::convert::{FromGuest, GuestType, ToGuest};

/// A closure that plugins can call: `Fn(&Call, A, B, …) -> R` with up to six arguments.
///
/// Arguments and the result are of types that guests have: [`GuestType`]. A result of `()` is none. A result of
/// `Result<R, holm::Error>` ends the plugin's call with that error; what a plugin is to be told of itself is an ordinary
/// value, which for components may be a `Result` with another error.
pub trait HostFn<Signature>: Send + Sync + 'static {
    /// The types of the parameters.
    fn params() -> Vec<Type>;
    /// The type of the result, if there is one.
    fn results() -> Vec<Type>;
    /// The closure as what an ABI calls.
    fn function(self) -> HostFunction;
}

/// A closure that plugins can call, and whose answer they wait for: `Fn(Call, A, B, …) -> impl Future<Output = R>`. As
/// [`HostFn`] otherwise.
pub trait HostFnAsync<Signature>: Send + Sync + 'static {
    /// The types of the parameters.
    fn params() -> Vec<Type>;
    /// The type of the result, if there is one.
    fn results() -> Vec<Type>;
    /// The closure as what an ABI calls.
    fn function(self) -> HostFunction;
}

/// What a function of the host may return.
pub trait Returned {
    /// Its type, if it is anything.
    fn types() -> Vec<Type>;
    /// It, as a guest has it.
    ///
    /// # Errors
    /// It ends the plugin's call.
    fn give(self) -> Result<Vec<Datum>, Error>;
}

impl Returned for () {
    fn types() -> Vec<Type> {
        Vec::new()
    }

    fn give(self) -> Result<Vec<Datum>, Error> {
        Ok(Vec::new())
    }
}

impl<T: ToGuest + GuestType> Returned for T {
    fn types() -> Vec<Type> {
        vec![T::guest_type()]
    }

    fn give(self) -> Result<Vec<Datum>, Error> {
        let unfit = |why| Error::new(Kind::Internal, format!("a function of the host returned {why}"));
        Ok(vec![self.to_guest(&T::guest_type()).map_err(unfit)?])
    }
}

impl<T: Returned> Returned for Result<T, Error> {
    fn types() -> Vec<Type> {
        T::types()
    }

    fn give(self) -> Result<Vec<Datum>, Error> {
        self?.give()
    }
}

fn argument<T: FromGuest>(args: &mut std::vec::IntoIter<Datum>) -> Result<T, Error> {
    let missing = || Error::new(Kind::Internal, "a function of the host was called with too few arguments");
    T::from_guest(args.next().ok_or_else(missing)?)
        .map_err(|why| Error::new(Kind::Trap, format!("it gave a function of the host {why}")))
}

macro_rules! functions {
    ($($($name:ident)*;)*) => {$(
        impl<F, R, $($name),*> HostFn<(R, $($name,)*)> for F
        where
            F: Fn(&Call, $($name),*) -> R + Send + Sync + 'static,
            R: Returned,
            $($name: FromGuest + GuestType,)*
        {
            fn params() -> Vec<Type> {
                vec![$($name::guest_type()),*]
            }

            fn results() -> Vec<Type> {
                R::types()
            }

            fn function(self) -> HostFunction {
                #[allow(unused_variables, unused_mut, reason = "without arguments there is nothing to take")]
                HostFunction::Now(Arc::new(move |caller: &Caller, args: Vec<Datum>| {
                    let mut args = args.into_iter();
                    self(&Call::of(caller), $(argument::<$name>(&mut args)?),*).give()
                }))
            }
        }

        impl<F, O, R, $($name),*> HostFnAsync<(R, O, $($name,)*)> for F
        where
            F: Fn(Call, $($name),*) -> O + Send + Sync + 'static,
            O: Future<Output = R> + Send + 'static,
            R: Returned,
            $($name: FromGuest + GuestType,)*
        {
            fn params() -> Vec<Type> {
                vec![$($name::guest_type()),*]
            }

            fn results() -> Vec<Type> {
                R::types()
            }

            fn function(self) -> HostFunction {
                let this = Arc::new(self);
                #[allow(unused_variables, unused_mut, reason = "without arguments there is nothing to take")]
                HostFunction::Later(Arc::new(move |caller: Caller, args: Vec<Datum>| {
                    let mut args = args.into_iter();
                    #[allow(clippy::redundant_closure_call, reason = "`?` needs something to return from")]
                    let started = (|| Ok(this(Call::of(&caller), $(argument::<$name>(&mut args)?),*)))();
                    Box::pin(async move { started?.await.give() })
                }))
            }
        }
    )*};
}

functions! {
    ;
    A;
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E G;
}
