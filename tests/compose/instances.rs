//! Several instances of one component, and which of several is meant.

use crate::components::{compose, folder, number, sum, within};

/// A component that counts its calls: each call's answer is one more.
fn counter(interface: &str) -> String {
    format!(
        r#"(component
            (core module $m (global $n (mut i32) (i32.const 0))
                (func (export "n") (result i32)
                    (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n)))
            (core instance $i (instantiate $m))
            (func $n (result s32) (canon lift (core func $i "n")))
            (instance $out (export "number" (func $n)))
            (export "{interface}" (instance $out)))"#
    )
}

#[test]
fn two_parts_that_fit_are_told_apart_by_a_wire() {
    let dir = folder(&[
        ("root.wat", sum(&["acme:log/sink@1.0.0"], 0, "")),
        ("one.wat", number("acme:log/sink@1.0.0", 1)),
        ("two.wat", number("acme:log/sink@1.1.0", 2)),
    ]);
    let parts = "root.wat --with one.wat --with two.wat -o app.wasm";
    insta::assert_snapshot!(compose(dir.path(), parts).fails(125), @r#"
    error: root imports acme:log/sink@1.0.0, and more than one part exports it:
        one (acme:log/sink@1.0.0)
        two (acme:log/sink@1.1.0)
    hint: say which: --wire root/acme:log/sink@1.0.0=one
    hint: or leave it for the host: --wire root/acme:log/sink@1.0.0=host
    hint: in a manifest, under the imports of root: "acme:log/sink@1.0.0" = "one"
    "#);
    for (wire, answer) in [("one", "1\n"), ("two", "2\n"), ("two/acme:log/sink@1.1.0", "2\n")] {
        let words = format!("{parts} --wire root/acme:log/sink@1.0.0={wire}");
        assert_eq!(compose(dir.path(), &words).ends().code, Some(0));
        assert_eq!(within(dir.path(), "call app.wasm total").prints(), answer);
    }
}

#[test]
fn instances_of_one_component_share_its_code_and_nothing_else() {
    let dir = folder(&[
        ("root.wat", sum(&["acme:log/sink@1.0.0", "acme:via/a@1.0.0", "acme:via/b@1.0.0"], 0, "")),
        ("via-a.wat", sum(&["acme:log/sink@1.0.0"], 10, "acme:via/a@1.0.0")),
        ("via-b.wat", sum(&["acme:log/sink@1.0.0"], 20, "acme:via/b@1.0.0")),
        ("log.wat", counter("acme:log/sink@1.0.0")),
    ]);
    let parts = "root.wat --with a=log.wat --with b=log.wat --with via-a.wat --with via-b.wat -o app.wasm";
    // The root and via-a count together; via-b counts alone: 1 + (10 + 2) + (20 + 1).
    let wires = "--wire root/acme:log/sink=a --wire via-a/acme:log/sink=a --wire via-b/acme:log/sink=b";
    assert_eq!(compose(dir.path(), &format!("{parts} {wires}")).ends().code, Some(0));
    assert_eq!(within(dir.path(), "call app.wasm total").prints(), "34\n");
    // All three together: 1 + 12 + 23.
    let wires = wires.replace("sink=b", "sink=a");
    let ended = compose(dir.path(), &format!("{parts} {wires}")).ends();
    assert!(ended.stderr.contains("b is not in it"), "{ended:?}");
    assert_eq!(within(dir.path(), "call app.wasm total").prints(), "36\n");
}

#[test]
fn wires_that_lead_nowhere_are_told_with_what_there_is() {
    let dir =
        folder(&[("root.wat", sum(&["acme:log/sink@1.0.0"], 0, "")), ("log.wat", number("acme:log/sink@1.0.0", 1))]);
    let wire =
        |wire: &str| compose(dir.path(), &format!("root.wat --with log.wat -o app.wasm --wire {wire}")).fails(125);
    insta::assert_snapshot!(wire("rot/acme:log/sink=log"), @r"
    error: the wire rot/acme:log/sink=log leads nowhere: there is no part rot
    hint: the parts are root, log
    ");
    insta::assert_snapshot!(wire("root/acme:log/sin=log"), @r"
    error: the wire root/acme:log/sin=log leads nowhere: root does not import acme:log/sin
    hint: root imports acme:log/sink@1.0.0
    ");
    insta::assert_snapshot!(wire("root/acme:log/sink=lag"), @r"
    error: the wire root/acme:log/sink=lag leads nowhere: there is no part lag
    hint: the parts are root, log
    ");
    insta::assert_snapshot!(wire("root/acme:log/sink=log/acme:log/sank"), @r"
    error: the wire root/acme:log/sink=log/acme:log/sank leads nowhere: log does not export acme:log/sank
    hint: log exports acme:log/sink@1.0.0
    ");
    insta::assert_snapshot!(wire("root/acme:log/sink=root"), @"error: the wire root/acme:log/sink=root leads nowhere: root cannot have its imports from itself");
    insta::assert_snapshot!(wire("root"), @"error: `root` is no wire; one is PART/IMPORT=PART, as in handler/acme:model/infer=model");
    insta::assert_snapshot!(wire("root/acme:log/sink=log --wire root/acme:log/sink=host"), @"error: the wire root/acme:log/sink=host leads nowhere: another wire says where acme:log/sink@1.0.0 of root comes from");
}

#[test]
fn names_of_parts_are_checked() {
    let dir =
        folder(&[("root.wat", sum(&["acme:log/sink@1.0.0"], 0, "")), ("log.wat", number("acme:log/sink@1.0.0", 1))]);
    let with = |with: &str| compose(dir.path(), &format!("root.wat {with} -o app.wasm")).fails(125);
    insta::assert_snapshot!(with("--with root=log.wat"), @"error: two parts are called root");
    insta::assert_snapshot!(with("--with host=log.wat"), @"error: `host` cannot be the name of a part: names have up to 63 letters, digits and hyphens, and `host` is taken");
    insta::assert_snapshot!(with("--with =log.wat"), @"error: `` cannot be the name of a part: names have up to 63 letters, digits and hyphens, and `host` is taken");
}
