//! Interfaces of one name that differ: where, and how it is told.

use crate::components::{compose, exporting, folder, importing};

/// What is said when a handler imports an interface of one content and a model exports it with another.
fn differ(import: &str, export: &str) -> String {
    named(("acme:model/infer@1.0.0", import), ("acme:model/infer@1.0.0", export))
}

fn named((import, wanted): (&str, &str), (export, had): (&str, &str)) -> String {
    let dir = folder(&[("handler.wat", importing(import, wanted)), ("model.wat", exporting(export, had))]);
    compose(dir.path(), "handler.wat --with model.wat -o app.wasm").fails(126)
}

fn func(name: &str, form: &str) -> String {
    format!(r#"(export "{name}" (func {form}))"#)
}

/// A type with a name, and a function that has it as a parameter.
fn typed(kind: &str, name: &str) -> String {
    format!(r#"(type $t {kind}) (export "{name}" (type $n (eq $t))) (export "use" (func (param "it" $n)))"#)
}

#[test]
fn a_parameter_of_another_type() {
    let text = differ(
        &func("infer", r#"(param "text" string) (result f32)"#),
        &format!("(type $b (list u8)) {}", func("infer", r#"(param "text" $b) (result f32)"#)),
    );
    insta::assert_snapshot!(text, @r"
    error: handler and model do not fit at acme:model/infer@1.0.0: the two sides of it differ

        infer: param text: string | list<u8>

        handler imports                   │ model exports
      ────────────────────────────────────┼────────────────────────────────────
      > infer: func(text: string) -> f32; │ infer: func(text: list<u8>) -> f32;
    hint: both say version 1.0.0; what changes needs another version. Build both from the same WIT
    hint: to leave it for the host: --wire handler/acme:model/infer@1.0.0=host
    ");
}

#[test]
fn results_and_numbers_of_parameters() {
    insta::assert_snapshot!(differ(&func("f", "(result u32)"), &func("f", "(result s32)")), @r"
    error: handler and model do not fit at acme:model/infer@1.0.0: the two sides of it differ

        f: result: u32 | s32

        handler imports   │ model exports
      ────────────────────┼──────────────────
      > f: func() -> u32; │ f: func() -> s32;
    hint: both say version 1.0.0; what changes needs another version. Build both from the same WIT
    hint: to leave it for the host: --wire handler/acme:model/infer@1.0.0=host
    ");
    insta::assert_snapshot!(differ(&func("f", "(result u32)"), &func("f", "")), @r"
    error: handler and model do not fit at acme:model/infer@1.0.0: the two sides of it differ

        f: result: u32 | none

        handler imports   │ model exports
      ────────────────────┼──────────────
      > f: func() -> u32; │ f: func();
    hint: both say version 1.0.0; what changes needs another version. Build both from the same WIT
    hint: to leave it for the host: --wire handler/acme:model/infer@1.0.0=host
    ");
    insta::assert_snapshot!(
        differ(&func("f", r#"(param "a" u8) (param "b" u8)"#), &func("f", r#"(param "a" u8)"#)), @r"
    error: handler and model do not fit at acme:model/infer@1.0.0: the two sides of it differ

        f: param b is missing on the right

        handler imports        │ model exports
      ─────────────────────────┼────────────────
      > f: func(a: u8, b: u8); │ f: func(a: u8);
    hint: both say version 1.0.0; what changes needs another version. Build both from the same WIT
    hint: to leave it for the host: --wire handler/acme:model/infer@1.0.0=host
    ");
    insta::assert_snapshot!(differ(&func("f", r#"(param "a" u8)"#), &func("f", r#"(param "b" u8)"#)), @r"
    error: handler and model do not fit at acme:model/infer@1.0.0: the two sides of it differ

        f: param 1 is called a | b

        handler imports │ model exports
      ──────────────────┼────────────────
      > f: func(a: u8); │ f: func(b: u8);
    hint: both say version 1.0.0; what changes needs another version. Build both from the same WIT
    hint: to leave it for the host: --wire handler/acme:model/infer@1.0.0=host
    ");
    insta::assert_snapshot!(
        differ(&func("f", r#"(param "a" u8) (param "b" u8)"#), &func("f", r#"(param "b" u8) (param "a" u8)"#)), @r"
    error: handler and model do not fit at acme:model/infer@1.0.0: the two sides of it differ

        f: params are in another order: a, b | b, a

        handler imports        │ model exports
      ─────────────────────────┼───────────────────────
      > f: func(a: u8, b: u8); │ f: func(b: u8, a: u8);
    hint: both say version 1.0.0; what changes needs another version. Build both from the same WIT
    hint: to leave it for the host: --wire handler/acme:model/infer@1.0.0=host
    ");
}

#[test]
fn a_function_that_is_missing() {
    let both = format!("{}{}", func("infer", ""), func("train", r#"(param "rounds" u32)"#));
    insta::assert_snapshot!(differ(&both, &func("infer", "")), @r"
    error: handler and model do not fit at acme:model/infer@1.0.0: the two sides of it differ

        train: missing on the right

        handler imports           │ model exports
      ────────────────────────────┼──────────────
      > train: func(rounds: u32); │
    hint: both say version 1.0.0; what changes needs another version. Build both from the same WIT
    hint: to leave it for the host: --wire handler/acme:model/infer@1.0.0=host
    ");
}

#[test]
fn fields_of_records() {
    let point = |fields: &str| typed(&format!("(record {fields})"), "point");
    let xy = point(r#"(field "x" s32) (field "y" s32)"#);
    insta::assert_snapshot!(differ(&xy, &point(r#"(field "x" s32)"#)), @r"
    error: handler and model do not fit at acme:model/infer@1.0.0: the two sides of it differ

        record point: field y is missing on the right

        handler imports │ model exports
      ──────────────────┼───────────────
        record point {  │ record point {
          x: s32,       │   x: s32,
      >   y: s32,       │
        }               │ }
    hint: both say version 1.0.0; what changes needs another version. Build both from the same WIT
    hint: to leave it for the host: --wire handler/acme:model/infer@1.0.0=host
    ");
    insta::assert_snapshot!(differ(&xy, &point(r#"(field "x" s32) (field "y" f64)"#)), @r"
    error: handler and model do not fit at acme:model/infer@1.0.0: the two sides of it differ

        record point: field y: s32 | f64

        handler imports │ model exports
      ──────────────────┼───────────────
        record point {  │ record point {
          x: s32,       │   x: s32,
      >   y: s32,       │   y: f64,
        }               │ }
    hint: both say version 1.0.0; what changes needs another version. Build both from the same WIT
    hint: to leave it for the host: --wire handler/acme:model/infer@1.0.0=host
    ");
    insta::assert_snapshot!(differ(&xy, &point(r#"(field "y" s32) (field "x" s32)"#)), @r"
    error: handler and model do not fit at acme:model/infer@1.0.0: the two sides of it differ

        record point: fields are in another order: x, y | y, x

        handler imports │ model exports
      ──────────────────┼───────────────
        record point {  │ record point {
      >   x: s32,       │
          y: s32,       │   y: s32,
      >                 │   x: s32,
        }               │ }
    hint: both say version 1.0.0; what changes needs another version. Build both from the same WIT
    hint: to leave it for the host: --wire handler/acme:model/infer@1.0.0=host
    ");
    insta::assert_snapshot!(differ(&xy, &point(r#"(field "x" s32) (field "y" s32) (field "z" s32)"#)), @r"
    error: handler and model do not fit at acme:model/infer@1.0.0: the two sides of it differ

        record point: field z is missing on the left

        handler imports │ model exports
      ──────────────────┼───────────────
        record point {  │ record point {
          x: s32,       │   x: s32,
          y: s32,       │   y: s32,
      >                 │   z: s32,
        }               │ }
    hint: both say version 1.0.0; what changes needs another version. Build both from the same WIT
    hint: to leave it for the host: --wire handler/acme:model/infer@1.0.0=host
    ");
    insta::assert_snapshot!(differ(&xy, &typed("(enum \"x\" \"y\")", "point")), @r"
    error: handler and model do not fit at acme:model/infer@1.0.0: the two sides of it differ

        type point: record | enum

        handler imports │ model exports
      ──────────────────┼──────────────
      > record point {  │ enum point {
      >   x: s32,       │   x,
      >   y: s32,       │   y,
        }               │ }
    hint: both say version 1.0.0; what changes needs another version. Build both from the same WIT
    hint: to leave it for the host: --wire handler/acme:model/infer@1.0.0=host
    ");
}

#[test]
fn cases_of_variants_and_enums_and_flags() {
    let variant = |cases: &str| typed(&format!("(variant {cases})"), "shape");
    let one = variant(r#"(case "circle" f64) (case "nothing")"#);
    insta::assert_snapshot!(differ(&one, &variant(r#"(case "circle" f64) (case "nothing" u8)"#)), @r"
    error: handler and model do not fit at acme:model/infer@1.0.0: the two sides of it differ

        variant shape: case nothing: no value | u8

        handler imports │ model exports
      ──────────────────┼────────────────
        variant shape { │ variant shape {
          circle(f64),  │   circle(f64),
      >   nothing,      │   nothing(u8),
        }               │ }
    hint: both say version 1.0.0; what changes needs another version. Build both from the same WIT
    hint: to leave it for the host: --wire handler/acme:model/infer@1.0.0=host
    ");
    insta::assert_snapshot!(differ(&one, &variant(r#"(case "round" f64) (case "nothing")"#)), @r"
    error: handler and model do not fit at acme:model/infer@1.0.0: the two sides of it differ

        variant shape: case 1 is called circle | round

        handler imports │ model exports
      ──────────────────┼────────────────
        variant shape { │ variant shape {
      >   circle(f64),  │   round(f64),
          nothing,      │   nothing,
        }               │ }
    hint: both say version 1.0.0; what changes needs another version. Build both from the same WIT
    hint: to leave it for the host: --wire handler/acme:model/infer@1.0.0=host
    ");
    insta::assert_snapshot!(
        differ(&typed(r#"(enum "red" "green")"#, "colour"), &typed(r#"(enum "red" "green" "blue")"#, "colour")), @r"
    error: handler and model do not fit at acme:model/infer@1.0.0: the two sides of it differ

        enum colour: case blue is missing on the left

        handler imports │ model exports
      ──────────────────┼──────────────
        enum colour {   │ enum colour {
          red,          │   red,
          green,        │   green,
      >                 │   blue,
        }               │ }
    hint: both say version 1.0.0; what changes needs another version. Build both from the same WIT
    hint: to leave it for the host: --wire handler/acme:model/infer@1.0.0=host
    ");
    insta::assert_snapshot!(
        differ(&typed(r#"(flags "read" "write")"#, "perms"), &typed(r#"(flags "write" "read")"#, "perms")), @r"
    error: handler and model do not fit at acme:model/infer@1.0.0: the two sides of it differ

        flags perms: flags are in another order: read, write | write, read

        handler imports │ model exports
      ──────────────────┼──────────────
        flags perms {   │ flags perms {
      >   read,         │
          write,        │   write,
      >                 │   read,
        }               │ }
    hint: both say version 1.0.0; what changes needs another version. Build both from the same WIT
    hint: to leave it for the host: --wire handler/acme:model/infer@1.0.0=host
    ");
}

#[test]
fn lists_options_results_and_tuples() {
    let of = |ty: &str| typed(ty, "it");
    insta::assert_snapshot!(differ(&of("(list string)"), &of("(list u8)")), @r"
    error: handler and model do not fit at acme:model/infer@1.0.0: the two sides of it differ

        type it: list<string> | list<u8>

        handler imports         │ model exports
      ──────────────────────────┼────────────────────
      > type it = list<string>; │ type it = list<u8>;
    hint: both say version 1.0.0; what changes needs another version. Build both from the same WIT
    hint: to leave it for the host: --wire handler/acme:model/infer@1.0.0=host
    ");
    insta::assert_snapshot!(differ(&of("(option string)"), &of("(list string)")), @r"
    error: handler and model do not fit at acme:model/infer@1.0.0: the two sides of it differ

        type it: option<string> | list<string>

        handler imports           │ model exports
      ────────────────────────────┼────────────────────────
      > type it = option<string>; │ type it = list<string>;
    hint: both say version 1.0.0; what changes needs another version. Build both from the same WIT
    hint: to leave it for the host: --wire handler/acme:model/infer@1.0.0=host
    ");
    insta::assert_snapshot!(differ(&of("(result u8 (error string))"), &of("(result u8)")), @r"
    error: handler and model do not fit at acme:model/infer@1.0.0: the two sides of it differ

        type it: result<u8, string> | result<u8>

        handler imports               │ model exports
      ────────────────────────────────┼──────────────────────
      > type it = result<u8, string>; │ type it = result<u8>;
    hint: both say version 1.0.0; what changes needs another version. Build both from the same WIT
    hint: to leave it for the host: --wire handler/acme:model/infer@1.0.0=host
    ");
    insta::assert_snapshot!(differ(&of("(tuple u8 char)"), &of("(tuple u8 bool)")), @r"
    error: handler and model do not fit at acme:model/infer@1.0.0: the two sides of it differ

        type it: tuple<u8, char> | tuple<u8, bool>

        handler imports            │ model exports
      ─────────────────────────────┼───────────────────────────
      > type it = tuple<u8, char>; │ type it = tuple<u8, bool>;
    hint: both say version 1.0.0; what changes needs another version. Build both from the same WIT
    hint: to leave it for the host: --wire handler/acme:model/infer@1.0.0=host
    ");
}

#[test]
fn a_difference_is_told_where_it_is_and_not_where_it_is_used() {
    let nested = |field: &str| {
        format!(
            r#"(type $p (record (field "x" {field}))) (export "point" (type $point (eq $p)))
               (type $l (list $point)) (type $s (record (field "points" $l))) (export "shape" (type $shape (eq $s)))
               (export "draw" (func (param "shape" $shape) (param "scale" f64) (result $l)))
               (export "area" (func (param "shape" $shape) (result f64)))"#
        )
    };
    insta::assert_snapshot!(differ(&nested("f32"), &nested("f64")), @r"
    error: handler and model do not fit at acme:model/infer@1.0.0: the two sides of it differ

        record point: field x: f32 | f64

        handler imports │ model exports
      ──────────────────┼───────────────
        record point {  │ record point {
      >   x: f32,       │   x: f64,
        }               │ }
    hint: both say version 1.0.0; what changes needs another version. Build both from the same WIT
    hint: to leave it for the host: --wire handler/acme:model/infer@1.0.0=host
    ");
}

#[test]
fn resources_and_their_methods() {
    let blob = |methods: &str| format!(r#"(export "blob" (type $blob (sub resource))) {methods}"#);
    let size = |ty: &str| {
        format!(r#"(type $b (borrow $blob)) (export "[method]blob.size" (func (param "self" $b) (result {ty})))"#)
    };
    let open = r#"(type $o (own $blob)) (export "[constructor]blob" (func (param "name" string) (result $o)))"#;
    insta::assert_snapshot!(differ(&blob(&size("u64")), &blob(&size("u32"))), @r"
    error: handler and model do not fit at acme:model/infer@1.0.0: the two sides of it differ

        method blob.size: result: u64 | u32

        handler imports           │ model exports
      ────────────────────────────┼──────────────────────────
      > blob.size: func() -> u64; │ blob.size: func() -> u32;
    hint: both say version 1.0.0; what changes needs another version. Build both from the same WIT
    hint: to leave it for the host: --wire handler/acme:model/infer@1.0.0=host
    ");
    insta::assert_snapshot!(differ(&blob(&format!("{} {open}", size("u64"))), &blob(&size("u64"))), @r"
    error: handler and model do not fit at acme:model/infer@1.0.0: the two sides of it differ

        constructor of blob: missing on the right

        handler imports                 │ model exports
      ──────────────────────────────────┼──────────────
      > blob.constructor(name: string); │
    hint: both say version 1.0.0; what changes needs another version. Build both from the same WIT
    hint: to leave it for the host: --wire handler/acme:model/infer@1.0.0=host
    ");
    insta::assert_snapshot!(differ(&blob(""), &typed("(record (field \"x\" u8))", "blob")), @r"
    error: handler and model do not fit at acme:model/infer@1.0.0: the two sides of it differ

        blob: resource | record

        handler imports │ model exports
      ──────────────────┼──────────────
      > resource blob;  │ record blob {
      >                 │   x: u8,
      >                 │ }
    hint: both say version 1.0.0; what changes needs another version. Build both from the same WIT
    hint: to leave it for the host: --wire handler/acme:model/infer@1.0.0=host
    ");
    let take = |kind: &str| blob(&format!(r#"(type $h ({kind} $blob)) (export "take" (func (param "it" $h)))"#));
    insta::assert_snapshot!(differ(&take("own"), &take("borrow")), @r"
    error: handler and model do not fit at acme:model/infer@1.0.0: the two sides of it differ

        take: param it: blob | borrow<blob>

        handler imports       │ model exports
      ────────────────────────┼──────────────────────────────
      > take: func(it: blob); │ take: func(it: borrow<blob>);
    hint: both say version 1.0.0; what changes needs another version. Build both from the same WIT
    hint: to leave it for the host: --wire handler/acme:model/infer@1.0.0=host
    ");
}

#[test]
fn functions_outside_of_interfaces() {
    let dir = folder(&[
        ("handler.wat", r#"(component (import "sign" (func (param "text" string))))"#.to_owned()),
        (
            "model.wat",
            r#"(component (import "inner" (func $f (param "text" u32))) (export "sign" (func $f)))"#.to_owned(),
        ),
    ]);
    insta::assert_snapshot!(compose(dir.path(), "handler.wat --with model.wat -o app.wasm").fails(126), @r"
    error: handler and model do not fit at sign: the two sides of it differ

        sign: param text: string | u32

        handler imports           │ model exports
      ────────────────────────────┼───────────────────────
      > sign: func(text: string); │ sign: func(text: u32);
    hint: build both from the same WIT
    hint: to leave it for the host: --wire handler/sign=host
    ");
}

#[test]
fn long_declarations_have_a_line_for_each_parameter() {
    let many = |last: &str| {
        let params: String =
            ["first", "second", "third", "fourth"].map(|name| format!(r#"(param "{name}-number" u64)"#)).concat();
        func("sum", &format!(r#"{params} (param "fifth-number" {last}) (result u64)"#))
    };
    insta::assert_snapshot!(differ(&many("u64"), &many("s64")), @r"
    error: handler and model do not fit at acme:model/infer@1.0.0: the two sides of it differ

        sum: param fifth-number: u64 | s64

        handler imports       │ model exports
      ────────────────────────┼──────────────────────
        sum: func(            │ sum: func(
          first-number: u64,  │   first-number: u64,
          second-number: u64, │   second-number: u64,
          third-number: u64,  │   third-number: u64,
          fourth-number: u64, │   fourth-number: u64,
      >   fifth-number: u64,  │   fifth-number: s64,
        ) -> u64;             │ ) -> u64;
    hint: both say version 1.0.0; what changes needs another version. Build both from the same WIT
    hint: to leave it for the host: --wire handler/acme:model/infer@1.0.0=host
    ");
}

#[test]
fn a_part_that_exports_more_fits() {
    let more = format!("{}{}", func("infer", ""), func("train", ""));
    let dir = folder(&[
        ("handler.wat", importing("acme:model/infer@1.0.0", &func("infer", ""))),
        ("model.wat", exporting("acme:model/infer@1.0.0", &more)),
    ]);
    assert_eq!(compose(dir.path(), "handler.wat --with model.wat -o app.wasm").ends().code, Some(0));
}

#[test]
fn of_two_that_have_the_name_the_one_whose_types_fit_is_taken() {
    let dir = folder(&[
        ("handler.wat", importing("acme:model/infer@1.0.0", &func("infer", "(result u8)"))),
        ("old.wat", exporting("acme:model/infer@1.0.0", &func("infer", "(result s8)"))),
        ("new.wat", exporting("acme:model/infer@1.0.0", &func("infer", "(result u8)"))),
    ]);
    let ended = compose(dir.path(), "handler.wat --with old.wat --with new.wat -o app.wasm").ends();
    assert!(ended.stderr.contains("handler: acme:model/infer@1.0.0 → new"), "{ended:?}");
}

#[test]
fn two_parts_that_leave_one_import_to_the_host_in_two_forms_do_not_fit() {
    let host =
        |ty: &str| format!(r#"(import "acme:host/log@1.0.0" (instance (export "log" (func (param "it" {ty})))))"#);
    let root = format!(r#"(component {} (import "acme:a/a@1.0.0" (instance)))"#, host("string"));
    let part = format!(r#"(component {} (instance $i) (export "acme:a/a@1.0.0" (instance $i)))"#, host("u8"));
    let dir = folder(&[("root.wat", root), ("part.wat", part)]);
    insta::assert_snapshot!(compose(dir.path(), "root.wat --with part.wat -o app.wasm").fails(126), @r"
    error: root and part do not fit at acme:host/log@1.0.0: both leave it for the host

        log: param it: string | u8

        root imports           │ part imports
      ─────────────────────────┼───────────────────
      > log: func(it: string); │ log: func(it: u8);
    hint: the host can have acme:host/log@1.0.0 in one form only; build both parts from the same WIT
    ");
}

#[test]
fn sides_that_are_too_wide_for_a_terminal_are_below_each_other() {
    let long = |leaf: &str| {
        let name = "a-name-of-a-parameter-that-goes-on-and-on-and-on-and-on-and-on-and-on-and-on";
        format!("(type $l (list {leaf})) {}{}", func("f", &format!(r#"(param "{name}" $l)"#)), func("g", "(result $l)"))
    };
    insta::assert_snapshot!(differ(&long("u8"), &long("s8")), @r"
    error: handler and model do not fit at acme:model/infer@1.0.0: the two sides of it differ

        f: param a-name-of-a-parameter-that-goes-on-and-on-and-on-and-on-and-on-and-on-and-on: list<u8> | list<s8>
        g: result: list<u8> | list<s8>

        handler imports:
        > f: func(a-name-of-a-parameter-that-goes-on-and-on-and-on-and-on-and-on-and-on-and-on: list<u8>);
        > g: func() -> list<u8>;
        model exports:
        > f: func(a-name-of-a-parameter-that-goes-on-and-on-and-on-and-on-and-on-and-on-and-on: list<s8>);
        > g: func() -> list<s8>;
    hint: both say version 1.0.0; what changes needs another version. Build both from the same WIT
    hint: to leave it for the host: --wire handler/acme:model/infer@1.0.0=host
    ");
}
