//! What is wrong is told all at once, and where.

use crate::app::{App, HEAD, manifest};

#[test]
fn mistakes_are_told_with_their_lines() {
    let app = App::of(
        &format!(
            "{HEAD}[[trigger.http]]\nroute = \"/\"\ncomponent = \"none\"\n[component.web]\nsource = 1\nfils = []\n"
        ),
        &[],
    );
    let said = app.holm(&["serve", "."]).fails(125);
    for line in ["spin.toml:7", "spin.toml:9", "spin.toml:10"] {
        assert!(said.contains(line), "{line}: {said}");
    }
}

#[test]
fn a_component_that_is_not_there_is_told() {
    let app = App::of(&manifest("\"none.wasm\"", ""), &[]);
    let said = app.holm(&["serve", "."]).fails(127);
    assert!(said.contains("none.wasm: no such file"), "{said}");
    let app = App::of(&manifest("\"none.wasm\"", "[component.web.build]\ncommand = \"true\""), &[]);
    let said = app.holm(&["serve", "."]).fails(127);
    assert!(said.contains("`holm build` makes it"), "{said}");
}

#[test]
fn a_variable_without_a_value_is_told() {
    let text = manifest("\"spin-sdk3-hello.wasm\"", "")
        .replace("[[trigger", "[variables]\nsecret = { required = true }\n[[trigger");
    let app = App::of(&text, &["spin-sdk3-hello.wasm"]);
    let said = app.holm(&["serve", "."]).fails(125);
    assert!(said.contains("`secret`") && said.contains("--variable NAME=VALUE"), "{said}");
    let said = app.holm(&["serve", ".", "--variable", "secrets=x"]).fails(125);
    assert!(said.contains("declares no variable of this name") && said.contains("it declares secret"), "{said}");
    for given in [app.serve(&["--variable", "secret=x"]), {
        app.write(".env", "SPIN_VARIABLE_SECRET=x\n");
        app.serve(&[])
    }] {
        assert_eq!(given.get("/").said().0, 200);
    }
}

#[test]
fn a_folder_without_a_manifest_is_told_what_there_could_be() {
    let said = App::new().holm(&["serve", "."]).fails(127);
    assert!(said.contains("no holm.toml and no spin.toml"), "{said}");
}
