//! Compositions that are written out in `.wac` files.

use std::fs;

use crate::components::{compose, folder, number, sum, within};

const SCRIPT: &str = "package acme:app;

let crypto = new acme:crypto {};
let model = new acme:model { \"acme:crypto/sign@1.0.0\": crypto[\"acme:crypto/sign@1.0.0\"] };
let handler = new acme:handler { \"acme:model/infer@1.0.0\": model[\"acme:model/infer@1.0.0\"], ... };

export handler...;
";

fn parts(script: &str) -> tempfile::TempDir {
    folder(&[
        ("app.wac", script.to_owned()),
        ("deps/acme/handler.wat", sum(&["acme:model/infer@1.0.0", "acme:clock/now@1.0.0"], 1, "")),
        ("deps/acme/model.wat", sum(&["acme:crypto/sign@1.0.0"], 20, "acme:model/infer@1.0.0")),
        ("elsewhere.wat", number("acme:crypto/sign@1.0.0", 300)),
        ("clock.wat", number("acme:clock/now@1.0.0", 4000)),
    ])
}

#[test]
fn a_script_says_everything() {
    let dir = parts(SCRIPT);
    let ended = compose(dir.path(), "app.wac -d acme:crypto=elsewhere.wat -o app.wasm").ends();
    insta::assert_snapshot!(ended.stderr, @r"
    wired    model: acme:crypto/sign@1.0.0 → crypto (as said)
    wired    handler: acme:model/infer@1.0.0 → model (as said)
    host     acme:clock/now@1.0.0 (handler)
    exports  total
    note: app.wasm: 1.1 KiB
    ");
    // What it left for the host is given by composing what it made.
    assert_eq!(compose(dir.path(), "app.wasm --with clock.wat -o all.wasm").ends().code, Some(0));
    assert_eq!(within(dir.path(), "call all.wasm total").prints(), "4321\n");
}

#[test]
fn packages_lie_in_a_folder_by_name_and_version() {
    let dir = folder(&[
        ("app.wac", "package acme:app; let a = new acme:a@1.2.0 {}; export a...;".to_owned()),
        ("lib/acme/a/1.2.0.wat", number("acme:a/a@1.0.0", 5)),
    ]);
    assert_eq!(compose(dir.path(), "app.wac --deps-dir lib -o app.wasm").ends().code, Some(0));
    assert_eq!(within(dir.path(), "call app.wasm acme:a/a@1.0.0#number").prints(), "5\n");
}

#[test]
fn mistakes_are_shown_where_they_are() {
    let error = |script: &str| {
        let dir = parts(script);
        compose(dir.path(), "app.wac -d acme:crypto=elsewhere.wat -o app.wasm").fails(126)
    };
    insta::assert_snapshot!(error("package acme:app;\n\nlet a = nw acme:model {};\n"), @r"
    error: app.wac:3:12: expected `;`, found package name
      3 | let a = nw acme:model {};
        |            ^^^^^^^^^^
    ");
    insta::assert_snapshot!(error("package acme:app;\nlet a = new acme:missing {};\n"), @r"
    error: app.wac:2:13: unknown package `acme:missing`
      2 | let a = new acme:missing {};
        |             ^^^^^^^^^^^^
    hint: say where it is: --with NAMESPACE:NAME=FILE; or put it into deps/NAMESPACE/NAME.wasm beside the script
    ");
    insta::assert_snapshot!(error("package acme:app;\nlet a = b;\n"), @r"
    error: app.wac:2:9: undefined name `b`
      2 | let a = b;
        |         ^
    ");
    insta::assert_snapshot!(error("package acme:app;\nlet crypto = new acme:crypto {};\nlet m = new acme:model { \"acme:crypto/sign@1.0.0\": crypto };\n"), @r#"
    error: app.wac:3:26: mismatched instantiation argument `acme:crypto/sign@1.0.0`: instance is missing expected function export `number`
      3 | let m = new acme:model { "acme:crypto/sign@1.0.0": crypto };
        |                          ^^^^^^^^^^^^^^^^^^^^^^^^
    "#);
    insta::assert_snapshot!(error("let a = 1;"), @r"
    error: app.wac:1:1: expected `package` keyword, found `let` keyword
      1 | let a = 1;
        | ^^^
    ");
    insta::assert_snapshot!(error(""), @r"
    error: app.wac:1:1: expected `package` keyword, found end of input
      1 | 
        | ^
    ");
    insta::assert_snapshot!(error("package acme:app;\n\tlet é = new acme:crypto {};"), @r"
    error: app.wac:2:6: unexpected token was encountered
      2 | let é = new acme:crypto {};
        |     ^
    ");
}

#[test]
fn types_that_do_not_fit_are_told_where_they_were_put_together() {
    let script = SCRIPT.replace("crypto[\"acme:crypto/sign@1.0.0\"]", "crypto[\"acme:crypto/sign@1.0.0\"].number");
    let dir = parts(&script);
    insta::assert_snapshot!(compose(dir.path(), "app.wac -d acme:crypto=elsewhere.wat -o app.wasm").fails(126), @r#"
    error: app.wac:4:30: mismatched instantiation argument `acme:crypto/sign@1.0.0`: expected instance, found function
      4 | let model = new acme:model { "acme:crypto/sign@1.0.0": crypto["acme:crypto/sign@1.0.0"].number };
        |                              ^^^^^^^^^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn what_makes_no_sense_with_a_script_is_said() {
    let dir = parts(SCRIPT);
    insta::assert_snapshot!(compose(dir.path(), "app.wac --with elsewhere.wat -o app.wasm").fails(125), @r"
    error: for a script, `elsewhere.wat` has to say which package the file is
    hint: --with acme:model=model.wasm
    ");
    insta::assert_snapshot!(compose(dir.path(), "app.wac --wire a/b=c -o app.wasm").fails(125), @"error: --wire is not for scripts, which say themselves where imports come from");
    insta::assert_snapshot!(compose(dir.path(), "none.wac -o app.wasm").fails(127), @"error: none.wac: no such file");
}

#[test]
fn scripts_that_are_made_to_break_the_parser_are_refused() {
    let dir = parts("");
    let compose_text = |text: Vec<u8>| {
        fs::write(dir.path().join("app.wac"), text).unwrap();
        compose(dir.path(), "app.wac -o app.wasm").fails(126)
    };
    let nested = format!("package a:b; let a = {}b", "(".repeat(100_000));
    insta::assert_snapshot!(compose_text(nested.into_bytes()).lines().next().unwrap(), @"error: app.wac:1:122: brackets nest more than 100 deep");
    let long = "// a comment\n".repeat(100_000);
    insta::assert_snapshot!(compose_text(long.into_bytes()), @"error: app.wac has 1300000 bytes, and a script may have 1048576; is it a component?");
    insta::assert_snapshot!(compose_text(vec![0xff, 0xfe]), @"error: app.wac is not text (UTF-8)");
}
