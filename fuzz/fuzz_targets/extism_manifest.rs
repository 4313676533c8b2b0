//! Any text is a manifest of an Extism plugin, or an error.
#![no_main]

use std::path::Path;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Err(error) = holm_extism::manifest::parse(text, Path::new(".")) {
        assert!(!error.to_string().is_empty());
    }
});
