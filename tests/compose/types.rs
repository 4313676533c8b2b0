//! Each kind of type crosses between components: guests in Rust, called through one another.

use tempfile::tempdir;

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
    insta::assert_snapshot!(ended.stderr, @"");
    insta::assert_snapshot!(holm(["call"]).arg(&app).arg("check").prints(), @"");
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
    insta::assert_snapshot!(error, @"");
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
    insta::assert_snapshot!(compose(["a", "b"]).fails(126), @"");
    let ended = compose(["b", "b"]).ends();
    assert_eq!(ended.code, Some(0), "{ended:?}");
}
