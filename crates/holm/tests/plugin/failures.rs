use std::time::{Duration, Instant};

use holm::{Breaker, Cancel, Instances, Invoke, Kind, Limits, Report};

use crate::support::{RUNTIME, guest, plugin};

#[test]
fn a_trap_says_where_and_the_next_call_works() {
    let plugin = plugin().0.instances(Instances::Pooled { most: 1 }).load().unwrap();
    assert_eq!(plugin.call::<u32>("count", ()).unwrap(), 1);
    assert_eq!(plugin.call::<u32>("count", ()).unwrap(), 2);
    let error = plugin.call::<()>("trap", ()).unwrap_err();
    assert_eq!(error.kind(), Kind::Trap);
    assert!(error.frames().iter().any(|frame| frame.function.contains("trap")), "{:?}", error.frames());
    assert_eq!(plugin.call::<u32>("count", ()).unwrap(), 1, "on another instance");
}

#[test]
fn a_loop_ends_at_its_limit() {
    let limits = [
        (Limits::new().cpu(Duration::from_millis(30)), Kind::OutOfCpu),
        (Limits::new().wall(Duration::from_millis(30)), Kind::OutOfTime),
        (Limits::new().fuel(1_000_000), Kind::OutOfFuel),
    ];
    for (limits, kind) in limits {
        let plugin = plugin().0.instances(Instances::Pooled { most: 1 }).limits(limits).load().unwrap();
        assert_eq!(plugin.call::<()>("spin", ()).unwrap_err().kind(), kind);
        assert_eq!(plugin.call::<u32>("count", ()).unwrap(), 1, "the next call has all of its own limits");
    }
}

#[test]
fn what_the_host_waits_for_counts_as_the_calls_time() {
    let plugin = plugin().0.limits(Limits::new().wall(Duration::from_millis(50))).load().unwrap();
    let start = Instant::now();
    let error = plugin.call::<()>("wait", 60_000_u32).unwrap_err();
    assert_eq!(error.kind(), Kind::OutOfTime);
    assert!(start.elapsed() < Duration::from_secs(30));
}

#[test]
fn limits_on_time_are_for_each_call_and_not_for_the_instance() {
    let limits = Limits::new().wall(Duration::from_millis(150));
    let plugin = plugin().0.instances(Instances::Pooled { most: 1 }).limits(limits).load().unwrap();
    for _ in 0..3 {
        plugin.call::<()>("wait", 80_u32).unwrap();
    }
}

#[test]
fn memory_ends_at_its_limit() {
    let plugin = plugin().0.limits(Limits::new().memory(8 << 20)).load().unwrap();
    assert_eq!(plugin.call::<u32>("grow", 2_u32).unwrap(), 2);
    assert_eq!(plugin.call::<u32>("grow", 64_u32).unwrap_err().kind(), Kind::OutOfMemory);
    assert_eq!(plugin.call::<u32>("grow", 2_u32).unwrap(), 2);
}

#[tokio::test]
async fn a_call_that_is_dropped_is_cancelled() {
    let (builder, _) = plugin();
    let plugin = builder.instances(Instances::Pooled { most: 1 }).load_async().await.unwrap();
    let forever = plugin.call_async::<()>("spin", ());
    tokio::time::timeout(Duration::from_millis(50), forever).await.unwrap_err();
    let count: u32 = plugin.call_async("count", ()).await.unwrap();
    assert_eq!(count, 1, "its place is free, and its instance is gone");
}

#[test]
fn a_plugin_that_only_fails_is_left_alone_for_a_while() {
    let breaker = Breaker { failures: 2, pause: Duration::from_millis(300) };
    let plugin = plugin().0.breaker(breaker).load().unwrap();
    for _ in 0..2 {
        assert_eq!(plugin.call::<()>("trap", ()).unwrap_err().kind(), Kind::Trap);
    }
    let error = plugin.call::<u32>("count", ()).unwrap_err();
    assert_eq!(error.kind(), Kind::HostFull);
    assert!(error.to_string().contains("left alone"), "{error}");
    std::thread::sleep(Duration::from_millis(320));
    assert_eq!(plugin.call::<u32>("count", ()).unwrap(), 1);
}

#[test]
fn all_imports_that_are_missing_are_named_at_once() {
    let error = RUNTIME.plugin(guest("plugin.wasm")).load().unwrap_err();
    assert_eq!(error.kind(), Kind::MissingImports);
    for name in ["acme:host/log@0.1.0", "acme:host/data@0.1.0", "pause"] {
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn a_function_of_the_host_with_another_signature_is_told_of() {
    let builder = plugin().0.provide("acme:host/log", "write", |_: &holm::Call, _: u32| {});
    let error = builder.load().unwrap_err();
    assert_eq!(error.kind(), Kind::MissingImports);
    assert!(error.to_string().contains("func(text: string), and the host has func(u32)"), "{error}");
}

#[test]
fn bytes_that_are_no_webassembly_are_refused() {
    for bytes in [&b"\0asm"[..], b"hello", b"\0asm\x01\0\0\0\xff\xff\xff\xff\xff"] {
        let error = RUNTIME.plugin_from("junk", bytes).load().unwrap_err();
        assert_eq!(error.kind(), Kind::Invalid, "{error}");
    }
    assert_eq!(RUNTIME.plugin("/nowhere/x.wasm").load().unwrap_err().kind(), Kind::NotFound);
}

#[test]
fn grants_that_are_none_are_a_mistake() {
    let error = plugin().0.grant(holm::Grant::http("not a site")).load().unwrap_err();
    assert_eq!(error.kind(), Kind::Usage);
}

#[test]
fn a_call_is_cancelled_from_another_thread() {
    let plugin = plugin().0.instances(Instances::Pooled { most: 1 }).load().unwrap();
    let mut session = plugin.session();
    for (function, args) in [("spin", None), ("wait", Some(60_000_u32))] {
        let (cancel, mut report) = (Cancel::new(), Report::default());
        let run = |invoke: Invoke<'_>| match args {
            None => invoke.cancel(&cancel).run::<()>(()),
            Some(args) => invoke.cancel(&cancel).run::<()>(args),
        };
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(50));
                cancel.cancel();
            });
            let error = run(plugin.invoke(function).report(&mut report)).unwrap_err();
            assert_eq!(error.kind(), Kind::Cancelled, "{error}");
        });
        assert!(report.wall >= Duration::from_millis(10), "{report:?}");
        assert_eq!(run(session.invoke(function)).unwrap_err().kind(), Kind::Cancelled, "it stays cancelled");
    }
    assert_eq!(plugin.call::<u32>("count", ()).unwrap(), 1);
    assert_eq!(session.call::<u32>("count", ()).unwrap(), 1);
}

#[test]
fn a_call_that_is_cancelled_is_no_failure_of_the_plugin() {
    let plugin = plugin().0.breaker(Breaker { failures: 1, pause: Duration::from_secs(9) }).load().unwrap();
    let cancel = Cancel::new();
    cancel.cancel();
    assert_eq!(plugin.invoke("spin").cancel(&cancel).run::<()>(()).unwrap_err().kind(), Kind::Cancelled);
    assert_eq!(plugin.call::<u32>("count", ()).unwrap(), 1);
}

#[test]
fn a_call_that_fails_says_what_it_used() {
    let plugin = plugin().0.limits(Limits::new().fuel(1_000_000)).load().unwrap();
    let mut report = Report::default();
    plugin.invoke("spin").report(&mut report).run::<()>(()).unwrap_err();
    assert!(report.fuel > 900_000, "{report:?}");
}
