//! Where the component is written, and where not.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::components::{compose, folder, number, sum, within};
use crate::support::holm;

fn parts() -> tempfile::TempDir {
    folder(&[("root.wat", sum(&["acme:a/a@1.0.0"], 1, "")), ("a.wat", number("acme:a/a@1.0.0", 2))])
}

#[test]
fn a_directory_is_not_written_over() {
    let dir = parts();
    fs::create_dir(dir.path().join("out")).unwrap();
    insta::assert_snapshot!(compose(dir.path(), "root.wat --with a.wat -o out").fails(125), @r"
    error: out is a directory
    hint: -o out/app.wasm
    ");
}

#[test]
fn a_part_is_not_written_over() {
    let dir = parts();
    let before = fs::read(dir.path().join("a.wat")).unwrap();
    insta::assert_snapshot!(compose(dir.path(), "root.wat --with a.wat -o ./a.wat").fails(125), @r"
    error: ./a.wat is one of the parts, and would be gone
    hint: write the component to another file
    ");
    assert_eq!(fs::read(dir.path().join("a.wat")).unwrap(), before);
}

#[test]
fn what_fails_leaves_the_file_as_it_was() {
    let dir = parts();
    fs::write(dir.path().join("app.wasm"), "before").unwrap();
    compose(dir.path(), "root.wat --with a.wat --wire root/acme:b/b=a -o app.wasm").fails(125);
    assert_eq!(fs::read(dir.path().join("app.wasm")).unwrap(), b"before");
    assert_eq!(compose(dir.path(), "root.wat --with a.wat -o app.wasm").ends().code, Some(0));
    assert_eq!(within(dir.path(), "call app.wasm total").prints(), "3\n");
    // Nothing else is left, and others may read it as they may read any new file.
    let names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    let mode = |name: &str| fs::metadata(dir.path().join(name)).unwrap().permissions().mode();
    assert_eq!(mode("app.wasm"), mode("root.wat"));
}

#[test]
fn a_hyphen_is_standard_output() {
    let dir = parts();
    let made = compose(dir.path(), "root.wat --with a.wat -o -");
    let ended = holm(["compose"]).args(["--help"]).ends();
    assert_eq!(ended.code, Some(0));
    let ended = made.ends();
    assert_eq!(ended.code, Some(0));
    assert!(ended.stdout.starts_with("\0asm"), "{ended:?}");
    insta::assert_snapshot!(compose(dir.path(), "root.wat --with a.wat -o - --json").fails(125), @r"
    error: with `-o -` standard output is the component, so there is no place for --json
    hint: write the component to a file: -o app.wasm
    ");
}

#[test]
fn files_that_are_not_there_are_told() {
    let dir = parts();
    insta::assert_snapshot!(compose(dir.path(), "root.wat --with b.wat -o app.wasm").fails(127), @"error: b.wat: no such file");
    insta::assert_snapshot!(compose(dir.path(), "root.wat --with a.wat -o no/app.wasm").fails(127), @"error: cannot write no/app.wasm: No such file or directory");
}

#[test]
fn a_part_may_come_through_a_pipe() {
    let dir = parts();
    let part = fs::read(dir.path().join("a.wat")).unwrap();
    let ended = compose(dir.path(), "root.wat --with - -o app.wasm").stdin(part).ends();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(within(dir.path(), "call app.wasm total").prints(), "3\n");
}
