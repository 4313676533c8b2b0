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
    insta::assert_snapshot!(text, @"");
}

#[test]
fn results_and_numbers_of_parameters() {
    insta::assert_snapshot!(differ(&func("f", "(result u32)"), &func("f", "(result s32)")), @"");
    insta::assert_snapshot!(differ(&func("f", "(result u32)"), &func("f", "")), @"");
    insta::assert_snapshot!(
        differ(&func("f", r#"(param "a" u8) (param "b" u8)"#), &func("f", r#"(param "a" u8)"#)), @"");
    insta::assert_snapshot!(differ(&func("f", r#"(param "a" u8)"#), &func("f", r#"(param "b" u8)"#)), @"");
    insta::assert_snapshot!(
        differ(&func("f", r#"(param "a" u8) (param "b" u8)"#), &func("f", r#"(param "b" u8) (param "a" u8)"#)), @"");
}

#[test]
fn a_function_that_is_missing() {
    let both = format!("{}{}", func("infer", ""), func("train", r#"(param "rounds" u32)"#));
    insta::assert_snapshot!(differ(&both, &func("infer", "")), @"");
}

#[test]
fn fields_of_records() {
    let point = |fields: &str| typed(&format!("(record {fields})"), "point");
    let xy = point(r#"(field "x" s32) (field "y" s32)"#);
    insta::assert_snapshot!(differ(&xy, &point(r#"(field "x" s32)"#)), @"");
    insta::assert_snapshot!(differ(&xy, &point(r#"(field "x" s32) (field "y" f64)"#)), @"");
    insta::assert_snapshot!(differ(&xy, &point(r#"(field "y" s32) (field "x" s32)"#)), @"");
    insta::assert_snapshot!(differ(&xy, &point(r#"(field "x" s32) (field "y" s32) (field "z" s32)"#)), @"");
    insta::assert_snapshot!(differ(&xy, &typed("(enum \"x\" \"y\")", "point")), @"");
}

#[test]
fn cases_of_variants_and_enums_and_flags() {
    let variant = |cases: &str| typed(&format!("(variant {cases})"), "shape");
    let one = variant(r#"(case "circle" f64) (case "nothing")"#);
    insta::assert_snapshot!(differ(&one, &variant(r#"(case "circle" f64) (case "nothing" u8)"#)), @"");
    insta::assert_snapshot!(differ(&one, &variant(r#"(case "round" f64) (case "nothing")"#)), @"");
    insta::assert_snapshot!(
        differ(&typed(r#"(enum "red" "green")"#, "colour"), &typed(r#"(enum "red" "green" "blue")"#, "colour")), @"");
    insta::assert_snapshot!(
        differ(&typed(r#"(flags "read" "write")"#, "perms"), &typed(r#"(flags "write" "read")"#, "perms")), @"");
}

#[test]
fn lists_options_results_and_tuples() {
    let of = |ty: &str| typed(ty, "it");
    insta::assert_snapshot!(differ(&of("(list string)"), &of("(list u8)")), @"");
    insta::assert_snapshot!(differ(&of("(option string)"), &of("(list string)")), @"");
    insta::assert_snapshot!(differ(&of("(result u8 (error string))"), &of("(result u8)")), @"");
    insta::assert_snapshot!(differ(&of("(tuple u8 char)"), &of("(tuple u8 bool)")), @"");
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
    insta::assert_snapshot!(differ(&nested("f32"), &nested("f64")), @"");
}

#[test]
fn resources_and_their_methods() {
    let blob = |methods: &str| format!(r#"(export "blob" (type $blob (sub resource))) {methods}"#);
    let size = |ty: &str| {
        format!(r#"(type $b (borrow $blob)) (export "[method]blob.size" (func (param "self" $b) (result {ty})))"#)
    };
    let open = r#"(type $o (own $blob)) (export "[constructor]blob" (func (param "name" string) (result $o)))"#;
    insta::assert_snapshot!(differ(&blob(&size("u64")), &blob(&size("u32"))), @"");
    insta::assert_snapshot!(differ(&blob(&format!("{} {open}", size("u64"))), &blob(&size("u64"))), @"");
    insta::assert_snapshot!(differ(&blob(""), &typed("(record (field \"x\" u8))", "blob")), @"");
    let take = |kind: &str| blob(&format!(r#"(type $h ({kind} $blob)) (export "take" (func (param "it" $h)))"#));
    insta::assert_snapshot!(differ(&take("own"), &take("borrow")), @"");
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
    insta::assert_snapshot!(compose(dir.path(), "handler.wat --with model.wat -o app.wasm").fails(126), @"");
}

#[test]
fn long_declarations_have_a_line_for_each_parameter() {
    let many = |last: &str| {
        let params: String =
            ["first", "second", "third", "fourth"].map(|name| format!(r#"(param "{name}-number" u64)"#)).concat();
        func("sum", &format!(r#"{params} (param "fifth-number" {last}) (result u64)"#))
    };
    insta::assert_snapshot!(differ(&many("u64"), &many("s64")), @"");
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
    insta::assert_snapshot!(compose(dir.path(), "root.wat --with part.wat -o app.wasm").fails(126), @"");
}
