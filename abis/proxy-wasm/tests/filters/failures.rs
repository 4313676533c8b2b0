//! Filters that fail: what becomes of the traffic, and of the next exchange.

use std::sync::Arc;
use std::time::Duration;

use holm_abi::{Exchange, HttpHandler, Kind};
use holm_proxy_wasm::ProxyWasm;

use crate::kit::*;

/// A guest that does something in one callback, once: the machine after it does not.
fn failing(callback: &str, how: &str) -> String {
    let (params, result) = match callback {
        "proxy_on_context_create" => ("i32 i32", ""),
        "proxy_on_log" | "proxy_on_delete" => ("i32", ""),
        "proxy_on_done" => ("i32", "(result i32)"),
        "proxy_on_request_trailers" | "proxy_on_response_trailers" => ("i32 i32", "(result i32)"),
        _ => ("i32 i32 i32", "(result i32)"),
    };
    let end = if result.is_empty() { "" } else { "(i32.const 0)" };
    format!(
        r#"(func (export "{callback}") (param {params}) {result}
          (if (i32.ne (local.get 0) (i32.const 1)) (then
            (if (call $get_shared @"failed" (i32.const 0) (i32.const 4) (i32.const 8)) (then
              (drop (call $set_shared @"failed" @"1" (i32.const 0)))
              {how}))))
          {end})"#
    )
}

const CALLBACKS: [&str; 10] = [
    "proxy_on_context_create",
    "proxy_on_request_headers",
    "proxy_on_request_body",
    "proxy_on_request_trailers",
    "proxy_on_response_headers",
    "proxy_on_response_body",
    "proxy_on_response_trailers",
    "proxy_on_log",
    "proxy_on_done",
    "proxy_on_delete",
];

/// A request and a response with everything.
async fn exchange(filter: &Loaded) -> Result<Seen, String> {
    let seen = filter.send(post(&["abc"], &[("a", "b")])).await.map_err(|error| error.to_string())?;
    match seen.broken {
        Some(why) => Err(why),
        None => Ok(seen),
    }
}

#[tokio::test]
async fn a_trap_in_any_callback_fails_its_exchange_and_the_next_one_works() {
    for callback in CALLBACKS {
        let filter = load(&guest(&failing(callback, "unreachable")));
        let failed = exchange(&filter).await;
        if matches!(callback, "proxy_on_log" | "proxy_on_done" | "proxy_on_delete") {
            assert!(failed.is_ok(), "{callback}: the response was complete");
            assert!(filter.said().iter().any(|line| line.contains("amid the end of an exchange")), "{callback}");
        } else {
            let error = failed.unwrap_err();
            assert!(error.contains("filter.wasm: trapped"), "{callback}: {error}");
        }
        let seen = exchange(&filter).await.unwrap();
        assert!(seen.body.ends_with("|abc") && seen.trailers.is_some(), "{callback}");
    }
}

#[tokio::test]
async fn traffic_passes_by_an_open_filter_that_failed() {
    for callback in &CALLBACKS[..7] {
        let guest = guest(&failing(callback, "unreachable"));
        let filter = load_with(&ProxyWasm::default(), &guest, |host| host.filter = open());
        let seen = exchange(&filter).await.unwrap();
        assert!(seen.body.ends_with("|abc"), "{callback}: {}", seen.body);
        assert_eq!(seen.trailers.unwrap().get("a").unwrap(), "b", "{callback}");
        assert!(filter.said().iter().any(|line| line.contains("passes by it")), "{callback}: {:?}", filter.said());
    }
}

#[tokio::test]
async fn a_loop_in_any_callback_ends_at_the_limit() {
    for callback in CALLBACKS {
        let guest = interruptible(&failing(callback, "(loop $forever (br $forever))"));
        let filter = load_with(&ProxyWasm::default(), &guest, |host| host.limits.cpu = Some(Duration::from_millis(20)));
        let failed = exchange(&filter).await;
        if !matches!(callback, "proxy_on_log" | "proxy_on_done" | "proxy_on_delete") {
            let error = failed.unwrap_err();
            assert!(error.contains("out of CPU time"), "{callback}: {error}");
        }
        filter.settled().await;
        exchange(&filter).await.unwrap();
    }
}

