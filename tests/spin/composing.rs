//! Components that depend on others.

use crate::app::{App, KIT, manifest};

const GUESTS: [&str; 2] = ["parts-handler.p2.wasm", "parts-model.p2.wasm"];

fn composed(dependency: &str) -> App {
    let keys = "environment = { A = \"1\" }\nfiles = [{ source = \"static\", destination = \"/\" }]";
    let dependencies = format!("{keys}\n[component.web.dependencies]\n{dependency}\n");
    let app = App::of(&manifest(KIT, &dependencies), &GUESTS);
    app.write("static/a.txt", "one");
    app
}

#[test]
fn a_dependency_has_nothing_of_its_component_unless_it_inherits_it() {
    let app = composed("\"parts:kit/probe\" = { path = \"parts-model.p2.wasm\" }");
    let server = app.serve(&[]);
    assert_eq!(server.get("/own+env").said(), (200, "A=1"));
    assert_eq!(server.get("/model+env").said(), (200, ""));
    assert!(server.get("/model+read+/a.txt").said().1.starts_with("error"));
    assert_eq!(server.get("/own+read+/a.txt").said(), (200, "one"));
}

#[test]
fn a_dependency_has_what_it_inherits() {
    let all = "\"parts:kit\" = { path = \"parts-model.p2.wasm\", inherit_configuration = true }";
    let app = composed(all);
    let server = app.serve(&[]);
    assert_eq!(server.get("/model+env").said(), (200, "A=1"));
    assert_eq!(server.get("/model+read+/a.txt").said(), (200, "one"));
    let files = "\"parts:kit\" = { path = \"parts-model.p2.wasm\", inherit_configuration = [\"files\"] }";
    let app = composed(files);
    let server = app.serve(&[]);
    assert_eq!(server.get("/model+env").said(), (200, ""));
    assert_eq!(server.get("/model+read+/a.txt").said(), (200, "one"));
}

#[test]
fn a_dependency_that_is_of_no_use_is_told() {
    let said = composed("\"acme:other\" = { path = \"parts-model.p2.wasm\" }").holm(&["serve", "."]).fails(125);
    assert!(said.contains("imports nothing that its dependency `acme:other` is for"), "{said}");
    assert!(said.contains("parts:kit/probe"), "{said}");
}
