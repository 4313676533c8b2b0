//! Guests that have the host keep ever more for them.

use std::io;
use std::mem::forget;

use wasip2::clocks::monotonic_clock::subscribe_duration;
use wasip2::http::types::{Fields, OutgoingRequest, RequestOptions};

/// Has ever more of `what`, until the host has enough of it.
pub fn hoard(what: &str) -> io::Result<()> {
    match what {
        "fields" => forever(Fields::new),
        "headers" => forever(full),
        "copies" => {
            let full = full();
            forever(|| {
                let copy = full.clone();
                // The host copies what is written to, at the latest.
                let _ = copy.append("x-copy", b"");
                copy
            })
        }
        "requests" => forever(|| OutgoingRequest::new(full())),
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

/// As many headers as the host takes, each as long as it takes.
fn full() -> Fields {
    let fields = Fields::new();
    let mut length = 64 * 1024;
    for number in 0.. {
        while length > 0 && fields.append(&format!("x-{number}"), &vec![b'x'; length]).is_err() {
            length /= 2;
        }
        if length == 0 {
            break;
        }
    }
    fields
}
