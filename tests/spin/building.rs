//! `holm build` and `holm dev` with the commands of a `spin.toml`.

use crate::app::{App, HELLO, becomes, manifest};
use crate::server::start;
use crate::support::guest;

/// A component that is built by copying the guest that `src/make` names.
fn app(first: &str) -> App {
    let build = "[component.web.build]\ncommand = [\"mkdir -p ../out\", \"sh make\"]\nworkdir = \"src\"\nwatch = [\"make\", \"**/*.x\"]";
    let app = App::of(&manifest("\"out/web.wasm\"", build), &[]);
    making(&app, first);
    app
}

fn making(app: &App, name: &str) {
    app.write("src/make", format!("cp '{}' ../out/web.wasm\necho made >> ../made", guest(name).display()));
}

fn made(app: &App) -> usize {
    std::fs::read_to_string(app.at("made")).unwrap_or_default().lines().count()
}

#[test]
fn the_commands_are_run_in_their_folder_and_only_when_what_is_watched_changes() {
    let app = app("spin-sdk3-hello.wasm");
    let said = app.holm(&["build"]).prints();
    assert!(said.contains("out/web.wasm"), "{said}");
    app.write("src/other", "not watched");
    assert!(app.holm(&["build"]).prints().contains("nothing has changed"));
    assert_eq!(made(&app), 1);
    app.write("src/deep/a.x", "watched");
    app.holm(&["build"]).prints();
    assert_eq!(made(&app), 2);
    assert_eq!(app.serve(&[]).get("/").said(), HELLO);
}

#[test]
fn a_command_that_fails_is_told_with_its_component() {
    let app = app("spin-sdk3-hello.wasm");
    app.write("src/make", "echo this is why >&2; exit 3");
    let ended = app.holm(&["build"]).fails(1);
    assert!(ended.contains("this is why") && ended.contains("exit code 3"), "{ended}");
}

#[test]
fn dev_builds_serves_and_swaps() {
    let app = app("spin-sdk3-hello.wasm");
    // What is built already is not spoken of before the address is.
    app.holm(&["build", "--debug"]).prints();
    let server = start(app.holm(&["dev", "--addr", "127.0.0.1:0"]));
    becomes(&server, "/", HELLO);
    making(&app, "serve-hello.p2.wasm");
    becomes(&server, "/", (200, "Hello from Holm!\n"));
    app.write("src/make", "exit 1");
    let deadline = std::time::Instant::now() + crate::support::PATIENCE;
    while server.get("/").said().0 != 500 {
        assert!(std::time::Instant::now() < deadline, "{}", server.log());
    }
    making(&app, "spin-sdk3-hello.wasm");
    becomes(&server, "/", HELLO);
}

#[test]
fn dev_serves_an_app_that_builds_nothing() {
    let app = App::of(&manifest("\"spin-sdk3-hello.wasm\"", ""), &["spin-sdk3-hello.wasm"]);
    let server = start(app.holm(&["dev", "--addr", "127.0.0.1:0"]));
    becomes(&server, "/", HELLO);
}
