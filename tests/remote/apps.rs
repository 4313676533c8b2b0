//! `holm apps`, `holm rollback`, `holm remove`, `holm reload`.

use insta::assert_snapshot;
use serde_json::{Value as Json, json};

use crate::server::Server;

/// Without the moments in it.
fn timeless(text: &str) -> String {
    let is_time = |word: &str| word.starts_with("20") && word.contains('T') && word.ends_with('Z');
    let words = text.split(' ').map(|word| if is_time(word) { "[time]" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

fn json_of(text: &str) -> Json {
    serde_json::from_str(text).unwrap()
}

#[test]
fn nothing_is_deployed_at_first() {
    let server = Server::start();
    assert_eq!(server.holm(["apps"]).prints(), "no app is deployed; `holm deploy APP` deploys one\n");
    assert_eq!(json_of(&server.holm(["apps", "--json"]).prints()), json!({ "apps": [] }));
}

#[test]
fn apps_are_listed_with_how_they_are_doing() {
    let server = Server::start().with_shop();
    assert_snapshot!(server.holm(["apps"]).prints(), @r"
    NAME  VERSION  STATE    REQUESTS  ROUTES
    shop        2  running         7  shop.example.com
    ");
    let app = &json_of(&server.holm(["apps", "--json"]).prints())["apps"][0];
    assert_eq!((&app["name"], &app["version"], &app["requests"]), (&json!("shop"), &json!(2), &json!(7)));
    *server.backend.last_error.lock().unwrap() = Some("it\u{1b}[2J trapped".to_owned());
    assert_snapshot!(server.holm(["apps"]).prints(), @r"
    NAME  VERSION  STATE    REQUESTS  ROUTES
    shop        2  failing         7  shop.example.com
    shop: it[2J trapped
    ");
}

#[test]
fn one_app_is_shown_with_its_versions() {
    let server = Server::start().with_shop();
    *server.backend.last_error.lock().unwrap() = Some("out of memory".to_owned());
    assert_snapshot!(timeless(&server.holm(["apps", "shop"]).prints()), @r"
    shop version 2: failing, 7 requests since the server started
    last error: out of memory
    routes:
      shop.example.com
    guests:
      shop.wasm  3 B  sha256:7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed
    versions:
      1  [time]           as it should be
      2  [time]  current  as it should be
    ");
    let shown = json_of(&server.holm(["apps", "shop", "--json"]).prints());
    assert_eq!(shown["versions"][1]["notes"], "as it should be");
    assert_eq!(shown["last_error"], "out of memory");
}

#[test]
fn an_app_that_nobody_deployed_is_not_found() {
    let server = Server::start();
    for words in [["apps", "shop"], ["rollback", "shop"], ["logs", "shop"]] {
        let said = server.holm(words).fails(127);
        assert_eq!(said, "error: no app is called shop\nhint: `holm apps` lists the apps that are deployed\n");
    }
    let said = server.holm(["remove", "shop", "--yes"]).fails(127);
    assert!(said.starts_with("error: no app is called shop\n"), "{said}");
}

#[test]
fn a_name_that_cannot_be_one_is_refused_before_anything_is_asked() {
    let server = Server::start();
    assert_snapshot!(server.holm(["apps", "../etc"]).fails(125), @r#"
    error: invalid value '../etc' for '[NAME]': "../etc" cannot name an app: names are 1 to 63 of a-z, 0-9 and -, and do not start with -

    For more information, try '--help'.
    "#);
}

#[test]
fn an_earlier_version_comes_back_with_one_command() {
    let server = Server::start().with_shop();
    assert_eq!(server.holm(["rollback", "shop"]).prints(), "shop version 1 answers again\n");
    assert_snapshot!(server.holm(["rollback", "shop"]).fails(127), @r"
    error: shop has no earlier version
    hint: `holm apps NAME` lists the versions that are kept
    ");
    let said = server.holm(["rollback", "shop", "--to-version", "2", "--json"]).prints();
    assert_eq!(json_of(&said), json!({ "name": "shop", "version": 2 }));
    assert_snapshot!(server.holm(["rollback", "shop", "--to-version", "9"]).fails(127), @r"
    error: shop has no version 9
    hint: `holm apps NAME` lists the versions that are kept
    ");
}

#[test]
fn an_app_is_not_removed_by_a_script_that_did_not_say_so() {
    let server = Server::start().with_shop();
    assert_snapshot!(server.holm(["remove", "shop"]).fails(125), @r"
    error: removing shop cannot be undone, and nobody is here to ask
    hint: --yes removes it without asking
    ");
    assert_eq!(server.holm(["remove", "shop", "--yes"]).prints(), "shop is removed\n");
    server.holm(["apps", "shop"]).fails(127);
}

#[test]
fn a_configuration_is_read_again_or_everything_wrong_with_it_is_told() {
    let server = Server::start();
    let said = server.holm(["reload"]).prints();
    assert_eq!(said, "unix:[state]/serve/admin.sock has read its configuration again\n");
    *server.backend.misconfigured.lock().unwrap() = vec!["no such file: a".to_owned(), "no such key: b".to_owned()];
    assert_snapshot!(server.holm(["reload"]).fails(126), @r"
    error: the new configuration was not accepted; nothing has changed
      no such file: a
      no such key: b
    ");
}
