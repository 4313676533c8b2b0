//! The examples do what they say, and README shows the first of them.

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The program that cargo made of an example, beside this test's own.
fn example(name: &str) -> Command {
    let tests = std::env::current_exe().unwrap();
    let target = tests.parent().and_then(Path::parent).unwrap();
    let mut command = Command::new(target.join("examples").join(name));
    command.current_dir(root());
    command
}

#[test]
fn readme_shows_the_first_example_as_it_is() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let code = std::fs::read_to_string(root().join("examples/greet/main.rs")).unwrap();
    assert!(readme.contains(&format!("```rust\n{code}```\n")), "README does not show examples/greet/main.rs");
}

#[test]
fn the_first_example_greets() {
    let output = example("greet").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "greet.wasm: greeting Ada\nHello, Ada!\n");
}
