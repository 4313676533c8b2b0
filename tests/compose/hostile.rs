//! Parts that are no components, or are made to break whoever reads them.

use std::fs;

use crate::components::{compose, exporting, folder, importing, number, sum};

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
    insta::assert_snapshot!(part(text("(module)"), 126), @r"
    error: part is a core module, and only components can be composed
    hint: `holm build` makes components, also of core modules; so does `wasm-tools component new`
    ");
    insta::assert_snapshot!(part(b"#!/bin/sh\n".to_vec(), 126), @"error: part is not WebAssembly in the binary format");
    insta::assert_snapshot!(part(Vec::new(), 126), @"error: part is not WebAssembly in the binary format");
    insta::assert_snapshot!(part(b"\0asm\x0d\0\x01\0\x07".to_vec(), 126), @"error: part is not a valid component: unexpected end-of-file (at offset 0x9)");
    insta::assert_snapshot!(part(b"\0asm\x0e\0\x01\0".to_vec(), 126), @"error: part is not a valid component: unknown version of the format");
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
    insta::assert_snapshot!(part(bytes, 126), @"error: part nests modules, components or types more than 64 deep");
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
    insta::assert_snapshot!(part(bytes, 126), @"error: part nests modules, components or types more than 64 deep");
}

#[test]
fn names_of_doors_are_refused() {
    insta::assert_snapshot!(part(text(&sum(&["holm:p1-wasi-cli/environment@0.2.0"], 0, "acme:a/a@1.0.0")), 126), @"error: part imports `holm:p1-wasi-cli/environment@0.2.0`, a name of the kind that doors of single parts have: it could take what another part was granted");
    insta::assert_snapshot!(part(text(&number("holm:p2-wasi-http/outgoing-handler@0.2.0", 0)), 126), @"error: part exports `holm:p2-wasi-http/outgoing-handler@0.2.0`, a name of the kind that doors of single parts have: it could take what another part was granted");
}

#[test]
fn too_many_parts_are_refused() {
    let dir = folder(&[("root.wat", sum(&["acme:a/a@1.0.0"], 0, "")), ("a.wat", number("acme:a/a@1.0.0", 1))]);
    let parts: String = (0..65).map(|at| format!("--with n{at}=a.wat ")).collect();
    insta::assert_snapshot!(compose(dir.path(), &format!("root.wat {parts} -o app.wasm")).fails(125), @"error: 65 parts are too many; 64 are the most");
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
    assert!(error.contains("f: param it:\n        tuple<tuple<"), "{error}");
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

/// Interfaces of which each uses the type of the one before.
fn chain(length: usize) -> String {
    let mut imports = r#"(import "acme:chain/i0" (instance $i0 (export "r" (type (sub resource)))))"#.to_owned();
    for at in 1..length {
        imports += &format!(
            r#"(alias export $i{before} "r" (type $r{before}))
               (import "acme:chain/i{at}" (instance $i{at} (alias outer 1 $r{before} (type $r)) (export "r" (type (eq $r)))))"#,
            before = at - 1,
        );
    }
    format!("(component {imports})")
}

#[test]
fn interfaces_that_use_one_another_in_a_long_chain_are_followed_to_its_end() {
    let dir = folder(&[("chain.wat", chain(900)), ("longer.wat", chain(1001))]);
    let ended = compose(dir.path(), "chain.wat --with longer.wat -o app.wasm").ends();
    assert_eq!(ended.code, Some(126), "{ended:?}");
    let ended = compose(dir.path(), "chain.wat -o app.wasm").ends();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    insta::assert_snapshot!(compose(dir.path(), "longer.wat -o app.wasm").fails(126), @"error: longer is not a valid component: more than 1000 imports or exports");
}

#[test]
fn interfaces_with_thousands_of_functions_are_compared_quickly() {
    let many =
        |ty: &str| (0..20_000).map(|at| format!(r#"(export "f{at}" (func (param "a" {ty})))"#)).collect::<String>();
    let dir = folder(&[
        ("root.wat", importing("acme:a/a@1.0.0", &many("u8"))),
        ("part.wat", exporting("acme:a/a@1.0.0", &many("s8"))),
    ]);
    let error = compose(dir.path(), "root.wat --with part.wat -o app.wasm").fails(126);
    assert!(error.contains("f49: param a: u8 | s8") && error.contains("lines more"), "{error}");
}
