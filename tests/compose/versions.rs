//! Versions that fit, and versions that do not.

use crate::components::{compose, exporting, folder, importing, number, sum, within};

fn versions(import: &str, export: &str) -> crate::support::Outcome {
    let [import, export] = [import, export].map(|version| format!("acme:model/infer{version}"));
    let dir = folder(&[("handler.wat", sum(&[&import], 0, "")), ("model.wat", number(&export, 5))]);
    let ended = compose(dir.path(), "handler.wat --with model.wat -o app.wasm").ends();
    if ended.code == Some(0) {
        assert_eq!(within(dir.path(), "call app.wasm total").prints(), "5\n");
    }
    ended
}

#[test]
fn compatible_versions_are_wired() {
    for (import, export) in [("@1.2.0", "@1.9.3"), ("@1.2.0", "@1.1.0"), ("@0.2.1", "@0.2.6"), ("", "")] {
        let ended = versions(import, export);
        assert_eq!(ended.code, Some(0), "{import} {export} {ended:?}");
    }
    insta::assert_snapshot!(versions("@1.2.0", "@1.9.3").stderr, @r"
    wired    handler: acme:model/infer@1.2.0 → model as acme:model/infer@1.9.3
    exports  total
    note: app.wasm: 579 B
    ");
}

#[test]
fn versions_that_are_not_compatible_are_refused() {
    let refused = |import, export| {
        let ended = versions(import, export);
        assert_eq!(ended.code, Some(126), "{ended:?}");
        ended.stderr
    };
    insta::assert_snapshot!(refused("@2.0.0", "@1.0.0"), @r"
    error: handler imports acme:model/infer@2.0.0, and model exports acme:model/infer@1.0.0: 2.0.0 and 1.0.0 are not compatible (another major version is another interface)
    hint: to leave it for the host: --wire handler/acme:model/infer@2.0.0=host
    ");
    insta::assert_snapshot!(refused("@0.2.0", "@0.3.0"), @r"
    error: handler imports acme:model/infer@0.2.0, and model exports acme:model/infer@0.3.0: 0.2.0 and 0.3.0 are not compatible (below 1.0.0 another minor version is another interface)
    hint: to leave it for the host: --wire handler/acme:model/infer@0.2.0=host
    ");
    insta::assert_snapshot!(refused("@0.0.1", "@0.0.2"), @r"
    error: handler imports acme:model/infer@0.0.1, and model exports acme:model/infer@0.0.2: 0.0.1 and 0.0.2 are not compatible (below 0.1.0 another patch version is another interface)
    hint: to leave it for the host: --wire handler/acme:model/infer@0.0.1=host
    ");
    insta::assert_snapshot!(refused("@1.0.0-rc.1", "@1.0.0"), @r"
    error: handler imports acme:model/infer@1.0.0-rc.1, and model exports acme:model/infer@1.0.0: 1.0.0-rc.1 and 1.0.0 are not compatible (a pre-release is compatible with itself alone)
    hint: to leave it for the host: --wire handler/acme:model/infer@1.0.0-rc.1=host
    ");
    insta::assert_snapshot!(refused("@1.0.0", ""), @r"
    error: handler imports acme:model/infer@1.0.0, and model exports acme:model/infer: one has a version and the other has none, so nothing says that they are compatible
    hint: to leave it for the host: --wire handler/acme:model/infer@1.0.0=host
    ");
}

#[test]
fn an_older_version_that_lacks_a_function_is_told_what_it_lacks() {
    let infer = r#"(export "infer" (func (param "text" string) (result f32)))"#;
    let train = r#"(export "train" (func (param "rounds" u32)))"#;
    let dir = folder(&[
        ("handler.wat", importing("acme:model/infer@1.2.0", &format!("{infer}{train}"))),
        ("model.wat", exporting("acme:model/infer@1.1.0", infer)),
    ]);
    insta::assert_snapshot!(compose(dir.path(), "handler.wat --with model.wat -o app.wasm").fails(126), @r"
    error: handler and model do not fit at acme:model/infer@1.2.0: the two sides of it differ

        train: missing on the right

        handler imports           │ model exports
        acme:model/infer@1.2.0    │ acme:model/infer@1.1.0
      ────────────────────────────┼───────────────────────
      > train: func(rounds: u32); │
    hint: handler was built for 1.2.0 and model has 1.1.0; within 1.x what 1.2.0 has must be there and unchanged
    hint: to leave it for the host: --wire handler/acme:model/infer@1.2.0=host
    ");
}

#[test]
fn another_export_is_taken_where_a_wire_says_so() {
    let dir = folder(&[
        ("handler.wat", sum(&["acme:model/infer@2.0.0"], 0, "")),
        ("model.wat", number("acme:model/infer@1.0.0", 5)),
    ]);
    let words = "handler.wat --with model.wat -o app.wasm --wire handler/acme:model/infer=model/acme:model/infer@1.0.0";
    assert_eq!(compose(dir.path(), words).ends().code, Some(0));
    assert_eq!(within(dir.path(), "call app.wasm total").prints(), "5\n");
    let words = words.replace("=model/acme:model/infer@1.0.0", "=model");
    assert!(compose(dir.path(), &words).fails(126).contains("2.0.0 and 1.0.0 are not compatible"));
}
