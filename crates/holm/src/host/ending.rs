//! What an error of a function of the host means for the instance that called it.

use std::sync::Arc;

use holm_abi::{Error, HostFunction};

/// The same function, whose errors say that they ended a guest: it was in the midst of calling it.
pub(crate) fn ending(function: HostFunction) -> HostFunction {
    match function {
        HostFunction::Now(function) => {
            HostFunction::Now(Arc::new(move |caller, args| function(caller, args).map_err(Error::ending)))
        }
        HostFunction::Later(function) => HostFunction::Later(Arc::new(move |caller, args| {
            let answer = function(caller, args);
            Box::pin(async move { answer.await.map_err(Error::ending) })
        })),
    }
}
