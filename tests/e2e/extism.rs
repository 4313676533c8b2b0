//! Extism plugins, as they are.

use serde_json::{Value as Json, json};

use crate::support::{Outcome, call, holm, run};

#[test]
fn a_plugin_counts_vowels() {
    let printed = call("extism-kit.wasm", ["count_vowels", "hello"]).prints();
    assert_eq!(printed, r#"{"count":2,"total":2,"vowels":"aeiouAEIOU"}"#);
}

#[test]
fn plugins_in_every_language_are_called() {
    assert_eq!(call("extism-go.p1.wasm", ["upper", "hello"]).prints(), "HELLO");
    assert_eq!(call("extism-c.wasm", ["reverse", "hello"]).prints(), "olleh");
    let Outcome { stdout, stderr, .. } = call("extism-as.wasm", ["greet", "Ada"]).ends();
    assert_eq!((stdout.as_str(), stderr.as_str()), ("Hello, Ada!", "INFO Hello, Ada!\n"));
}

#[test]
fn what_is_typed_goes_in_and_what_is_returned_comes_out() {
    assert_eq!(call("extism-kit.wasm", ["echo", "[1, 2] \"ü\""]).prints(), "[1, 2] \"ü\"");
    assert_eq!(call("extism-kit.wasm", ["echo"]).prints(), "");
    assert_eq!(call("extism-kit.wasm", ["greet", ""]).prints(), "Hello, !");
    let error = call("extism-kit.wasm", ["greet", "Ada", "Lovelace"]).fails(125);
    assert!(error.contains("greet: takes one argument or none, not 2"), "{error}");
}

#[test]
fn a_result_is_text_in_json_too() {
    let printed = holm(["call", "--json"]).guest("extism-kit.wasm").args(["echo", "\"ü\"\n"]).prints();
    assert_eq!(serde_json::from_str::<Json>(&printed).unwrap(), json!("\"ü\"\n"));
}

#[test]
fn a_plugin_that_fails_says_why_and_ends_with_1() {
    assert_eq!(call("extism-kit.wasm", ["fail", "no luck"]).fails(1), "error: no luck\n");
    let error = call("extism-kit.wasm", ["panic", "now"]).fails(134);
    assert!(error.contains("unreachable"), "{error}");
}

#[test]
fn what_a_plugin_may_not_is_told_with_what_would_allow_it() {
    let error = call("extism-kit.wasm", ["fetch", "https://api.example.com/v1"]).fails(126);
    let (_, error) = error.split_once('\n').unwrap();
    assert_eq!(
        error,
        "error: extism-kit.wasm: HTTP request to https://api.example.com/v1 is not allowed\n\
         hint: --http https://api.example.com would allow it\n"
    );
}

#[test]
fn configuration_is_given_as_to_every_guest() {
    let called = holm(["call", "--config", "colour=blue"]).guest("extism-kit.wasm").args(["config", "colour"]);
    assert_eq!(called.prints(), "blue");
}

#[test]
fn a_plugin_lists_what_can_be_called() {
    let printed = call("extism-c.wasm", []).prints();
    assert_eq!(
        printed,
        "reverse: (bytes) -> bytes\ncalls: (bytes) -> bytes\nname: (bytes) -> bytes\ncode: (bytes) -> bytes\n"
    );
}

#[test]
fn a_plugin_is_inspected_as_what_it_is() {
    let printed = holm(["inspect"]).guest("extism-kit.wasm").prints();
    assert!(printed.contains("extism"), "{printed}");
    assert!(printed.contains("--http PATTERN") && printed.contains("--config KEY=VALUE"), "{printed}");
}

#[test]
fn a_plugin_is_not_run_and_what_it_lacks_is_named() {
    let error = run("extism-kit.wasm").ends();
    assert!(error.code != Some(0) && error.stderr.contains("holm call"), "{error:?}");
    let error = call("extism-lent.wasm", ["call_shout", "a"]).fails(126);
    assert!(error.contains("shout: the program that runs the plugin is to provide it"), "{error}");
    assert!(error.contains("hint: `extism:host/user` is what the program"), "{error}");
}
