//! Bytes of any kind are a list of pairs or none, and what is one is written as it was read.
#![no_main]

use holm_proxy_wasm::pairs;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some(pairs) = pairs::read(bytes) else { return };
    let written = pairs::write(|| pairs.iter().copied());
    if !pairs.is_empty() {
        assert_eq!(written, bytes);
    }
    assert_eq!(pairs::read(&written), Some(pairs));
});
