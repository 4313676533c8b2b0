//! Guests that have the host keep ever more for them.

use std::mem::forget;

use wasip3::http::types::{Fields, Response};
use wasip3::{wit_future, wit_stream};

use crate::reply::text;

/// Has ever more of `what`, until the host has enough of it.
pub fn hoard(what: &str) -> Response {
    match what {
        "fields" => forever(Fields::new),
        "streams" => forever(wit_stream::new::<u8>),
        "futures" => forever(|| wit_future::new(|| Ok(None))),
        "responses" => forever(|| text(200, String::new())),
        _ => text(404, "no such thing to hoard\n".to_owned()),
    }
}

fn forever<T>(mut make: impl FnMut() -> T) -> ! {
    loop {
        forget(make());
    }
}
