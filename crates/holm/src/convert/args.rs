//! All arguments of a call, and all results.

use holm_abi::{Datum, Function, Type};

use super::{FromGuest, ToGuest};

/// The arguments of a call: one value, or a tuple of up to eight, `()` being none.
pub trait Args {
    /// The arguments as `function` takes them.
    ///
    /// # Errors
    /// Says which of them does not fit.
    fn give(self, function: &Function) -> Result<Vec<Datum>, String>;
}

/// What a call returns: one value, `()` for none (or one that is of no interest), or a tuple of what a core module with
/// several results has.
pub trait Results: Sized {
    /// Whether a guest's `result` is taken as it is, where it can be, or else its value.
    const WHOLE: bool = true;

    /// Takes the results of a function.
    ///
    /// # Errors
    /// Says why they are not of this type.
    fn take(results: Vec<Datum>) -> Result<Self, String>;
}

impl<T: ToGuest> Args for T {
    fn give(self, function: &Function) -> Result<Vec<Datum>, String> {
        count(function, 1)?;
        let (name, ty) = function.params.first().ok_or("it takes nothing")?;
        self.to_guest(ty).map(|datum| vec![datum]).map_err(|why| format!("`{name}`: {why}"))
    }
}

impl Args for () {
    fn give(self, function: &Function) -> Result<Vec<Datum>, String> {
        count(function, 0)?;
        Ok(Vec::new())
    }
}

macro_rules! tuples {
    ($($count:literal: $($name:ident)*;)*) => {$(
        impl<$($name: ToGuest),*> Args for ($($name,)*) {
            fn give(self, function: &Function) -> Result<Vec<Datum>, String> {
                count(function, $count)?;
                let mut params = function.params.iter();
                #[allow(non_snake_case, reason = "a variable for each type parameter")]
                let ($($name,)*) = self;
                Ok(vec![$({
                    let (name, ty) = next(&mut params)?;
                    $name.to_guest(ty).map_err(|why| format!("`{name}`: {why}"))?
                }),*])
            }
        }
    )*};
}

tuples! {
    1: A;
    2: A B;
    3: A B C;
    4: A B C D;
    5: A B C D E;
    6: A B C D E F;
    7: A B C D E F G;
    8: A B C D E F G H;
}

fn next<'a>(params: &mut impl Iterator<Item = &'a (String, Type)>) -> Result<&'a (String, Type), String> {
    params.next().ok_or_else(|| "it takes fewer".to_owned())
}

/// A function of bytes may be called without any, which is the same as none of them.
pub(super) fn count(function: &Function, given: usize) -> Result<(), String> {
    let takes = function.params.len();
    if takes == given || (function.raw && given == 0) {
        return Ok(());
    }
    Err(format!("it takes {takes} arguments and was given {given}: {}", function.signature))
}

impl<T: FromGuest> Results for T {
    fn take(results: Vec<Datum>) -> Result<Self, String> {
        results.into_iter().next().map_or_else(T::from_nothing, T::from_guest)
    }
}

macro_rules! results {
    ($($($name:ident)*;)*) => {$(
        impl<$($name: FromGuest),*> Results for ($($name,)*) {
            fn take(results: Vec<Datum>) -> Result<Self, String> {
                let count = results.len();
                let mut results = results.into_iter();
                let mut next = || results.next().ok_or_else(|| format!("it returns only {count}"));
                Ok(($($name::from_guest(next()?)?,)*))
            }
        }
    )*};
}

results! {
    A B;
    A B C;
    A B C D;
}
