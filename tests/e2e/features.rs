//! Every feature of WebAssembly 3.0, and what has to be switched on.

use crate::support::{call, holm, run};

/// Features that the specification calls finished, and threads.
const FINISHED: [&str; 11] = [
    "bulk",
    "exceptions",
    "extended-const",
    "function-references",
    "gc",
    "memory64",
    "multi-memory",
    "relaxed-simd",
    "simd",
    "tail-call",
    "threads-atomics",
];

#[test]
fn every_finished_feature_works_without_a_flag() {
    for feature in FINISHED {
        assert_eq!(call(&format!("{feature}.wat"), ["run"]).prints(), "42\n", "{feature}");
    }
}

#[test]
fn every_finished_feature_is_interpreted_too() {
    for feature in FINISHED.into_iter().filter(|feature| *feature != "threads-atomics") {
        let called = holm(["call", "--tier", "portable"]).guest(&format!("{feature}.wat")).arg("run");
        assert_eq!(called.prints(), "42\n", "{feature}");
    }
}

#[test]
fn features_work_under_every_limit() {
    let limited = ["call", "--cpu", "60s", "--wall", "60s", "--fuel", "100000000", "--memory", "64MiB"];
    for feature in FINISHED {
        assert_eq!(holm(limited).guest(&format!("{feature}.wat")).arg("run").prints(), "42\n", "{feature}");
    }
}

#[test]
fn unfinished_features_work_when_they_are_named() {
    for feature in ["wide-arithmetic", "stack-switching"] {
        let called = holm(["call", "--features", feature]).guest(&format!("{feature}.wat")).arg("run");
        assert_eq!(called.prints(), "42\n", "{feature}");
    }
    let both = holm(["call", "--features", "stack-switching,wide-arithmetic"]).guest("wide-arithmetic.wat").arg("run");
    assert_eq!(both.prints(), "42\n");
}

#[test]
fn an_unfinished_feature_that_was_not_named_gets_its_flag() {
    for feature in ["wide-arithmetic", "stack-switching"] {
        let error = call(&format!("{feature}.wat"), ["run"]).fails(126);
        assert!(error.contains(&format!("--features {feature}")), "{error}");
    }
}

#[test]
fn a_feature_nobody_knows_is_named() {
    insta::assert_snapshot!(holm(["run", "--features", "telepathy"]).guest("hello.p1.wasm").fails(125), @r"
    error: no feature is called `telepathy`
    hint: --features takes wide-arithmetic and stack-switching; all that is final is always on
    ");
}

#[test]
fn garbage_is_collected() {
    // A million objects, none of which lives long.
    let churned = holm(["call", "--memory", "16MiB"]).guest("gc.wat").args(["churn", "1000"]);
    assert_eq!(churned.prints(), "42\n");
}

#[test]
fn an_exception_nobody_catches_ends_the_guest() {
    insta::assert_snapshot!(call("exceptions.wat", ["uncaught"]).fails(134), @r"
    error: exceptions.wat: trapped: it threw an exception that nothing caught
        at deeper
        at deep
        at uncaught
    ");
}

#[test]
fn four_threads_count_together() {
    for _ in 0..5 {
        assert_eq!(run("threads.wat").prints(), "4000\n");
    }
}

#[test]
fn threads_are_held_to_limits_as_well() {
    let limited = holm(["run", "--cpu", "60s", "--wall", "60s", "--memory", "64MiB"]).guest("threads.wat");
    assert_eq!(limited.prints(), "4000\n");
}
