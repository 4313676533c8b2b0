//! What no filter should do: `trap PLACE`, `panic PLACE`, `loop PLACE`, `grow PLACE`, `recurse PLACE`.

pub(crate) fn at(event: &str, words: &[String]) {
    let [fault, place] = words else { return };
    if place != event {
        return;
    }
    match fault.as_str() {
        "trap" => trap(),
        "panic" => panic!("the filter gave up at {event}"),
        "loop" => spin(),
        "grow" => grow(),
        "recurse" => {
            recurse(1);
        }
        _ => {}
    }
}

pub(crate) fn trap() -> ! {
    std::process::abort()
}

pub(crate) fn spin() -> ! {
    let mut number = 0_u64;
    loop {
        number = std::hint::black_box(number.wrapping_add(1));
    }
}

/// Takes memory until there is none, then aborts.
fn grow() {
    let mut kept = Vec::new();
    loop {
        kept.push(std::hint::black_box(vec![1_u8; 1 << 20]));
    }
}

#[allow(unconditional_recursion, reason = "on purpose")]
fn recurse(depth: u64) -> u64 {
    std::hint::black_box(recurse(std::hint::black_box(depth + 1)) + 1)
}
