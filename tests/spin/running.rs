//! `holm run` with apps made for Spin.

use crate::app::{App, HEAD};

fn app() -> App {
    let text = "[[trigger.http]]\nroute = \"/...\"\ncomponent = \"web\"\n[[trigger.command]]\ncomponent = \"job\"\n\
                [component.web]\nsource = \"spin-sdk3-hello.wasm\"\n\
                [component.job]\nsource = \"parts-handler.p2.wasm\"\nfiles = [\"a.txt\"]\nkey_value_stores = [\"default\"]\n\
                environment = { A = \"1\" }\n\
                [component.job.dependencies]\n\"parts:kit/probe\" = { path = \"parts-model.p2.wasm\" }\n";
    let guests = ["spin-sdk3-hello.wasm", "parts-handler.p2.wasm", "parts-model.p2.wasm"];
    let app = App::of(&format!("{HEAD}{text}"), &guests);
    app.write("a.txt", "one");
    app
}

#[test]
fn the_component_that_is_there_to_be_run_is_run() {
    let app = app();
    for named in [&["run", "."][..], &["run", "spin.toml"], &["run", "--", "spin.toml"]] {
        let said = app.holm(named).args(["own env", "own read /a.txt", "own kv default"]).prints();
        assert_eq!(said, "A=1\none\nvalue\n", "{named:?}");
    }
    assert!(app.at(".state/serve/stores/my-app/stores.sqlite").is_file());
}

#[test]
fn nothing_of_what_it_saw_is_left() {
    let (app, temporary) = (app(), tempfile::tempdir().unwrap());
    app.holm(&["run", "."]).arg("own read /a.txt").env("TMPDIR", temporary.path()).prints();
    assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 0);
}
