//! Apps made for Spin on a server that runs.

use tempfile::{TempDir, tempdir};

use crate::app::{App, HELLO, manifest};
use crate::server::{Server, start};
use crate::support::holm;

fn server(state: &TempDir) -> Server {
    start(holm(["serve", "--addr", "127.0.0.1:0", "--state"]).arg(state.path().join("state")))
}

fn deploy(state: &TempDir, app: &App, flags: &[&str]) -> crate::support::Holm {
    let to = format!("unix:{}", state.path().join("state/admin.sock").display());
    app.holm(&["deploy", ".", "--to", &to]).args(flags)
}

#[test]
fn a_deployed_app_keeps_its_files_and_what_it_depends_on() {
    let app = App::kit("files = [\"static/**/*\"]\nexclude_files = [\"**/*.secret\"]");
    app.write("static/a.txt", "one");
    app.write("static/b.secret", "hidden");
    let state = tempdir().unwrap();
    {
        let server = server(&state);
        let said = deploy(&state, &app, &[]).prints();
        assert!(said.starts_with("my-app version 1"), "{said}");
        assert_eq!(server.get("/own+read+/static/a.txt").said(), (200, "one"));
        assert!(server.get("/own+read+/static/b.secret").said().1.starts_with("error"));
        assert!(server.get("/own+write+/static/a.txt").said().1.starts_with("error"));
        assert!(server.get("/model+read+/static/a.txt").said().1.starts_with("error"));
    }
    drop(app);
    let server = server(&state);
    assert_eq!(server.get("/own+read+/static/a.txt").said(), (200, "one"));
}

#[test]
fn apps_are_put_on_hosts_of_their_own() {
    let state = tempdir().unwrap();
    let server = server(&state);
    let sources = [("one", "spin-sdk3-hello.wasm", HELLO), ("two", "serve-hello.p2.wasm", (200, "Hello from Holm!\n"))];
    for (name, file, _) in sources {
        let app = App::of(&manifest(&format!("\"{file}\""), ""), &[file]);
        let host = format!("{name}.example.com");
        deploy(&state, &app, &["--name", name, "--host", &host]).prints();
    }
    for (name, _, says) in sources {
        assert_eq!(server.get_at(&format!("{name}.example.com"), "/").said(), says);
    }
    assert_eq!(server.get_at("other.example.com", "/").said().0, 404);
    let app = App::of(&manifest("\"spin-sdk3-hello.wasm\"", ""), &["spin-sdk3-hello.wasm"]);
    let said = deploy(&state, &app, &["--name", "three", "--host", "one.example.com"]).fails(126);
    assert!(said.contains("one.example.com"), "{said}");
}

#[test]
fn a_deployed_app_has_no_variables_of_the_servers_environment() {
    let text = manifest("\"spin-sdk3-hello.wasm\"", "")
        .replace("[[trigger", "[variables]\nsecret = { required = true }\n[[trigger");
    let app = App::of(&text, &["spin-sdk3-hello.wasm"]);
    let state = tempdir().unwrap();
    let _server = start(
        holm(["serve", "--addr", "127.0.0.1:0", "--state"])
            .arg(state.path().join("state"))
            .env("SPIN_VARIABLE_SECRET", "x"),
    );
    let said = deploy(&state, &app, &[]).fails(126);
    assert!(said.contains("`secret`"), "{said}");
}
