//! Guests that have the host keep ever more for them.

use std::io;
use std::mem::forget;

use wasip2::clocks::monotonic_clock::subscribe_duration;
use wasip2::http::types::{Fields, OutgoingRequest, RequestOptions};

/// Has ever more of `what`, until the host has enough of it.
pub fn hoard(what: &str) -> io::Result<()> {
    match what {
        "fields" => forever(Fields::new),
        "headers" => forever(|| fields(1, 130_000)),
        "names" => forever(|| fields(1_000, 0)),
        "copies" => {
            let one = fields(1, 130_000);
            forever(|| {
                let copy = one.clone();
                // The host copies what is written to, at the latest.
                let _ = copy.append("x-copy", b"");
                copy
            })
        }
        "requests" => forever(|| OutgoingRequest::new(fields(1, 130_000))),
        "options" => forever(RequestOptions::new),
        "pollables" => forever(|| subscribe_duration(1 << 60)),
        _ => Err(io::Error::other("no such thing to hoard")),
    }
}

fn forever<T>(mut make: impl FnMut() -> T) -> ! {
    loop {
        forget(make());
    }
}

/// So many headers of so many bytes. A host takes 128 KiB, its own account of each header included.
fn fields(count: usize, length: usize) -> Fields {
    let value = vec![b'x'; length].into_boxed_slice();
    let entries: Vec<_> = (0..count).map(|number| (format!("x-{number}"), value.to_vec())).collect();
    Fields::from_list(&entries).expect("valid headers")
}
