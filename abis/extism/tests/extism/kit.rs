//! A plugin made with the kit for Rust.

use holm_abi::{Abi as _, Caller, Certainty, Datum, Host, Kind};
use holm_extism::Extism;

use crate::{bytes, call, call_fresh, granting, load, open, prebuilt, told};

#[tokio::test]
async fn a_plugin_counts_vowels_and_remembers() {
    let plugin = prebuilt("extism-kit.wasm");
    let mut instance = open(&plugin, &Host::default()).await;
    for total in [3, 6, 9] {
        let counted = call(&mut instance, "count_vowels", "Hello, World!").await.unwrap();
        assert_eq!(counted, format!(r#"{{"count":3,"total":{total},"vowels":"aeiouAEIOU"}}"#));
    }
    let fresh = call_fresh(&plugin, &Host::default(), "count_vowels", "a").await.unwrap();
    assert_eq!(fresh, r#"{"count":1,"total":1,"vowels":"aeiouAEIOU"}"#);
}

#[tokio::test]
async fn bytes_of_every_length_go_in_and_out() {
    let mut instance = open(&prebuilt("extism-kit.wasm"), &Host::default()).await;
    for length in (0..70).chain([4095, 70_000, 1 << 20]) {
        let sent: Vec<u8> = (0..length).map(|at: u32| (at % 251) as u8).collect();
        let args = [Datum::Bytes(sent.clone())];
        let answer = instance.call("echo", &args).await.unwrap();
        assert!(answer == [Datum::Bytes(sent)], "{length} bytes");
    }
}

#[tokio::test]
async fn no_argument_is_no_input() {
    let mut instance = open(&prebuilt("extism-kit.wasm"), &Host::default()).await;
    let answer = instance.call("greet", &[]).await.unwrap();
    assert_eq!(answer, [Datum::Bytes(b"Hello, !".to_vec())]);
}

#[tokio::test]
async fn what_is_no_function_or_no_bytes_is_refused_before_the_plugin_is_touched() {
    let mut instance = open(&prebuilt("extism-kit.wasm"), &Host::default()).await;
    let error = call(&mut instance, "shout", "").await.unwrap_err();
    assert_eq!(told(&error), "Usage: there is no function `shout`");
    let two = [Datum::Text("a".into()), Datum::Text("b".into())];
    let error = instance.call("greet", &two).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Usage);
    assert_eq!(call(&mut instance, "greet", "Ada").await.unwrap(), "Hello, Ada!");
}

#[tokio::test]
async fn configuration_is_what_was_granted() {
    let host = granting(|grants| {
        grants.config.insert("vowels".into(), "y".into());
        grants.config.insert("empty".into(), String::new());
    });
    let mut instance = open(&prebuilt("extism-kit.wasm"), &host).await;
    assert_eq!(call(&mut instance, "config", "vowels").await.unwrap(), "y");
    assert!(call(&mut instance, "count_vowels", "yay").await.unwrap().starts_with(r#"{"count":2"#));
    assert_eq!(call(&mut instance, "config", "empty").await.unwrap(), "(none)");
    assert!(host.audit.is_empty());
    assert_eq!(call(&mut instance, "config", "colour").await.unwrap(), "(none)");
    assert_eq!(host.audit.asks()[0].flag(), "--config colour=VALUE");
}

#[tokio::test]
async fn variables_are_kept_replaced_and_removed() {
    let mut instance = open(&prebuilt("extism-kit.wasm"), &Host::default()).await;
    for (input, answer) in [
        ("a", "(none)"),
        ("a=1", "ok"),
        ("b=2", "ok"),
        ("a", "1"),
        ("a=3", "ok"),
        ("a", "3"),
        ("a=", "ok"),
        ("a", "(none)"),
    ] {
        assert_eq!(call(&mut instance, "keep", input).await.unwrap(), answer, "{input}");
    }
    assert_eq!(call(&mut instance, "keep", "b").await.unwrap(), "2");
}

#[tokio::test]
async fn a_plugin_that_says_it_failed_can_be_called_again() {
    let mut instance = open(&prebuilt("extism-kit.wasm"), &Host::default()).await;
    for (name, input) in [("fail", "no luck"), ("fail_with_code", "ünlucky")] {
        let error = call(&mut instance, name, input).await.unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (Kind::Failed, input));
        assert_eq!(call(&mut instance, "greet", "Ada").await.unwrap(), "Hello, Ada!");
    }
}

#[tokio::test]
async fn a_plugin_that_panics_traps_and_its_instance_is_spent() {
    let mut instance = open(&prebuilt("extism-kit.wasm"), &Host::default()).await;
    let error = call(&mut instance, "panic", "now").await.unwrap_err();
    assert_eq!(error.kind(), Kind::Trap);
    assert!(error.to_string().contains("unreachable"), "{error}");
    let again = call(&mut instance, "greet", "Ada").await.unwrap_err();
    assert!(told(&again).starts_with("Trap: extism-kit.wasm: this instance failed"), "{again}");
}

#[tokio::test]
async fn messages_of_every_level_are_lines_on_standard_error() {
    let (stderr, written) = holm_wasi::capture();
    let mut host = Host::default();
    host.stdio.stderr = stderr;
    let mut instance = open(&prebuilt("extism-kit.wasm"), &host).await;
    assert!(bytes(&mut instance, "say", "hi").await.unwrap().is_empty());
    let written = String::from_utf8(written.lock().unwrap().clone()).unwrap();
    assert_eq!(written, "TRACE hi\nDEBUG hi\nINFO hi\nWARN hi\nERROR hi\n");
}

#[tokio::test]
async fn what_a_plugin_logs_is_bounded_for_each_call() {
    let (stderr, written) = holm_wasi::capture();
    let mut host = Host::default();
    host.stdio.stderr = stderr;
    host.limits.max_output = Some(100);
    let mut instance = open(&prebuilt("extism-kit.wasm"), &host).await;
    for _ in 0..3 {
        call(&mut instance, "say", "hi").await.unwrap();
    }
    assert_eq!(written.lock().unwrap().len(), 3 * 43);
    let error = call(&mut instance, "say", &"x".repeat(40)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::OutOfOutput, "{error}");
}

#[tokio::test]
async fn calls_of_the_host_are_counted_and_words_that_cross_are_not() {
    let mut instance = open(&prebuilt("extism-kit.wasm"), &Host::default()).await;
    for (name, count) in [("echo", 0), ("config", 1), ("count_vowels", 3)] {
        let (args, caller) = ([Datum::Text("some text".into())], Caller::default());
        let usage = caller.usage.clone();
        instance.call_by(caller, name, &args).await.unwrap();
        assert_eq!(usage.host_calls(), count, "{name}");
    }
}

#[tokio::test]
async fn the_list_has_what_takes_and_returns_bytes() {
    let functions = load(&prebuilt("extism-kit.wasm"), &Host::default()).unwrap();
    let list = functions.list();
    let greet = list.iter().find(|function| function.name == "greet").unwrap();
    assert!(greet.raw && greet.refused.is_none());
    assert_eq!((greet.params.len(), greet.results.len()), (1, 1));
    assert!(list.iter().all(|function| !function.name.starts_with('_')));
    assert_eq!(list.len(), 14);
}

#[tokio::test]
async fn a_plugin_is_recognised_by_what_it_imports() {
    let evidence = Extism::default().recognise(&prebuilt("extism-kit.wasm").shape).unwrap();
    assert_eq!(evidence.certainty, Certainty::Certain);
    assert!(evidence.because.ends_with("from `extism:host/env`"), "{}", evidence.because);
    assert!(Extism::default().recognise(&prebuilt("reactor.p1.wasm").shape).is_none());
}
