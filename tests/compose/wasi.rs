//! What parts have of WASI: the host's, shared, unless a part stands in for the host.

use tempfile::tempdir;

use crate::components::{compose, folder, number, sum, within};
use crate::support::{guest, holm};

#[test]
fn a_part_that_exports_nothing_but_wasi_stands_in_for_the_host() {
    // Random numbers that are none.
    let random = r#"(component
        (core module $m (func (export "n") (result i64) (i64.const 7)))
        (core instance $i (instantiate $m))
        (func $n (result u64) (canon lift (core func $i "n")))
        (instance $out (export "insecure-seed" (func $n)) (export "get-insecure-random-u64" (func $n)))
        (export "wasi:random/insecure@0.2.6" (instance $out)))"#;
    let root = r#"(component
        (import "wasi:random/insecure@0.2.0" (instance $r (export "get-insecure-random-u64" (func (result u64)))))
        (alias export $r "get-insecure-random-u64" (func $f)) (export "total" (func $f)))"#;
    let dir = folder(&[("root.wat", root.to_owned()), ("random.wat", random.to_owned())]);
    let ended = compose(dir.path(), "root.wat --with random.wat -o app.wasm").ends();
    insta::assert_snapshot!(ended.stderr, @r"
    wired    root: wasi:random/insecure@0.2.0 → random as wasi:random/insecure@0.2.6
    exports  total
    note: app.wasm: 518 B
    ");
    assert_eq!(within(dir.path(), "call app.wasm total").prints(), "7\n");
}

#[test]
fn a_part_that_exports_something_else_as_well_does_not() {
    let both = r#"(component
        (core module $m (func (export "n") (result i32) (i32.const 7)))
        (core instance $i (instantiate $m))
        (func $n (result s32) (canon lift (core func $i "n")))
        (instance $out (export "number" (func $n)))
        (export "wasi:random/made-up@0.2.0" (instance $out))
        (export "acme:model/infer@1.0.0" (instance $out)))"#;
    let dir = folder(&[
        ("root.wat", sum(&["acme:model/infer@1.0.0", "wasi:random/made-up@0.2.0"], 0, "")),
        ("model.wat", both.to_owned()),
    ]);
    let ended = compose(dir.path(), "root.wat --with model.wat -o app.wasm").ends();
    insta::assert_snapshot!(ended.stderr, @r"
    wired    root: acme:model/infer@1.0.0 → model
    host     wasi:random/made-up@0.2.0 (root)
    exports  total
    warning: root has wasi:random/made-up@0.2.0 from the host, although model exports it as well: only a part that exports nothing but WASI stands in for the host without being told to (--wire root/wasi:random/made-up@0.2.0=model)
    note: app.wasm: 788 B
    ");
    let said = "root.wat --with model.wat -o app.wasm --wire root/wasi:random/made-up=model";
    assert_eq!(compose(dir.path(), said).ends().code, Some(0));
    assert_eq!(within(dir.path(), "call app.wasm total").prints(), "14\n");
}

#[test]
fn other_versions_of_wasi_are_left_for_the_host() {
    let dir =
        folder(&[("root.wat", sum(&["wasi:made/up@0.3.0"], 0, "")), ("part.wat", number("wasi:made/up@0.2.0", 1))]);
    let ended = compose(dir.path(), "root.wat --with part.wat -o app.wasm").ends();
    insta::assert_snapshot!(ended.stderr, @r"
    host     wasi:made/up@0.3.0 (root)
    exports  total
    warning: root imports wasi:made/up@0.3.0, and part exports wasi:made/up@0.2.0: 0.3.0 and 0.2.0 are not compatible (below 1.0.0 another minor version is another interface); it is left for the host
    warning: part is not in it: nothing imports what it exports
    note: app.wasm: 390 B
    ");
}

#[test]
fn components_of_real_toolchains_share_wasi_and_run() {
    let dir = tempdir().unwrap();
    let ended = holm(["compose"])
        .guest("user.wasm")
        .args(["--with", guest("clerk.wasm").to_str().unwrap(), "--with", guest("types.p2.wasm").to_str().unwrap()])
        .args(["-o", "app.wasm"])
        .within(dir.path())
        .ends();
    insta::assert_snapshot!(ended.stderr, @r"
    wired    user: holm:test/shapes@1.0.0 → types-p2
    wired    user: holm:test/counters@1.0.0 → types-p2
    wired    user: holm:desk/desk@1.0.0 → clerk
    wired    user: holm:desk/papers@1.0.0 → clerk
    wired    user: add → types-p2
    wired    user: join → types-p2
    wired    user: reverse → types-p2
    wired    user: integers → types-p2
    wired    user: floats → types-p2
    wired    user: negate → types-p2
    wired    clerk: holm:test/counters@1.0.0 → types-p2
    host     wasi:cli/{environment, exit, stdin, stdout, stderr, terminal-input, terminal-output, terminal-stdin, terminal-stdout, terminal-stderr}@0.2.12 (types-p2)
    host     wasi:clocks/monotonic-clock@0.2.12 (types-p2)
    host     wasi:io/{poll, error, streams}@0.2.12 (types-p2)
    exports  check
    note: app.wasm: 187 KiB
    ");
    let lines = holm(["call", "app.wasm", "check"]).within(dir.path()).prints();
    assert!(lines.contains("greet Hello, Ada!"), "{lines}");
}

#[test]
fn a_program_stays_a_program() {
    let dir = tempdir().unwrap();
    let ended = holm(["compose"]).guest("hello.p2.wasm").args(["-o", "app.wasm"]).within(dir.path()).ends();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(holm(["run", "app.wasm"]).within(dir.path()).prints(), "Hello from Holm!\n");
}
