//! What fits is found, and what was done is said.

use crate::components::{compose, folder, importing, number, sum, within};

#[test]
fn imports_are_satisfied_by_whoever_exports_them_and_so_are_theirs() {
    let dir = folder(&[
        ("handler.wat", sum(&["acme:model/infer@1.0.0"], 1, "")),
        ("model.wat", sum(&["acme:crypto/sign@0.2.0"], 20, "acme:model/infer@1.0.0")),
        ("crypto.wat", number("acme:crypto/sign@0.2.0", 300)),
    ]);
    let ended = compose(dir.path(), "handler.wat --with crypto.wat --with model.wat -o app.wasm").ends();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""), "{ended:?}");
    insta::assert_snapshot!(ended.stderr, @r"
    wired    handler: acme:model/infer@1.0.0 → model
    wired    model: acme:crypto/sign@0.2.0 → crypto
    exports  total
    note: app.wasm: 946 B
    ");
    assert_eq!(within(dir.path(), "call app.wasm total").prints(), "321\n");
}

#[test]
fn functions_outside_of_interfaces_are_wired_as_well() {
    let root = r#"(component (import "answer" (func $f (result s32))) (export "total" (func $f)))"#;
    let part = r#"(component
        (core module $m (func (export "n") (result i32) (i32.const 42)))
        (core instance $i (instantiate $m))
        (func $n (result s32) (canon lift (core func $i "n")))
        (export "answer" (func $n)))"#;
    let dir = folder(&[("root.wat", root.to_owned()), ("part.wat", part.to_owned())]);
    assert_eq!(compose(dir.path(), "root.wat --with part.wat -o app.wasm").ends().code, Some(0));
    assert_eq!(within(dir.path(), "call app.wasm total").prints(), "42\n");
}

