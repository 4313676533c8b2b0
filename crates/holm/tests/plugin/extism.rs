use holm::{Call, Grant, Instances, Kind};

use crate::support::{RUNTIME, guest};

#[test]
fn an_extism_plugin_is_called_like_any_other() {
    let plugin = RUNTIME.plugin(guest("extism-kit.wasm")).grant(Grant::config("vowels", "y")).load().unwrap();
    assert_eq!(plugin.call::<String>("greet", "Ada").unwrap(), "Hello, Ada!");
    assert_eq!(plugin.call::<String>("greet", ()).unwrap(), "Hello, !");
    assert_eq!(plugin.call::<Vec<u8>>("echo", vec![0_u8, 255]).unwrap(), [0, 255]);
    let counted: String = plugin.call("count_vowels", "yes, yes").unwrap();
    assert_eq!(counted, r#"{"count":2,"total":2,"vowels":"y"}"#);
}

#[test]
fn an_extism_plugin_keeps_its_variables_for_a_session() {
    let plugin = RUNTIME.plugin(guest("extism-kit.wasm")).load().unwrap();
    let mut session = plugin.session();
    session.call::<String>("keep", "a=1").unwrap();
    assert_eq!(session.call::<String>("fail", "no luck").unwrap_err().kind(), Kind::Failed);
    assert_eq!(session.call::<String>("keep", "a").unwrap(), "1");
    assert_eq!(plugin.call::<String>("keep", "a").unwrap(), "(none)");
}

#[test]
fn an_instance_that_says_it_failed_is_used_again_and_one_that_trapped_is_not() {
    let plugin = RUNTIME.plugin(guest("extism-kit.wasm")).instances(Instances::Pooled { most: 1 }).load().unwrap();
    plugin.call::<String>("keep", "a=1").unwrap();
    let error = plugin.call::<String>("fail", "no luck").unwrap_err();
    assert_eq!((error.kind(), error.to_string().as_str()), (Kind::Failed, "no luck"));
    assert_eq!(plugin.call::<String>("keep", "a").unwrap(), "1");
    assert_eq!(plugin.call::<String>("panic", "now").unwrap_err().kind(), Kind::Trap);
    assert_eq!(plugin.call::<String>("keep", "a").unwrap(), "(none)");
}

#[test]
fn functions_of_the_host_are_lent_to_extism_plugins_too() {
    let plugin = RUNTIME
        .plugin(guest("extism-lent.wasm"))
        .provide(USER, "shout", |_: &Call, text: String| text.to_uppercase())
        .provide(USER, "notice", |_: &Call, _: String| ())
        .provide(USER, "double", |_: &Call, number: u32| number * 2)
        .provide("places", "nearest", |_: &Call, words: Vec<String>| words.into_iter().rev().collect::<Vec<String>>())
        .load()
        .unwrap();
    assert_eq!(plugin.call::<String>("call_shout", "ahoy").unwrap(), "AHOY");
    assert_eq!(plugin.call::<String>("call_double", "21").unwrap(), "42");
    assert_eq!(plugin.call::<String>("call_nearest", "a b").unwrap(), "b a");
}

const USER: &str = "extism:host/user";

#[test]
fn extisms_manifest_says_what_a_plugin_is_made_of_and_what_it_may() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::copy(guest("extism-kit.wasm"), dir.path().join("kit.wasm")).unwrap();
    let manifest = dir.path().join("kit.json");
    std::fs::write(&manifest, r#"{ "wasm": [{ "path": "kit.wasm" }], "config": { "vowels": "a" }, "timeout_ms": 80 }"#)
        .unwrap();
    let plugin = RUNTIME.extism(&manifest).unwrap().load().unwrap();
    let counted: String = plugin.call("count_vowels", "Ada, banana").unwrap();
    assert_eq!(counted, r#"{"count":4,"total":4,"vowels":"a"}"#);
    assert_eq!(plugin.call::<()>("spin", ()).unwrap_err().kind(), Kind::OutOfTime);

    let changed = format!(r#"{{ "wasm": [{{ "path": "kit.wasm", "hash": "{}" }}] }}"#, "0".repeat(64));
    std::fs::write(&manifest, changed).unwrap();
    assert_eq!(RUNTIME.extism(&manifest).unwrap().load().unwrap_err().kind(), Kind::Invalid);
    std::fs::write(&manifest, "{").unwrap();
    assert_eq!(RUNTIME.extism(&manifest).unwrap_err().kind(), Kind::Usage);
}
