//! Composed guests that are served: under the same grants, replaced when a file of theirs changes, and deployed.

use std::fs;

use crate::parts_kit::{Kit, neighbour};
use crate::server::{Server, start};
use crate::support::holm;

fn serve(kit: &Kit, flags: &[&str]) -> Server {
    let command = holm(["serve", "--addr", "127.0.0.1:0"]).args(flags).arg(kit.folder());
    start(command.env("HOLM_STATE_DIR", kit.at("state")))
}

#[track_caller]
fn answers(server: &Server, what: &str) -> String {
    let response = server.get(&format!("/{}", what.replace(' ', "+")));
    let (status, body) = response.said();
    assert_eq!(status, 200, "{what}: {body}: {}", server.log());
    body.to_owned()
}

#[test]
fn each_component_answers_requests_under_its_own_grants() {
    let neighbour = neighbour();
    let kit = Kit::new(&format!(
        "[grants]\ndir = \".::/data\"\nhttp = \"http://{neighbour}\"\nenv = {{ A = \"1\" }}\nkv = \"a\"\n\
         [components.model.grants]\nnet = \"{neighbour}\"\nenv = {{ B = \"2\" }}\nkv = \"b\"\n"
    ));
    for flags in [&[][..], &["--no-cache"]] {
        let server = serve(&kit, flags);
        for (what, own, model) in [
            ("read /data/secret.txt".to_owned(), "the handler's secret", "error: NotFound"),
            ("env".to_owned(), "A=1", "B=2"),
            (format!("dial {neighbour}"), "error: PermissionDenied", "pong"),
            (format!("http http://{neighbour}/"), "status 200", "error: ErrorCode::HttpRequestDenied"),
            ("kv a".to_owned(), "value", "error: access denied"),
            ("kv b".to_owned(), "error: access denied", "value"),
        ] {
            let got = [answers(&server, &format!("own {what}")), answers(&server, &format!("model {what}"))];
            assert_eq!(got, [own, model], "{what}");
        }
        assert_eq!(answers(&server, "give-stream secret.txt"), "the handler's secret");
    }
}

#[test]
fn the_log_names_the_component_and_what_would_grant_it_once() {
    let kit = Kit::new("");
    let server = serve(&kit, &[]);
    for _ in 0..3 {
        assert_eq!(answers(&server, "model kv theirs"), "error: access denied");
        assert_eq!(answers(&server, "model config colour"), "(none)");
    }
    let said = "kit: the component model asked for more than it was granted: ";
    server.logs(&[said, "`kv = \"theirs\"` in [components.model.grants] would grant it"]);
    server.logs(&[said, "`config = { \"colour\" = \"…\" }` in [components.model.grants] would grant it"]);
    assert_eq!(server.log().matches("asked for more").count(), 2);
}

#[test]
fn instances_that_are_used_again_stay_apart() {
    let kit = Kit::new("reuse = {}\n[grants]\nenv = { A = \"1\" }\n[components.model.grants]\nenv = { B = \"2\" }");
    let server = serve(&kit, &[]);
    for _ in 0..3 {
        assert_eq!([answers(&server, "own env"), answers(&server, "model env")], ["A=1", "B=2"]);
    }
}

#[test]
fn a_component_whose_file_changes_is_replaced() {
    let kit = Kit::new("[components.model.grants]\nenv = { B = \"2\" }");
    let server = serve(&kit, &[]);
    assert_eq!(answers(&server, "model env"), "B=2");
    // `middle` wants `deep`, which nobody has: all goes on as it was.
    fs::copy(kit.at("middle.wasm"), kit.at("new")).unwrap();
    fs::rename(kit.at("new"), kit.at("model.wasm")).unwrap();
    server.logs(&["not taken over"]);
    assert_eq!(answers(&server, "model env"), "B=2");
    // With it, it answers otherwise.
    kit.manifest(
        "[imports]\n\"parts:kit/probe\" = \"model\"\n[components.model]\nfile = \"model.wasm\"\n[components.deep]\n\
         file = \"deep.wasm\"\n[components.deep.grants]\nenv = { C = \"3\" }",
    );
    kit.write("deep.wasm", fs::read(crate::support::guest("parts-model.p2.wasm")).unwrap());
    server.logs(&["replaced: kit"]);
    assert_eq!(
        [answers(&server, "model env"), answers(&server, "model deep env")],
        ["error: nothing is tried here", "C=3"]
    );
}

#[test]
fn a_composed_app_is_deployed_with_its_components() {
    let kit = Kit::new("[components.model.grants]\nenv = { B = \"2\" }\nkv = \"b\"");
    let (home, config) = (
        tempfile::tempdir().unwrap(),
        "holm-server = 1\nstate = \"state\"\nadmin = { listen = \"unix:admin.sock\" }\n",
    );
    fs::write(home.path().join("server.toml"), config).unwrap();
    let server =
        start(holm(["serve", "--addr", "127.0.0.1:0", "--server-config"]).arg(home.path().join("server.toml")));
    let socket = format!("unix:{}", home.path().join("admin.sock").display());
    let deploy = || holm(["deploy", "--to", &socket]).arg(kit.folder()).ends();
    let deployed = deploy();
    assert_eq!(deployed.code, Some(0), "{deployed:?}");
    assert_eq!([answers(&server, "model env"), answers(&server, "own env")], ["B=2", ""]);
    assert_eq!([answers(&server, "model kv b"), answers(&server, "own kv b")], ["value", "error: access denied"]);

    // A component is granted no more of the server's than its guest could be.
    kit.manifest(
        "[components.model]\nfile = \"model.wasm\"\n[components.model.grants]\ndir = \"/etc::/etc\"\nenv = \"HOME\"",
    );
    let refused = deploy();
    assert_ne!(refused.code, Some(0));
    assert!(refused.stderr.contains("directory /etc") && refused.stderr.contains("variable HOME"), "{refused:?}");
}
