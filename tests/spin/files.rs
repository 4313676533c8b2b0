//! Files that components see.

use std::fs;

use crate::app::{App, becomes};

#[test]
fn a_component_sees_the_files_that_it_names_to_read_only() {
    let app = App::kit(
        "files = [\"a.txt\", \"static/**/*\", { source = \"more\", destination = \"/x\" }]\nexclude_files = [\"static/*.secret\"]",
    );
    for name in ["a.txt", "b.txt", "static/c.txt", "static/d.secret", "more/e.txt"] {
        app.write(name, format!("this is {name}"));
    }
    let server = app.serve(&[]);
    let read = |path: &str| server.get(&format!("/own+read+/{path}")).said().1.to_owned();
    assert_eq!(read("a.txt"), "this is a.txt");
    assert_eq!(read("static/c.txt"), "this is static/c.txt");
    assert_eq!(read("x/e.txt"), "this is more/e.txt");
    for hidden in ["b.txt", "static/d.secret", "more/e.txt", "../b.txt"] {
        assert!(read(hidden).starts_with("error"), "{hidden}");
    }
    assert!(server.get("/own+write+/a.txt").said().1.starts_with("error"));
    assert_eq!(fs::read_to_string(app.at("a.txt")).unwrap(), "this is a.txt");

    app.write("a.txt", "changed");
    becomes(&server, "/own+read+/a.txt", (200, "changed"));
    app.write("static/new.txt", "new");
    becomes(&server, "/own+read+/static/new.txt", (200, "new"));
}

#[test]
fn a_folder_that_is_all_a_component_sees_is_shown_as_it_is() {
    let app = App::kit("files = [{ source = \"static\", destination = \"/\" }]");
    app.write("static/a.txt", "one");
    let server = app.serve(&["--no-watch"]);
    assert_eq!(server.get("/own+read+/a.txt").said(), (200, "one"));
    app.write("static/a.txt", "two");
    assert_eq!(server.get("/own+read+/a.txt").said(), (200, "two"));
    assert!(server.get("/own+write+/b.txt").said().1.starts_with("error"));
    assert!(server.get("/own+read+/../spin.toml").said().1.starts_with("error"));
}

#[test]
fn a_link_that_leads_elsewhere_shows_nothing() {
    let (app, other) = (App::kit("files = [\"static/*\"]"), App::new());
    other.write("secret", "hidden");
    app.write("static/a.txt", "one");
    app.link("static/out", &other.at("secret"));
    let said = app.holm(&["serve", "."]).fails(125);
    assert!(said.contains("static/out is a link that leads to"), "{said}");
    assert!(said.contains("exclude_files"), "{said}");
}

#[test]
fn what_is_not_there_is_told() {
    let app = App::kit("files = [\"none.txt\"]");
    let said = app.holm(&["serve", "."]).fails(127);
    assert!(said.contains("none.txt, which does not exist"), "{said}");
}
