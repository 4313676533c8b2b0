//! `holm new` itself.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value as Json;

use crate::project::holm;

fn new(folder: &Path, arguments: &[&str]) -> Output {
    holm(folder).arg("new").args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn mistake(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(125));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn entries(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn templates_are_listed_with_a_line_each() {
    let work = tempfile::tempdir().unwrap();
    let text = stdout(&new(work.path(), &[]));
    assert_eq!(text, stdout(&new(work.path(), &["--list"])));
    assert!(text.contains("rust-http        an HTTP handler in Rust\n"), "{text}");
    let json: Json = serde_json::from_str(&stdout(&new(work.path(), &["--list", "--json"]))).unwrap();
    let templates = json.as_array().unwrap();
    assert!(templates.iter().all(|template| text.contains(template["about"].as_str().unwrap())));
    for language in ["rust", "python", "js", "ts", "go", "c", "as"] {
        assert!(templates.iter().any(|template| template["language"] == language), "{language}");
    }
}

#[test]
fn a_new_project_bears_its_name_and_says_what_comes_next() {
    let work = tempfile::tempdir().unwrap();
    let text = stdout(&new(work.path(), &["python", "My_App"]));
    assert_eq!(
        text,
        "My_App/: an HTTP handler in Python\n\nNext:\n    cd My_App && pip install -r requirements.txt && holm build\n    holm dev\n"
    );
    let manifest = fs::read_to_string(work.path().join("My_App/holm.toml")).unwrap();
    assert!(manifest.contains("guest = \"my-app.wasm\""), "{manifest}");
    assert_eq!(entries(work.path()), ["My_App"]);
}

#[test]
fn what_was_made_is_told_as_json() {
    let work = tempfile::tempdir().unwrap();
    let json: Json = serde_json::from_str(&stdout(&new(work.path(), &["--json", "c-command", "tool"]))).unwrap();
    assert_eq!((&json["template"], &json["folder"]), (&"c-command".into(), &"tool".into()));
    for file in json["files"].as_array().unwrap() {
        assert!(work.path().join("tool").join(file.as_str().unwrap()).is_file(), "{file}");
    }
}

#[test]
fn a_template_that_is_not_there_is_answered_with_the_nearest() {
    let work = tempfile::tempdir().unwrap();
    let message = mistake(&new(work.path(), &["rust-htp", "hello"]));
    assert!(message.contains("did you mean rust-http?"), "{message}");
    assert_eq!(entries(work.path()), Vec::<String>::new());
}

#[test]
fn a_name_that_is_a_path_makes_nothing() {
    let work = tempfile::tempdir().unwrap();
    for name in ["../up", "a/b", ".", "/tmp/holm-new", "2nd"] {
        let message = mistake(&new(work.path(), &["rust", name]));
        assert!(message.contains("cannot be the name of a project"), "{message}");
    }
    assert_eq!(entries(work.path()), Vec::<String>::new());
}

#[test]
fn a_folder_with_something_in_it_is_left_alone() {
    let work = tempfile::tempdir().unwrap();
    fs::create_dir(work.path().join("app")).unwrap();
    fs::write(work.path().join("app/mine"), "mine").unwrap();
    let message = mistake(&new(work.path(), &["go", "app"]));
    assert!(message.contains("there is something in app already"), "{message}");
    assert_eq!(entries(&work.path().join("app")), ["mine"]);
    assert_eq!(entries(work.path()), ["app"]);
}
