//! Functions of the program that runs a plugin.

use std::sync::{Arc, Mutex};

use holm_abi::{Caller, Datum, Error, Host, HostFunction, Kind, Provided, Result, Type, from_json, to_json};
use holm_extism::USER;
use serde_json::json;

use crate::{call, load, open, prebuilt, text, told};

type Now = fn(&Caller, Vec<Datum>) -> Result<Vec<Datum>>;

fn now(from: &str, name: &str, params: Vec<Type>, results: Vec<Type>, function: Now) -> Provided {
    let function = HostFunction::Now(Arc::new(function));
    Provided { from: from.into(), name: name.into(), params, results, function }
}

fn shout(_: &Caller, args: Vec<Datum>) -> Result<Vec<Datum>> {
    match args.as_slice() {
        [Datum::Text(text)] if text == "quiet" => Err(Error::new(Kind::Denied, "shouting is forbidden")),
        [Datum::Text(text)] => Ok(vec![Datum::Text(text.to_uppercase())]),
        other => panic!("{other:?}"),
    }
}

fn double(_: &Caller, args: Vec<Datum>) -> Result<Vec<Datum>> {
    let [Datum::Value(number)] = args.as_slice() else { panic!("{args:?}") };
    let number = to_json(number).as_u64().unwrap();
    Ok(vec![Datum::Value(from_json(&Type::U32, &(number * 2).into()).unwrap())])
}

fn nearest(_: &Caller, args: Vec<Datum>) -> Result<Vec<Datum>> {
    let [Datum::Value(words)] = args.as_slice() else { panic!("{args:?}") };
    let mut words: Vec<_> = to_json(words).as_array().unwrap().clone();
    words.reverse();
    Ok(vec![Datum::Value(from_json(&words_type(), &json!(words)).unwrap())])
}

fn words_type() -> Type {
    Type::list(Type::STRING)
}

/// A host with all that the plugin imports.
pub(crate) fn host() -> Host {
    let notice = |caller: &Caller, args: Vec<Datum>| {
        if let Some(heard) = caller.with.as_ref().and_then(|with| with.downcast_ref::<Mutex<Vec<Datum>>>()) {
            heard.lock().unwrap().extend(args);
        }
        Ok(vec![])
    };
    let provided = [
        now(USER, "shout", vec![Type::STRING], vec![Type::STRING], shout),
        now(USER, "notice", vec![Type::STRING], vec![], notice),
        now(USER, "double", vec![Type::U32], vec![Type::U32], double),
        now("places", "nearest", vec![words_type()], vec![words_type()], nearest),
    ];
    Host { provided: Arc::new(provided), ..Host::default() }
}

#[tokio::test]
async fn text_numbers_and_lists_go_to_functions_of_the_host_and_back() {
    let mut instance = open(&prebuilt("extism-lent.wasm"), &host()).await;
    assert_eq!(call(&mut instance, "call_shout", "grüße").await.unwrap(), "GRÜSSE");
    assert_eq!(call(&mut instance, "call_double", "21").await.unwrap(), "42");
    assert_eq!(call(&mut instance, "call_nearest", "a b c").await.unwrap(), "c b a");
}

#[tokio::test]
async fn a_function_of_the_host_knows_who_called_and_with_what() {
    let mut instance = open(&prebuilt("extism-lent.wasm"), &host()).await;
    let heard = Arc::new(Mutex::new(Vec::<Datum>::new()));
    let args = [Datum::Text("psst".into())];
    let caller = Caller { with: Some(heard.clone()), ..Caller::default() };
    instance.call_by(caller, "call_shout", &args).await.unwrap();
    assert_eq!(*heard.lock().unwrap(), [Datum::Text("psst".into())]);
    // What came with a call is not kept for the next.
    assert_eq!(Arc::strong_count(&heard), 1);
}

#[tokio::test]
async fn an_error_of_the_host_ends_the_call() {
    let mut instance = open(&prebuilt("extism-lent.wasm"), &host()).await;
    let error = call(&mut instance, "call_shout", "quiet").await.unwrap_err();
    assert_eq!(told(&error), "Denied: extism-lent.wasm: shouting is forbidden");
}

