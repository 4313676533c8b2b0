//! `--deterministic`: the same run twice prints the same bytes.

use crate::support::{holm, run};

const CLOCKS: [&str; 2] = ["clocks.p1.wasm", "clocks.p2.wasm"];

#[test]
fn clocks_and_randomness_are_the_same_in_every_deterministic_run() {
    for name in CLOCKS {
        let runs: Vec<String> = (0..3).map(|_| holm(["run", "--deterministic"]).guest(name).prints()).collect();
        assert_eq!(runs[0], runs[1]);
        assert_eq!(runs[1], runs[2]);
        assert_eq!(runs[0].lines().count(), 3, "{runs:?}");
    }
}

#[test]
fn clocks_and_randomness_differ_otherwise() {
    for name in CLOCKS {
        let runs = [run(name).prints(), run(name).prints()];
        for (one, two) in runs[0].lines().zip(runs[1].lines()) {
            // A monotonic clock counts from the guest's start, and may by chance say the same.
            assert!(one != two || one.starts_with("monotonic "), "{runs:?}");
        }
    }
}

#[test]
fn a_deterministic_run_does_not_see_the_time_of_the_host() {
    for name in CLOCKS {
        let printed = holm(["run", "--deterministic"]).guest(name).prints();
        let wall: u64 = printed.lines().next().unwrap().strip_prefix("wall ").unwrap().parse().unwrap();
        // 2000-01-01, give or take a day.
        assert!(wall.abs_diff(946_684_800_000_000_000) < 86_400_000_000_000, "{printed}");
    }
}

#[test]
fn a_nan_has_one_form_in_deterministic_runs() {
    let module = r#"(module (func (export "nan") (param f32) (result i32)
        (i32.reinterpret_f32 (f32.div (local.get 0) (local.get 0)))))"#;
    for tier in ["optimized", "portable"] {
        let bits = |value: &str| {
            let called = holm(["call", "--deterministic", "--tier", tier, "-", "nan", value]).stdin(module).prints();
            called.trim_end().parse::<i32>().unwrap() as u32
        };
        assert_eq!(bits("0"), 0x7fc0_0000, "{tier}");
        assert_eq!(bits("-0"), 0x7fc0_0000, "{tier}");
    }
}

#[test]
fn whole_programs_print_the_same_twice() {
    for name in ["hello-go.p1.wasm", "sort.p1.wasm", "hello.p3.wasm"] {
        let printed = || holm(["run", "--deterministic"]).guest(name).args(["b", "a"]).ends();
        let (one, two) = (printed(), printed());
        assert_eq!((one.code, one.stdout, one.stderr), (two.code, two.stdout, two.stderr), "{name}");
    }
}
