//! Any text is a manifest or an error.
#![no_main]

use std::path::Path;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Err(error) = holm_manifest::App::parse(text, Path::new("holm.toml")) {
        assert!(!error.to_string().is_empty());
    }
});
