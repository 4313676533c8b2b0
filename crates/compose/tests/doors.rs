//! Parts that are kept apart.

// `allow-unwrap-in-tests` does not reach the helpers of integration tests.
#![allow(clippy::unwrap_used)]

use holm_compose::{ComposeError, Part, Plan, compose, doors};

/// A component that imports the preopens of WASI, whose type is shared, and exports one function.
fn reader(export: &str) -> Vec<u8> {
    let text = format!(
        r#"(component
            (import "wasi:filesystem/types@0.2.3" (instance $types (export "descriptor" (type (sub resource)))))
            (alias export $types "descriptor" (type $descriptor))
            (import "wasi:filesystem/preopens@0.2.3" (instance
                (alias outer 1 $descriptor (type $outer))
                (export "descriptor" (type $mine (eq $outer)))
                (type $own (own $mine)) (type $pair (tuple $own string)) (type $list (list $pair))
                (export "get-directories" (func (result $list)))))
            (core module $m (func (export "f")))
            (core instance $i (instantiate $m))
            (func $f (canon lift (core func $i "f")))
            (export "{export}" (func $f)))"#
    );
    wat::parse_str(text).unwrap()
}

/// As above, and imports functions.
fn root(imports: &[&str]) -> Vec<u8> {
    let imports: String = imports.iter().map(|name| format!(r#"(import "{name}" (func))"#)).collect();
    let text = format!(
        r#"(component {imports}
            (import "wasi:filesystem/types@0.2.6" (instance $types (export "descriptor" (type (sub resource)))))
            (alias export $types "descriptor" (type $descriptor))
            (import "wasi:filesystem/preopens@0.2.6" (instance
                (alias outer 1 $descriptor (type $outer))
                (export "descriptor" (type $mine (eq $outer)))
                (type $own (own $mine)) (type $pair (tuple $own string)) (type $list (list $pair))
                (export "get-directories" (func (result $list)))))
            (core module $m (func (export "f")))
            (core instance $i (instantiate $m))
            (func $f (canon lift (core func $i "f")))
            (export "run" (func $f)))"#
    );
    wat::parse_str(text).unwrap()
}

fn plan(apart: bool) -> Plan {
    Plan {
        root: Part::new("root", root(&["one", "two"])),
        parts: vec![Part::new("one", reader("one")), Part::new("two", reader("two"))],
        apart,
        ..Plan::default()
    }
}

#[test]
fn each_part_has_doors_of_its_own_and_shares_the_rest() {
    let composed = compose(&plan(true)).unwrap();
    let mut imports = composed.report.imports;
    imports.sort();
    assert_eq!(
        imports,
        [
            "holm:p1-wasi-filesystem/preopens@0.2.3",
            "holm:p2-wasi-filesystem/preopens@0.2.3",
            "wasi:filesystem/preopens@0.2.6",
            "wasi:filesystem/types@0.2.6",
        ]
    );
    let door = composed.report.host.iter().find(|left| left.part == "two" && doors::is_door(&left.import)).unwrap();
    assert_eq!(doors::part_of(&door.name), Some((2, "wasi:filesystem/preopens@0.2.3".to_owned())));
}

#[test]
fn together_parts_share_everything() {
    let composed = compose(&plan(false)).unwrap();
    assert_eq!(composed.report.imports, ["wasi:filesystem/types@0.2.6", "wasi:filesystem/preopens@0.2.6"]);
}

#[test]
fn what_was_composed_apart_cannot_be_a_part() {
    let inner = compose(&plan(true)).unwrap().bytes;
    let error = compose(&Plan { root: Part::new("again", inner), ..Plan::default() }).unwrap_err();
    assert!(matches!(error, ComposeError::Part { .. }), "{error}");
    assert!(error.to_string().starts_with("again imports `holm:p1-wasi-filesystem/preopens@0.2.3`"), "{error}");
}
