//! Parts that are no components, or are made to break whoever reads them.

use std::fs;

use crate::components::{compose, folder, number, sum};

/// What is said of a part of these bytes.
fn part(bytes: Vec<u8>, code: i32) -> String {
    let dir = folder(&[("root.wat", sum(&["acme:a/a@1.0.0"], 0, ""))]);
    fs::write(dir.path().join("part.wasm"), bytes).unwrap();
    let text = compose(dir.path(), "root.wat --with part.wasm -o app.wasm").fails(code);
    assert!(!dir.path().join("app.wasm").exists());
    text
}

fn text(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

#[test]
fn what_is_no_component_is_told_as_what_it_is() {
    insta::assert_snapshot!(part(text("(module)"), 126), @"");
    insta::assert_snapshot!(part(b"#!/bin/sh\n".to_vec(), 126), @"");
    insta::assert_snapshot!(part(Vec::new(), 126), @"");
    insta::assert_snapshot!(part(b"\0asm\x0d\0\x01\0\x07".to_vec(), 126), @"");
    insta::assert_snapshot!(part(b"\0asm\x0e\0\x01\0".to_vec(), 126), @"");
}

#[test]
fn every_prefix_of_a_component_is_refused() {
    let whole = text(&number("acme:a/a@1.0.0", 1));
    let dir = folder(&[("root.wat", sum(&["acme:a/a@1.0.0"], 0, ""))]);
    for end in (9..whole.len()).step_by(7) {
        fs::write(dir.path().join("part.wasm"), &whole[..end]).unwrap();
        let ended = compose(dir.path(), "root.wat --with part.wasm -o app.wasm").ends();
        // A prefix that ends with a section is a component, which has not got the export.
        assert!(matches!(ended.code, Some(0 | 126)), "{end}: {ended:?}");
    }
}

#[test]
fn types_that_nest_without_end_are_refused() {
    // A section of types: one instance type of one declaration, a type, and so on.
    let depth = 200_000;
    let mut section = vec![1];
    for _ in 0..depth {
        section.extend([0x42, 1, 1]);
    }
    section.extend([0x42, 0]);
    let mut bytes = b"\0asm\x0d\0\x01\0\x07".to_vec();
    let mut size = section.len();
    while size >= 0x80 {
        bytes.push((size & 0x7f) as u8 | 0x80);
        size >>= 7;
    }
    bytes.push(size as u8);
    bytes.extend(section);
    insta::assert_snapshot!(part(bytes, 126), @"");
}

#[test]
fn components_that_nest_without_end_are_refused() {
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    for _ in 0..100 {
        let mut outer = b"\0asm\x0d\0\x01\0\x04".to_vec();
        let mut size = bytes.len();
        while size >= 0x80 {
            outer.push((size & 0x7f) as u8 | 0x80);
            size >>= 7;
        }
        outer.push(size as u8);
        outer.extend(bytes);
        bytes = outer;
    }
    insta::assert_snapshot!(part(bytes, 126), @"");
}

#[test]
fn names_of_doors_are_refused() {
    insta::assert_snapshot!(part(text(&sum(&["holm:p1-wasi-cli/environment@0.2.0"], 0, "acme:a/a@1.0.0")), 126), @"");
    insta::assert_snapshot!(part(text(&number("holm:p2-wasi-http/outgoing-handler@0.2.0", 0)), 126), @"");
}

#[test]
fn too_many_parts_are_refused() {
    let dir = folder(&[("root.wat", sum(&["acme:a/a@1.0.0"], 0, "")), ("a.wat", number("acme:a/a@1.0.0", 1))]);
    let parts: String = (0..65).map(|at| format!("--with n{at}=a.wat ")).collect();
    insta::assert_snapshot!(compose(dir.path(), &format!("root.wat {parts} -o app.wasm")).fails(125), @"");
}

#[test]
fn types_that_refer_to_one_another_a_million_times_are_compared_once() {
    // Each tuple has the one before twice: the whole has 2^16 numbers.
    let doubled = |leaf: &str| {
        let mut types = format!("(type $t0 (tuple {leaf} {leaf}))");
        for at in 1..16 {
            types += &format!("(type $t{at} (tuple $t{0} $t{0}))", at - 1);
        }
        format!(r#"{types} (export "f" (func (param "it" $t15)))"#)
    };
    let import = format!(r#"(component (import "acme:a/a@1.0.0" (instance {})))"#, doubled("u8"));
    let export = format!(
        r#"(component (import "inner" (instance $i {})) (export "acme:a/a@1.0.0" (instance $i)))"#,
        doubled("s8")
    );
    let dir = folder(&[("root.wat", import), ("part.wat", export)]);
    let error = compose(dir.path(), "root.wat --with part.wat -o app.wasm").fails(126);
    assert!(error.contains("f: param it: tuple<tuple<"), "{error}");
    assert!(error.len() < 5000, "{error}");
}

#[test]
fn a_type_of_the_engine_only_newer_tools_know_is_no_panic() {
    // A component as an import, and one as an export: wired only where a wire says so.
    let root = r#"(component (import "acme:a/a@1.0.0" (component (export "f" (func)))))"#;
    let part = r#"(component (component $c) (export "acme:a/a@1.0.0" (component $c)))"#;
    let dir = folder(&[("root.wat", root.to_owned()), ("part.wat", part.to_owned())]);
    let ended = compose(dir.path(), "root.wat --with part.wat -o app.wasm").ends();
    assert!(ended.stderr.contains("host     acme:a/a@1.0.0"), "{ended:?}");
    let said = "root.wat --with part.wat --wire root/acme:a/a=part -o app.wasm";
    let error = compose(dir.path(), said).fails(126);
    assert!(error.contains("do not fit"), "{error}");
}