#[tokio::test]
async fn what_a_filter_uses_is_counted_for_its_exchange() {
    let guest = interruptible(
        r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (local $i i32)
          (loop $again
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $i) (i32.const 50000000))))
          (i32.const 0))"#,
    );
    let filter = load(&guest);
    let exchange = Exchange::default();
    let usage = Arc::clone(&exchange.usage);
    let next: Arc<dyn HttpHandler> = Arc::new(Echo);
    filter.filter.handle(get(), exchange, &next).await.unwrap();
    assert!(usage.cpu() > Duration::from_millis(1), "{:?}", usage.cpu());
    assert_eq!(usage.memory(), 4 << 16);
}

#[tokio::test]
async fn an_exchange_that_is_held_fails_with_its_machine() {
    let text = r#"
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (call $say_text @"held")
          (if (i32.eq (local.get 0) (i32.const 3)) (then unreachable))
          (i32.const 1))"#;
    for fail_open in [false, true] {
        let filter = load_with(&ProxyWasm::default(), &guest(text), |host| host.filter.fail_open = fail_open);
        let (held, failed) = tokio::join!(filter.get(), async {
            filter.says("held").await;
            filter.get().await
        });
        if fail_open {
            assert!(held.unwrap().body.contains("x-old=1") && failed.unwrap().body.contains("x-old=1"));
        } else {
            assert!(held.unwrap_err().to_string().contains("ended while it held this exchange"));
            assert!(failed.unwrap_err().to_string().contains("trapped"));
        }
    }
}

#[tokio::test]
async fn a_guest_that_does_not_start_is_not_started_over_and_over() {
    for (text, words) in [
        (
            r#"(func (export "proxy_on_configure") (param i32 i32) (result i32) (call $say_text @"start") (i32.const 0))"#,
            "`proxy_on_configure` returned false",
        ),
        (
            r#"(func (export "proxy_on_vm_start") (param i32 i32) (result i32) (call $say_text @"start") (i32.const 0))"#,
            "`proxy_on_vm_start` returned false",
        ),
        (r#"(func (export "_initialize") (call $say_text @"start") unreachable)"#, "trapped"),
    ] {
        let filter = load(&guest(text));
        for _ in 0..100 {
            let error = filter.get().await.unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
        }
        let starts = filter.said().iter().filter(|line| *line == "start").count();
        assert!((1..20).contains(&starts), "{starts}");
        let open = load_with(&ProxyWasm::default(), &guest(text), |host| host.filter = open());
        assert_eq!(open.get().await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn a_guest_without_what_it_must_have_does_not_start() {
    for (text, words) in [
        (r#"(func (export "malloc") (param i64) (result i32) (i32.const 0))"#, "with another type"),
        (r#"(func (export "proxy_on_tick") (result i32) (i32.const 0))"#, "`proxy_on_tick` with another type"),
    ] {
        let error = load(&guest(text)).get().await.unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[tokio::test]
async fn an_import_that_nobody_provides_is_named() {
    let text = module("0_2_1", "").replacen(
        "(module",
        r#"(module (import "env" "proxy_make_coffee" (func)) (import "env" "proxy_done" (func (param i64)))"#,
        1,
    );
    let guest = compile(&text, &Default::default());
    let (host, _) = host();
    let error = holm_abi::Abi::load(&ProxyWasm::default(), &guest, &host).err().unwrap();
    assert_eq!((error.kind(), error.to_string().contains("proxy_make_coffee")), (Kind::MissingImports, true));
}

#[tokio::test]
async fn a_start_that_ends_the_program_well_is_a_start() {
    let text = |code: u32| {
        module(
            "0_2_1",
            &format!(
                r#"(func (export "_start") (call $exit (i32.const {code})))
                (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
                  (call $say (call $fd_write (i32.const 2) (i32.const 200) (i32.const 2) (i32.const 0)))
                  (call $say (i32.load (i32.const 0)))
                  (call $say (call $clock (i32.const 1) (i64.const 0) (i32.const 0)))
                  (call $say (i64.ne (i64.load (i32.const 0)) (i64.const 0)))
                  (i32.const 0))
                (data (i32.const 200) "\dc\00\00\00\02\00\00\00\dd\00\00\00\03\00\00\00")
                (data (i32.const 220) "abcd")"#
            ),
        )
        .replacen(
            "(module",
            r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
            (import "wasi_unstable" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))"#,
            1,
        )
    };
    let filter = load(&compile(&text(0), &Default::default()));
    filter.get().await.unwrap();
    assert_eq!(filter.said(), ["abbcd", "0", "5", "0", "1"]);
    let error = load(&compile(&text(3), &Default::default())).get().await.unwrap_err();
    assert!(error.to_string().contains("exit code 3"), "{error}");
}
