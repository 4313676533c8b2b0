//! What filters have together, and what they count.

use std::sync::Arc;

use holm_proxy_wasm::{Metric, MetricKind, ProxyWasm};

use crate::kit::*;

#[tokio::test]
async fn data_is_shared_by_vm_id_and_set_only_by_who_saw_the_last() {
    let abi = ProxyWasm::default();
    let counts = guest(
        r#"
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (call $say (call $get_shared @"k" (i32.const 0) (i32.const 4) (i32.const 8)))
          (call $say_text (call $out))
          ;; With a number that is not the last one, and with the last.
          (call $say (call $set_shared @"k" @"?" (i32.add (i32.load (i32.const 8)) (i32.const 77))))
          (call $say (call $set_shared @"k" @"seen" (i32.load (i32.const 8))))
          (i32.const 0))"#,
    );
    let in_space = |vm_id: &'static str| load_with(&abi, &counts, |host| host.filter.vm_id = vm_id.into());
    let (first, second, other) = (in_space("a"), in_space("a"), in_space("b"));
    first.get().await.unwrap();
    assert_eq!(first.said(), ["1", "", "0", "0"], "nothing was there, so any number would do");
    second.get().await.unwrap();
    assert_eq!(second.said(), ["0", "seen", "8", "0"]);
    other.get().await.unwrap();
    assert_eq!(other.said()[0], "1");
}

#[tokio::test]
async fn an_item_in_a_queue_is_told_to_who_registered_it() {
    let abi = ProxyWasm::default();
    let reader = guest(
        r#"
        (func (export "proxy_on_configure") (param i32 i32) (result i32)
          (call $say (call $register_queue @"jobs" (i32.const 8)))
          (call $say (call $dequeue (i32.load (i32.const 8)) (i32.const 0) (i32.const 4)))
          (i32.const 1))
        (func (export "proxy_on_queue_ready") (param i32 i32)
          (call $say (local.get 0))
          (call $say (call $dequeue (local.get 1) (i32.const 0) (i32.const 4)))
          (call $say_text (call $out)))"#,
    );
    let writer = guest(
        r#"
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (call $say (call $resolve_queue @"" @"nothing" (i32.const 8)))
          (call $say (call $resolve_queue @"r" @"jobs" (i32.const 8)))
          (call $say (call $enqueue (i32.load (i32.const 8)) @"job"))
          (call $say (call $enqueue (i32.const 9999) @"job"))
          (i32.const 0))"#,
    );
    let reader = load_with(&abi, &reader, |host| host.filter.vm_id = "r".into());
    reader.says("7").await;
    let writer = load_with(&abi, &writer, |_| {});
    writer.get().await.unwrap();
    assert_eq!(writer.said(), ["1", "0", "0", "1"]);
    reader.says("job").await;
    assert_eq!(reader.said(), ["0", "7", "1", "0", "job"]);
}

#[tokio::test]
async fn metrics_are_counted_for_all_machines_and_can_be_read_by_the_host() {
    let abi = ProxyWasm::default();
    let filter = load_with(
        &abi,
        &guest(
            r#"
            (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
              (drop (call $define_metric (i32.const 0) @"requests" (i32.const 8)))
              (call $say (call $increment_metric (i32.load (i32.const 8)) (i64.const 2)))
              (call $say (call $get_metric (i32.load (i32.const 8)) (i32.const 0)))
              (call $say (i32.load (i32.const 0)))
              (call $say (call $define_metric (i32.const 7) @"x" (i32.const 8)))
              (call $say (call $record_metric (i32.const 4444) (i64.const 1)))
              (i32.const 0))"#,
        ),
        |host| host.filter.name = "counter".into(),
    );
    filter.get().await.unwrap();
    filter.get().await.unwrap();
    let said: Vec<_> = filter.said().iter().map(|line| line.replace("counter: ", "")).collect();
    assert_eq!(said, ["0", "0", "2", "2", "1", "0", "0", "4", "2", "1"]);
    let metric = Metric { name: "requests".into(), kind: MetricKind::Counter, value: 4, count: 0 };
    assert_eq!(abi.metrics(), [("counter".to_owned(), vec![metric])]);
    drop(filter);
    // The guest is told of its end before it is forgotten.
    for _ in 0..2000 {
        if abi.metrics().is_empty() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("a filter that was dropped is still there");
}

#[tokio::test]
async fn what_a_guest_writes_goes_to_whoever_observes_its_exchange() {
    let filter = load(&guest(
        r#"
        (func (export "proxy_on_configure") (param i32 i32) (result i32) (call $say_text @"start") (i32.const 1))
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (drop (call $log (i32.const 3) @"careful"))
          (drop (call $log (i32.const 1) @"not worth a line"))
          (call $say (call $log (i32.const 6) @"?"))
          (i32.const 0))"#,
    ));
    let observer = Arc::new(Observer::default());
    let exchange = holm_abi::Exchange { observer: Some(observer.clone()), ..Default::default() };
    let next: Arc<dyn holm_abi::HttpHandler> = Arc::new(Echo);
    filter.filter.handle(get(), exchange, &next).await.unwrap();
    assert_eq!(filter.said(), ["start"]);
    assert_eq!(observer.text(), "warn: careful\ninfo: 2\n");
}
