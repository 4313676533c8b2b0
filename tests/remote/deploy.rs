//! `holm deploy`: what is sent, and what is said when it cannot be.

use insta::assert_snapshot;
use serde_json::{Value as Json, json};

use crate::server::{BAD, Server, folder};

const TWO: &[u8] =
    b"holm = 1\nname = \"two\"\n[guest.web]\nfile = \"web.wasm\"\nroutes = [\"/\", \"*.example.com/api\"]\n\
                     [guest.jobs]\nfile = \"build/jobs.wasm\"\n";

#[test]
fn a_folder_its_manifest_and_a_guest_in_it_are_the_same_app() {
    let server = Server::start();
    let app = folder(&[("holm.toml", TWO), ("web.wasm", b"web"), ("build/jobs.wasm", b"jobs")]);
    for (version, named) in ["", "holm.toml", "web.wasm"].iter().enumerate() {
        let said = server.holm(["deploy"]).arg(app.path().join(named)).prints();
        assert_eq!(said, format!("two version {} answers\n  /\n  *.example.com/api\n", version + 1));
    }
    let shown: Json = serde_json::from_str(&server.holm(["apps", "two", "--json"]).prints()).unwrap();
    assert_eq!(shown["manifest"], std::str::from_utf8(TWO).unwrap());
    assert_eq!(shown["guests"]["build/jobs.wasm"]["size"], 4);
    assert_eq!(shown["guests"]["web.wasm"]["size"], 3);
}

#[test]
fn a_guest_alone_is_an_app_that_answers_everything() {
    let server = Server::start();
    let app = folder(&[("Hello World.wasm", b"hello")]);
    let guest = app.path().join("Hello World.wasm");
    assert_eq!(server.holm(["deploy"]).arg(&guest).prints(), "hello-world version 1 answers\n  /\n");
    let said = server.holm(["deploy", "--json", "--name", "other"]).arg(&guest).prints();
    let said: Json = serde_json::from_str(&said).unwrap();
    assert_eq!(said, json!({ "name": "other", "version": 1, "routes": ["/"] }));
    let shown: Json = serde_json::from_str(&server.holm(["apps", "other", "--json"]).prints()).unwrap();
    assert_eq!(shown["manifest"], "holm = 1\nguest = \"Hello World.wasm\"\n");
}

#[test]
fn a_version_is_deployed_only_after_the_one_that_was_expected() {
    let server = Server::start().with_shop();
    let app = folder(&[("shop.wasm", b"three")]);
    let deploy = |version: &str| server.holm(["deploy", "--if-version", version]).arg(app.path().join("shop.wasm"));
    assert_snapshot!(deploy("1").fails(125), @r"
    error: shop was changed by someone else meanwhile (shop is at version 2, not 1: look at what changed and try again): nothing was deployed
    hint: `holm apps NAME` shows what is deployed now
    ");
    assert_eq!(deploy("2").prints(), "shop version 3 answers\n  /\n");
}

#[test]
fn every_reason_of_a_rejection_is_told_and_the_version_before_goes_on() {
    let server = Server::start().with_shop();
    let app = folder(&[("shop.wasm", BAD)]);
    assert_snapshot!(server.holm(["deploy"]).arg(app.path().join("shop.wasm")).fails(126), @r"
    error: this version was not accepted; nothing has changed
      it imports nowhere#open
      it asks for /etc
    ");
    let shown: Json = serde_json::from_str(&server.holm(["apps", "shop", "--json"]).prints()).unwrap();
    assert_eq!(shown["version"], 2);
}

#[test]
fn what_is_not_there_is_not_deployed() {
    let server = Server::start();
    let app = folder(&[
        ("holm.toml", b"holm = 1\nguest = \"gone.wasm\""),
        ("empty/readme", b""),
        ("bare/holm.toml", b"holm = 1"),
    ]);
    let said = |path: &str| server.holm(["deploy", "--name", "a"]).within(app.path()).arg(path).fails(127);
    assert_snapshot!(said("."), @"error: cannot read ./gone.wasm: No such file or directory");
    assert_snapshot!(said("empty"), @r"
    error: empty has no holm.toml and no spin.toml
    hint: name a .wasm, a manifest, or a folder with one
    ");
    assert_snapshot!(said("bare"), @r#"
    error: bare/holm.toml names no guest, and there is no .wasm beside it
    hint: guest = "app.wasm" names one
    "#);
    assert_snapshot!(said("nowhere.wasm"), @r"
    error: nowhere.wasm does not exist
    hint: name a .wasm, a manifest, or a folder with one
    ");
}

#[test]
fn what_is_wrong_with_a_manifest_is_said_here_with_its_lines() {
    let server = Server::start();
    let app = folder(&[("holm.toml", b"holm = 1\ngeust = \"a.wasm\"\n[limits]\nmemory = \"lots\"")]);
    assert_snapshot!(server.holm(["deploy", "."]).within(app.path()).fails(125), @r"
    error: 2 problems in ./holm.toml
      ./holm.toml:2:1: unknown key `geust`; did you mean `guest`?
      ./holm.toml:4:10: `lots` is not a size: it has to begin with a number (example: `64MiB`)
    ");
}

#[test]
fn a_name_that_no_server_takes_has_another_way() {
    let server = Server::start();
    let app = folder(&[("holm.toml", b"holm = 1\nname = \"My Shop\"\nguest = \"a.wasm\""), ("a.wasm", b"a")]);
    assert_snapshot!(server.holm(["deploy", "."]).within(app.path()).fails(125), @r#"
    error: ./holm.toml: "My Shop" cannot name an app: names are 1 to 63 of a-z, 0-9 and -, and do not start with -
    hint: --name NAME gives it another name on the server
    "#);
    assert_snapshot!(server.holm(["deploy", ".", "--name", "My Shop"]).within(app.path()).fails(125), @r#"
    error: invalid value 'My Shop' for '--name <NAME>': "My Shop" cannot name an app: names are 1 to 63 of a-z, 0-9 and -, and do not start with -

    For more information, try '--help'.
    "#);
    assert_eq!(
        server.holm(["deploy", ".", "--name", "my-shop"]).within(app.path()).prints(),
        "my-shop version 1 answers\n  /\n"
    );
}
