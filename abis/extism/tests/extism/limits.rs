//! Plugins that use more than they may.

use std::sync::Arc;
use std::time::Duration;

use holm_abi::{Caller, Host, HostFunction, Kind, Provided, Type};
use holm_engine::{Settings, Source};
use holm_extism::{Bounds, Extism};
use holm_grants::Limits;

use crate::{call, compile, load_as, open, prebuilt, told};

fn limited(limits: Limits) -> Host {
    Host { limits, ..Host::default() }
}

/// The kit, compiled so that time is looked at.
fn interruptible() -> holm_abi::Guest {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../guests/prebuilt/extism-kit.wasm");
    let settings = Settings { interruptible: true, ..Settings::default() };
    compile(Source::read(path).unwrap(), &settings)
}

#[tokio::test]
async fn memory_of_extisms_counts_as_the_plugins() {
    let host = limited(Limits { memory: Some(8 << 20), ..Limits::default() });
    for whose in ["own", "extism"] {
        let mut instance = open(&prebuilt("extism-kit.wasm"), &host).await;
        let error = call(&mut instance, "grow", whose).await.unwrap_err();
        assert_eq!(error.kind(), Kind::OutOfMemory, "{whose}: {error}");
        assert!(error.to_string().contains("8M"), "{error}");
    }
    let mut instance = open(&prebuilt("extism-kit.wasm"), &host).await;
    let error = call(&mut instance, "echo", &"x".repeat(8 << 20)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::OutOfMemory, "{error}");
}

#[tokio::test]
async fn a_plugin_that_never_returns_is_stopped() {
    let plugin = interruptible();
    for (limits, kind) in [
        (Limits { cpu: Some(Duration::from_millis(30)), ..Limits::default() }, Kind::OutOfCpu),
        (Limits { wall: Some(Duration::from_millis(30)), ..Limits::default() }, Kind::OutOfTime),
    ] {
        let mut instance = open(&plugin, &limited(limits)).await;
        assert_eq!(call(&mut instance, "greet", "Ada").await.unwrap(), "Hello, Ada!");
        let error = call(&mut instance, "spin", "").await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
}

#[tokio::test]
async fn the_limit_on_time_is_one_for_each_call() {
    let host = limited(Limits { wall: Some(Duration::from_secs(20)), ..Limits::default() });
    let mut instance = open(&interruptible(), &host).await;
    for _ in 0..3 {
        assert_eq!(call(&mut instance, "greet", "Ada").await.unwrap(), "Hello, Ada!");
    }
}

#[tokio::test]
async fn a_result_beyond_the_limit_on_output_is_refused() {
    let host = limited(Limits { max_output: Some(10), ..Limits::default() });
    let mut instance = open(&prebuilt("extism-kit.wasm"), &host).await;
    assert_eq!(call(&mut instance, "echo", "ten bytes!").await.unwrap(), "ten bytes!");
    let error = call(&mut instance, "echo", "ten bytes!!").await.unwrap_err();
    assert_eq!(error.kind(), Kind::OutOfOutput, "{error}");
}

#[tokio::test]
async fn variables_are_bounded_together() {
    let abi = Extism { bounds: Bounds { vars: 1000, ..Bounds::default() }, ..Extism::default() };
    let functions = load_as(&abi, &prebuilt("extism-kit.wasm"), &Host::default()).unwrap();
    let mut instance = crate::Kept::open(functions.clone()).await.unwrap();
    assert_eq!(call(&mut instance, "hoard", "947").await.unwrap(), "kept");
    let error = call(&mut instance, "hoard", "948").await.unwrap_err();
    assert_eq!(
        told(&error),
        "Trap: extism-kit.wasm: stopped: its variables together have more than their limit of 1000"
    );
    let none = Extism { bounds: Bounds { vars: 0, ..Bounds::default() }, ..Extism::default() };
    let functions = load_as(&none, &prebuilt("extism-kit.wasm"), &Host::default()).unwrap();
    let error = call(&mut crate::Kept::open(functions.clone()).await.unwrap(), "hoard", "1").await.unwrap_err();
    assert!(error.to_string().contains("keeps none of"), "{error}");
}

#[tokio::test]
async fn the_usual_bound_on_variables_is_extisms() {
    let mut instance = open(&prebuilt("extism-kit.wasm"), &Host::default()).await;
    let most = (1 << 20) - 48 - "hoard".len();
    assert_eq!(call(&mut instance, "hoard", &most.to_string()).await.unwrap(), "kept");
    assert!(call(&mut instance, "hoard", &(most + 1).to_string()).await.is_err());
}

#[tokio::test]
async fn a_call_that_is_not_waited_for_spends_its_instance() {
    let waits = Provided {
        from: holm_extism::USER.into(),
        name: "notice".into(),
        params: vec![Type::STRING],
        results: vec![],
        function: HostFunction::Later(Arc::new(|_: Caller, _| Box::pin(std::future::pending()))),
    };
    let mut host = crate::provided::host();
    host.provided = host.provided.iter().cloned().chain([waits]).collect();
    let mut instance = open(&prebuilt("extism-lent.wasm"), &host).await;
    let waited = tokio::time::timeout(Duration::from_millis(20), call(&mut instance, "call_shout", "a")).await;
    assert!(waited.is_err());
    let error = call(&mut instance, "call_double", "4").await.unwrap_err();
    assert!(error.to_string().contains("cannot be called again"), "{error}");
}
