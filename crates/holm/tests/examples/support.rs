//! Files, and a runtime whose cache is the tests' own.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use holm::Runtime;

/// One for all tests, so that each guest is compiled once.
pub(crate) static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let cache = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("examples-cache");
    Runtime::builder().cache(cache).build().unwrap()
});

/// A file of this repository.
pub(crate) fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
}
