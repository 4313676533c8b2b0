//! Where Holm and its peers are.

use std::path::{Path, PathBuf};
use std::process::Command;

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("benches/ is in the repository").to_owned()
}

pub fn guest(name: &str) -> PathBuf {
    root().join("guests/prebuilt").join(name)
}

/// The release binary: `HOLM`, or where cargo puts it.
pub fn holm() -> PathBuf {
    let built = || {
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
        target.join("release/holm")
    };
    let holm = std::env::var_os("HOLM").map_or_else(built, PathBuf::from);
    assert!(holm.is_file(), "{} is not there: cargo build --release, or set HOLM", holm.display());
    holm
}

/// A program on the PATH.
pub fn installed(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|path| path.is_file())
}

/// Compiles a Rust program that prints one line, as the floor under every start.
pub fn native_hello(dir: &Path) -> PathBuf {
    let source = dir.join("hello.rs");
    let binary = dir.join("hello");
    std::fs::write(&source, "fn main() { println!(\"Hello from Holm!\"); }").expect("the folder is writable");
    let built = Command::new("rustc").arg("-O").arg(&source).arg("-o").arg(&binary).status();
    assert!(built.is_ok_and(|status| status.success()), "rustc compiles a hello");
    binary
}
