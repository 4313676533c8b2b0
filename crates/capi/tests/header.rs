//! The header is what cbindgen makes of the sources.

use std::path::Path;

#[test]
fn the_header_says_what_the_library_has() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(here.join("cbindgen.toml")).unwrap();
    let made = cbindgen::Builder::new().with_crate(here).with_config(config).generate().unwrap();
    let mut text = Vec::new();
    made.write(&mut text);
    let text = without_safety(&String::from_utf8(text).unwrap());
    let header = here.join("include/holm.h");
    if std::env::var_os("UPDATE_HEADER").is_some() {
        std::fs::write(&header, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&header).unwrap_or_default();
    assert!(committed == text, "include/holm.h is old: UPDATE_HEADER=1 cargo test -p holm-capi --test header");
}

/// What Rust's linter wants to be said of each function is said once in the header, at its top.
fn without_safety(text: &str) -> String {
    text.replace(" *\n * # Safety\n * As the header says of all.\n", "")
        .replace("//\n// # Safety\n// As the header says of all.\n", "")
}
