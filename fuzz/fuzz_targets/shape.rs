//! Reading bytes of any kind ends, and ends well. All of it but WIT text, which a library of others decodes.
#![no_main]

use holm_engine::shape::{Shape, features, function_names, guess_language, producers, sizes};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = Shape::parse(bytes);
    let _ = features(bytes);
    let _ = sizes(bytes, 5);
    let _ = producers(bytes);
    let _ = guess_language(bytes);
    let _ = function_names(bytes);
});