#[test]
fn what_nobody_exports_is_left_for_the_host_and_what_nobody_imports_is_left_out() {
    let dir = folder(&[
        ("handler.wat", sum(&["acme:model/infer@1.0.0", "acme:clock/now@1.0.0"], 0, "")),
        ("model.wat", number("acme:model/infer@1.0.0", 7)),
        ("other.wat", number("acme:other/thing@1.0.0", 8)),
    ]);
    let ended = compose(dir.path(), "handler.wat --with model.wat --with other.wat -o app.wasm").ends();
    insta::assert_snapshot!(ended.stderr, @r"
    wired    handler: acme:model/infer@1.0.0 → model
    host     acme:clock/now@1.0.0 (handler)
    exports  total
    warning: other is not in it: nothing imports what it exports
    note: app.wasm: 746 B
    ");
    let ended = within(dir.path(), "call app.wasm total").ends();
    assert!(ended.stderr.contains("acme:clock/now@1.0.0"), "{ended:?}");
}

#[test]
fn an_import_can_be_left_for_the_host_although_a_part_exports_it() {
    let dir = folder(&[
        ("a.wat", sum(&["acme:log/sink@1.0.0", "acme:b/b@1.0.0"], 0, "")),
        ("b.wat", sum(&["acme:log/sink@1.0.0"], 0, "acme:b/b@1.0.0")),
        ("log.wat", number("acme:log/sink@1.0.0", 7)),
    ]);
    let words = "a.wat --with b.wat --with log.wat --wire b/acme:log/sink=host -o app.wasm --json";
    let report = compose(dir.path(), words).prints();
    insta::assert_snapshot!(report, @r#"
    {
      "bytes": 1049,
      "exports": [
        "total"
      ],
      "host": [
        {
          "import": "acme:log/sink@1.0.0",
          "name": "acme:log/sink@1.0.0",
          "part": "b"
        }
      ],
      "imports": [
        "acme:log/sink@1.0.0"
      ],
      "output": "app.wasm",
      "unused": [],
      "warnings": [],
      "wired": [
        {
          "chosen": false,
          "export": "acme:log/sink@1.0.0",
          "import": "acme:log/sink@1.0.0",
          "part": "a",
          "to": "log"
        },
        {
          "chosen": false,
          "export": "acme:b/b@1.0.0",
          "import": "acme:b/b@1.0.0",
          "part": "a",
          "to": "b"
        }
      ]
    }
    "#);
}

#[test]
fn cycles_are_refused_and_written_out() {
    let dir = folder(&[
        ("root.wat", sum(&["acme:a/a@1.0.0"], 0, "")),
        ("a.wat", sum(&["acme:b/b@1.0.0"], 0, "acme:a/a@1.0.0")),
        ("b.wat", sum(&["acme:c/c@1.0.0"], 0, "acme:b/b@1.0.0")),
        ("c.wat", sum(&["acme:a/a@1.2.0"], 0, "acme:c/c@1.0.0")),
    ]);
    let parts = "root.wat --with a.wat --with b.wat --with c.wat -o app.wasm";
    insta::assert_snapshot!(compose(dir.path(), parts).fails(126), @r"
    error: parts import one another, and none can be first: a → b (acme:b/b@1.0.0) → c (acme:c/c@1.0.0) → a (acme:a/a@1.2.0)
    hint: to leave it for the host: --wire c/acme:a/a@1.2.0=host
    ");
    assert!(!dir.path().join("app.wasm").exists());
    let left = format!("{parts} --wire c/acme:a/a=host");
    assert_eq!(compose(dir.path(), &left).ends().code, Some(0));
}

#[test]
fn a_part_that_needs_the_root_is_a_cycle_too() {
    let dir = folder(&[
        ("root.wat", sum(&["acme:a/a@1.0.0"], 0, "acme:root/back@1.0.0")),
        ("a.wat", sum(&["acme:root/back@1.0.0"], 0, "acme:a/a@1.0.0")),
    ]);
    insta::assert_snapshot!(compose(dir.path(), "root.wat --with a.wat -o app.wasm").fails(126), @r"
    error: parts import one another, and none can be first: root → a (acme:a/a@1.0.0) → root (acme:root/back@1.0.0)
    hint: to leave it for the host: --wire a/acme:root/back@1.0.0=host
    ");
}

#[test]
fn only_the_exports_of_the_root_are_exported() {
    let dir = folder(&[
        ("root.wat", sum(&["acme:a/a@1.0.0"], 1, "acme:root/it@1.0.0")),
        ("a.wat", number("acme:a/a@1.0.0", 2)),
    ]);
    let report = compose(dir.path(), "root.wat --with a.wat -o app.wasm --json").prints();
    assert!(report.contains("\"exports\": [\n    \"acme:root/it@1.0.0\"\n  ]"), "{report}");
    assert_eq!(within(dir.path(), "call app.wasm acme:root/it@1.0.0#number").prints(), "3\n");
}

#[test]
fn what_was_composed_is_composed_again() {
    let dir = folder(&[
        ("root.wat", sum(&["acme:a/a@1.0.0"], 1, "")),
        ("a.wat", sum(&["acme:b/b@1.0.0"], 10, "acme:a/a@1.0.0")),
        ("b.wat", number("acme:b/b@1.0.0", 100)),
    ]);
    assert_eq!(compose(dir.path(), "a.wat --with b.wat -o inner.wasm").ends().code, Some(0));
    assert_eq!(compose(dir.path(), "root.wat --with inner.wasm -o app.wasm").ends().code, Some(0));
    assert_eq!(within(dir.path(), "call app.wasm total").prints(), "111\n");
}

#[test]
fn a_component_alone_stays_what_it_is() {
    let dir = folder(&[("a.wat", importing("acme:log/sink@1.0.0", r#"(export "number" (func (result s32)))"#))]);
    let ended = compose(dir.path(), "a.wat -o app.wasm").ends();
    insta::assert_snapshot!(ended.stderr, @r"
    host     acme:log/sink@1.0.0 (a)
    exports  nothing
    note: app.wasm: 164 B
    ");
}
