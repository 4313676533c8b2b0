//! Each kind of type crosses between components: guests in Rust, called through one another.

use tempfile::tempdir;

use crate::components::{compose, folder, within};
use crate::support::{guest, holm};

#[test]
fn every_kind_of_type_crosses_resources_included() {
    let dir = tempdir().unwrap();
    let app = dir.path().join("app.wasm");
    let ended = holm(["compose"])
        .guest("user.wasm")
        .args(["--with", guest("clerk.wasm").to_str().unwrap(), "--with", guest("types.wasm").to_str().unwrap(), "-o"])
        .arg(&app)
        .within(dir.path())
        .ends();
    insta::assert_snapshot!(ended.stderr, @r"
    wired    user: holm:test/shapes@1.0.0 → types
    wired    user: holm:test/counters@1.0.0 → types
    wired    user: holm:desk/desk@1.0.0 → clerk
    wired    user: holm:desk/papers@1.0.0 → clerk
    wired    user: add → types
    wired    user: join → types
    wired    user: reverse → types
    wired    user: integers → types
    wired    user: floats → types
    wired    user: negate → types
    wired    clerk: holm:test/counters@1.0.0 → types
    exports  check
    note: [dir]/app.wasm: 135 KiB
    ");
    insta::assert_snapshot!(holm(["call"]).arg(&app).arg("check").prints(), @r#"["add 42", "join a-é", "reverse [255, 2, 1]", "integers -128 255 -32768 65535 -2147483648 4294967295 -9223372036854775808 18446744073709551615", "floats 1000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000", "negate false", "area 7 0", "greet Hello, Ada!", "divide Ok(4) Err(\"cannot divide 1 by 0\")", "swap (\"seven\", 7)", "flip true", "next Colour::Red", "bump Some(2) None", "largest Some(9) None", "upper S", "even Ok(()) Err(())", "charge 6 15", "merged 21", "close 1021", "open-all [1, 2, 3] of 8 made", "Some(Entry::Refused(Err(\"no\")))", "Some(Entry::Refused(Ok(18446744073709551615)))", "Some(Entry::Many([Sheet { title: \"two\", lines: [\"x\", \"x\"], size: Some((21, 29)) }, Sheet { title: \"three\", lines: [\"x\", \"x\"], size: None }]))", "Some(Entry::One(Sheet { title: \"one\", lines: [\"x\", \"x\"], size: Some((21, 29)) }))", "None"]"#);
}

#[test]
fn resources_that_two_parts_have_from_different_places_are_explained() {
    let dir = tempdir().unwrap();
    let error = holm(["compose"])
        .guest("user.wasm")
        .args(["--with", guest("clerk.wasm").to_str().unwrap(), "--with", guest("types.wasm").to_str().unwrap()])
        .args(["--wire", "clerk/holm:test/counters=host", "-o", "app.wasm"])
        .within(dir.path())
        .fails(126);
    insta::assert_snapshot!(error, @r"
    error: the resource `counter` of holm:test/counters@1.0.0 cannot cross where user imports holm:desk/desk@1.0.0: user has it from types, clerk has it from the host. Only those who have a resource from one place can pass it to one another
    hint: both from one place: --wire clerk/holm:test/counters@1.0.0=types, or --wire user/holm:test/counters@1.0.0=host
    ");
}

#[test]
fn resources_from_two_instances_of_one_component_are_two() {
    let dir = tempdir().unwrap();
    let types = guest("types.wasm").display().to_string();
    let [a, b] = ["a", "b"].map(|name| format!("{name}={types}"));
    let wires = ["add", "join", "reverse", "integers", "floats", "negate", "holm:test/shapes"];
    let wires = wires.iter().flat_map(|import| ["--wire".to_owned(), format!("user/{import}=a")]);
    let compose = |counters: [&str; 2]| {
        let [user, clerk] = counters;
        holm(["compose"])
            .guest("user.wasm")
            .args(["--with", guest("clerk.wasm").to_str().unwrap(), "--with", &a, "--with", &b, "-o", "app.wasm"])
            .args(wires.clone())
            .args(["--wire", &format!("user/holm:test/counters={user}")])
            .args(["--wire", &format!("clerk/holm:test/counters={clerk}")])
            .within(dir.path())
    };
    insta::assert_snapshot!(compose(["a", "b"]).fails(126), @r"
    error: the resource `counter` of holm:test/counters@1.0.0 cannot cross where user imports holm:desk/desk@1.0.0: user has it from a, clerk has it from b. Only those who have a resource from one place can pass it to one another
    hint: both from one place: --wire clerk/holm:test/counters@1.0.0=a, or --wire user/holm:test/counters@1.0.0=b
    ");
    let ended = compose(["b", "b"]).ends();
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

/// A component whose world uses types of interfaces, which makes them imports of their own; `more` is what it does with them.
fn world_that_uses(more: &str) -> String {
    format!(
        r#"(component
            (import "holm:test/counters@1.0.0" (instance $i (export "counter" (type (sub resource)))))
            (alias export $i "counter" (type $used-counter))
            (import "counter" (type $counter (eq $used-counter)))
            (import "holm:test/shapes@1.0.0" (instance $s
                (type $p (record (field "x" f64) (field "y" f64)))
                (export "point" (type (eq $p)))))
            (alias export $s "point" (type $used-point))
            (import "point" (type $point (eq $used-point)))
            {more}
            (core module $m (func (export "f")))
            (core instance $c (instantiate $m))
            (func $f (canon lift (core func $c "f")))
            (export "run" (func $f)))"#
    )
}

#[test]
fn types_that_a_world_uses_come_along_with_their_interfaces() {
    let dir = folder(&[("root.wat", world_that_uses(""))]);
    let types = guest("types.wasm").display().to_string();
    let ended = compose(dir.path(), &format!("root.wat --with {types} -o app.wasm")).ends();
    insta::assert_snapshot!(ended.stderr, @r"
    wired    root: holm:test/counters@1.0.0 → types
    wired    root: holm:test/shapes@1.0.0 → types
    host     point (root)
    exports  run
    note: app.wasm: 48.8 KiB
    ");
    assert_eq!(within(dir.path(), "call app.wasm run").ends().code, Some(0));
}

#[test]
fn a_resource_of_a_part_cannot_be_passed_to_the_host() {
    let function = r#"(type $b (borrow $counter)) (type $l (list $b)) (import "weigh" (func (param "them" $l)))"#;
    let dir = folder(&[("root.wat", world_that_uses(function))]);
    let types = guest("types.wasm").display().to_string();
    insta::assert_snapshot!(compose(dir.path(), &format!("root.wat --with {types} -o app.wasm")).fails(126), @r"
    error: the resource `counter` of holm:test/counters@1.0.0 cannot cross where root imports weigh: root has it from types, the host has its own. Only those who have a resource from one place can pass it to one another
    hint: both from one place: --wire root/holm:test/counters@1.0.0=host
    ");
}