#[tokio::test]
async fn a_function_of_the_host_may_answer_later() {
    let later = Provided {
        from: USER.into(),
        name: "shout".into(),
        params: vec![Type::STRING],
        results: vec![Type::STRING],
        function: HostFunction::Later(Arc::new(|caller, args| {
            Box::pin(async move {
                tokio::task::yield_now().await;
                shout(&caller, args)
            })
        })),
    };
    let mut host = host();
    // The last of several counts.
    host.provided = host.provided.iter().cloned().chain([later]).collect();
    let mut instance = open(&prebuilt("extism-lent.wasm"), &host).await;
    assert_eq!(call(&mut instance, "call_shout", "late").await.unwrap(), "LATE");
}

#[tokio::test]
async fn numbers_pass_as_they_are_where_the_plugin_takes_them_so() {
    let plugin = text(
        r#"(module
            (import "extism:host/user" "scale" (func $scale (param i32 i64 f32 f64) (result f64)))
            (func (export "f") (result i32)
                (i32.trunc_f64_s
                    (call $scale (i32.const -2) (i64.const 5000000000) (f32.const 0.5) (f64.const 1e-9)))))"#,
    );
    let scale: Now = |_, args| {
        let number = |at: usize| match &args[at] {
            Datum::Value(value) => to_json(value).as_f64().unwrap(),
            other => panic!("{other:?}"),
        };
        let product = (0..4).map(number).product::<f64>();
        Ok(vec![Datum::Value(from_json(&Type::F64, &json!(product)).unwrap())])
    };
    let params = vec![Type::S8, Type::U64, Type::F32, Type::F64];
    let provided = Arc::new([now(USER, "scale", params, vec![Type::F64], scale)]);
    let mut instance = open(&plugin, &Host { provided, ..Host::default() }).await;
    let error = call(&mut instance, "f", "").await.unwrap_err();
    assert!(error.to_string().ends_with("the code -5"), "{error}");
}

#[test]
fn a_function_of_another_type_says_what_the_host_has() {
    let provided = Arc::new([now(USER, "shout", vec![Type::STRING, Type::U8], vec![], shout)]);
    let error = load(&prebuilt("extism-lent.wasm"), &Host { provided, ..Host::default() }).err().unwrap();
    let expected = "shout: the guest calls it as (i64) -> i64, and the host has (string, u8)";
    assert!(error.to_string().contains(expected), "{error}");
}

#[tokio::test]
async fn a_host_that_returns_what_it_does_not_say_is_an_error_of_its_own() {
    let provided: Vec<Provided> = host().provided.iter().filter(|one| one.name != "shout").cloned().collect();
    for wrong in [(|_, _| Ok(vec![])) as Now, |_, _| Ok(vec![Datum::Bytes(vec![1])])] {
        let shout = now(USER, "shout", vec![Type::STRING], vec![Type::STRING], wrong);
        let provided = provided.iter().cloned().chain([shout]).collect();
        let mut instance = open(&prebuilt("extism-lent.wasm"), &Host { provided, ..Host::default() }).await;
        let error = call(&mut instance, "call_shout", "a").await.unwrap_err();
        assert_eq!(error.kind(), Kind::Internal, "{error}");
    }
}

#[tokio::test]
async fn arguments_that_are_no_block_or_no_text_end_the_call() {
    let plugin = text(
        r#"(module
            (import "extism:host/user" "shout" (func $shout (param i64) (result i64)))
            (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
            (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
            (func (export "nowhere") (drop (call $shout (i64.const 12345))))
            (func (export "far") (drop (call $shout (i64.const -1))))
            (func (export "inside") (drop (call $shout (i64.add (call $alloc (i64.const 9)) (i64.const 1)))))
            (func (export "nothing") (drop (call $shout (i64.const 0))))
            (func (export "garbage") (local i64)
                (local.set 0 (call $alloc (i64.const 1)))
                (call $store (local.get 0) (i32.const 0xff))
                (drop (call $shout (local.get 0)))))"#,
    );
    for (name, ends) in
        [("nowhere", "12345 is no"), ("far", "is no block"), ("inside", "is no block"), ("garbage", "UTF-8")]
    {
        let mut instance = open(&plugin, &host()).await;
        let error = call(&mut instance, name, "").await.unwrap_err();
        assert!(error.kind() == Kind::Trap && error.to_string().contains(ends), "{name}: {error}");
    }
    assert_eq!(call(&mut open(&plugin, &host()).await, "nothing", "").await.unwrap(), "");
}
