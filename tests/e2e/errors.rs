//! How a guest that cannot be linked, fails, or reaches a limit is reported.

use std::fs;
use std::process::{Command, Stdio};

use tempfile::tempdir;

use crate::support::{call, holm, run};

#[test]
fn missing_imports_are_named_all_at_once() {
    insta::assert_snapshot!(run("missing-imports.wat").fails(126), @r"
    error: missing-imports.wat needs imports that nothing here provides:
      elsewhere
        tick
      nowhere
        open
        close
    ");
}

#[test]
fn missing_imports_of_a_component_are_named_all_at_once() {
    insta::assert_snapshot!(run("missing-component-imports.wat").fails(126), @r"
    error: missing-component-imports.wat needs imports that nothing here provides:
      acme:weather/forecast@1.0.0
        the whole interface
      unknown-function
        the function
    hint: `acme:weather` is not WASI: compose the guest with a component that exports it
    ");
}

#[test]
fn a_newer_version_that_asks_for_nothing_new_works() {
    assert_eq!(call("skew-works.wat", ["run"]).prints(), "42\n");
}

#[test]
fn a_newer_version_is_named_with_what_it_lacks() {
    insta::assert_snapshot!(call("skew-fails.wat", ["run"]).fails(126), @r"
    error: skew-fails.wat needs an import that nothing here provides:
      wasi:random/random@0.2.99
        get-dice-roll: the guest wants 0.2.99, Holm has up to 0.2.12: compatible, but this came later or never was
    ");
}

#[test]
fn a_trap_shows_files_and_lines_where_the_guest_carries_them() {
    insta::assert_snapshot!(run("trap-debug.p1.wasm").fails(134), @r"
    error: trap-debug.p1.wasm: trapped: it ran into `unreachable`, as a program does that panics or aborts
        at inner ./src/bin/trap.rs:22:8
        at trap::middle ./src/bin/trap.rs:17:5
        at trap::outer ./src/bin/trap.rs:12:5
        at main ./src/bin/trap.rs:6:18
        at call_once<fn(), ()> ./toolchain/rust-src-1.95.0/library/core/src/ops/function.rs:250:5
        at __rust_begin_short_backtrace<fn(), ()> ./toolchain/rust-src-1.95.0/library/std/src/sys/backtrace.rs:166:18
        at __main_void
        at _start ./debian/build/build_wasi/libc-bottom-half/./debian/build/source_wasi/libc-bottom-half/crt/crt1-command.c:56:11
    ");
    insta::assert_snapshot!(run("trap-debug.p2.wasm").fails(134), @r"
    error: trap-debug.p2.wasm: trapped: it ran into `unreachable`, as a program does that panics or aborts
        at inner ./src/bin/trap.rs:22:8
        at trap::middle ./src/bin/trap.rs:17:5
        at trap::outer ./src/bin/trap.rs:12:5
        at main ./src/bin/trap.rs:6:18
        at call_once<fn(), ()> ./toolchain/rust-src-1.95.0/library/core/src/ops/function.rs:250:5
        at __rust_begin_short_backtrace<fn(), ()> ./toolchain/rust-src-1.95.0/library/std/src/sys/backtrace.rs:166:18
        at __main_void
        at _start ./debian/build/build_wasip2/libc-bottom-half/./debian/build/source_wasip2/libc-bottom-half/crt/crt1-command.c:56:11
    ");
}

#[test]
fn a_trap_shows_names_where_the_guest_carries_them() {
    insta::assert_snapshot!(run("trap.p1.wasm").fails(134), @r"
    error: trap.p1.wasm: trapped: it ran into `unreachable`, as a program does that panics or aborts
        at trap::inner
        at trap::middle
        at trap::outer
        at trap::main
        at std::sys::backtrace::__rust_begin_short_backtrace
        at __main_void
        at _start
    ");
    insta::assert_snapshot!(run("trap.p2.wasm").fails(134), @r"
    error: trap.p2.wasm: trapped: it ran into `unreachable`, as a program does that panics or aborts
        at trap::inner
        at trap::middle
        at trap::outer
        at trap::main
        at std::sys::backtrace::__rust_begin_short_backtrace
        at __main_void
        at _start
    ");
}

#[test]
fn a_trap_of_a_stripped_guest_shows_numbers() {
    insta::assert_snapshot!(run("trap-stripped.p1.wasm").fails(134), @r"
    error: trap-stripped.p1.wasm: trapped: it ran into `unreachable`, as a program does that panics or aborts
        at function 18
        at function 19
        at function 8
        at function 7
        at function 6
        at __main_void
        at _start
    ");
}

#[test]
fn a_panic_shows_the_guests_own_words_before_the_stack() {
    for name in ["panic.p1.wasm", "panic.p2.wasm", "panic-debug.p1.wasm", "panic-debug.p2.wasm"] {
        let error = run(name).fails(134);
        let (words, stack) = error.split_once("error: ").unwrap();
        assert!(words.contains("the guest gave up at 42"), "{error}");
        assert!(stack.starts_with(&format!("{name}: trapped")), "{error}");
        let debug = name.contains("debug");
        assert_eq!(stack.contains("src/bin/panic.rs:23:9"), debug, "{error}");
        for function in ["inner", "middle", "outer", "main"] {
            assert!(stack.contains(function), "{function} in {error}");
        }
    }
}

#[test]
fn a_core_dump_is_written_where_it_was_asked_for() {
    let dir = tempdir().unwrap();
    for name in ["trap.p1.wasm", "trap.p2.wasm"] {
        let path = dir.path().join("core");
        let ended = holm(["run", "--coredump", "core"]).guest(name).within(dir.path()).ends();
        assert_eq!(ended.code, Some(134));
        assert!(ended.stderr.contains("core dumped to core\n"), "{ended:?}");
        let dump = fs::read(&path).unwrap();
        assert!(dump.starts_with(b"\0asm\x01\0\0\0") && dump.windows(4).any(|bytes| bytes == b"core"));
        fs::remove_file(path).unwrap();
    }
    let ended = holm(["run", "--coredump", "nowhere/core"]).guest("trap.p1.wasm").within(dir.path()).ends();
    assert_eq!(ended.code, Some(134));
    assert!(ended.stderr.contains("core dump could not be written to nowhere/core"), "{ended:?}");
}

#[test]
fn a_guest_that_does_not_trap_leaves_no_core_dump() {
    let dir = tempdir().unwrap();
    holm(["run", "--coredump", "core"]).guest("hello.p1.wasm").within(dir.path()).prints();
    assert!(!dir.path().join("core").exists());
}

/// The lines Holm itself wrote, without the guest's stack.
fn ours(error: &str) -> String {
    let lines = error.lines().filter(|line| line.starts_with("error: ") || line.starts_with("hint: "));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn out_of_memory_names_the_limit_and_its_flag() {
    let error = |name: &str| ours(&holm(["run", "--memory", "16MiB"]).guest(name).fails(134));
    insta::assert_snapshot!(error("grow.p1.wasm"), @r"
    error: grow.p1.wasm: out of memory: it asked for 16512KiB, beyond the limit of 16MiB, and gave up
    hint: --memory sets the limit
    ");
    insta::assert_snapshot!(error("grow.p2.wasm"), @r"
    error: grow.p2.wasm: out of memory: it asked for 16512KiB, beyond the limit of 16MiB, and gave up
    hint: --memory sets the limit
    ");
}

#[test]
fn a_guest_that_starts_with_more_memory_than_it_may_have_is_told_so() {
    for name in ["hello.p1.wasm", "hello.p2.wasm"] {
        let error = holm(["run", "--memory", "64KiB"]).guest(name).fails(134);
        assert!(error.starts_with(&format!("error: {name}: out of memory: ")), "{error}");
        assert!(error.contains("hint: --memory sets the limit"), "{error}");
    }
}

#[test]
fn out_of_cpu_time_names_the_limit_and_its_flag() {
    let error = |name: &str| ours(&holm(["run", "--cpu", "100ms"]).guest(name).fails(124));
    insta::assert_snapshot!(error("spin.p1.wasm"), @r"
    error: spin.p1.wasm: out of CPU time: stopped at the limit of 100ms
    hint: --cpu sets the limit
    ");
    insta::assert_snapshot!(error("spin.p2.wasm"), @r"
    error: spin.p2.wasm: out of CPU time: stopped at the limit of 100ms
    hint: --cpu sets the limit
    ");
}

#[test]
fn out_of_time_names_the_limit_and_its_flag() {
    let error = |name: &str| ours(&holm(["run", "--wall", "100ms"]).guest(name).arg("100000").fails(124));
    insta::assert_snapshot!(error("sleep.p1.wasm"), @r"
    error: sleep.p1.wasm: out of time: stopped at the limit of 100ms
    hint: --wall sets the limit
    ");
    insta::assert_snapshot!(error("sleep.p2.wasm"), @r"
    error: sleep.p2.wasm: out of time: stopped at the limit of 100ms
    hint: --wall sets the limit
    ");
    insta::assert_snapshot!(error("sleep.p3.wasm"), @r"
    error: sleep.p3.wasm: out of time: stopped at the limit of 100ms
    hint: --wall sets the limit
    ");
    insta::assert_snapshot!(error("spin.p2.wasm"), @r"
    error: spin.p2.wasm: out of time: stopped at the limit of 100ms
    hint: --wall sets the limit
    ");
}

#[test]
fn a_guest_that_waits_for_input_is_out_of_time_as_well() {
    for name in ["stdin-block.p1.wasm", "stdin-block.p2.wasm"] {
        let mut running = holm(["run", "--wall", "100ms"]).guest(name).starts();
        // Open, and silent, until it has ended.
        let stdin = running.stdin.take();
        let ended = running.ends();
        drop(stdin);
        assert_eq!(ended.code, Some(124), "{ended:?}");
        assert!(ended.stderr.contains("out of time: stopped at the limit of 100ms"), "{ended:?}");
    }
}

#[test]
fn waiting_costs_no_cpu_time() {
    assert_eq!(holm(["run", "--cpu", "10s"]).guest("sleep.p1.wasm").arg("1").prints(), "slept\n");
    assert_eq!(holm(["run", "--cpu", "10s"]).guest("sleep.p2.wasm").arg("1").prints(), "slept\n");
}

#[test]
fn out_of_fuel_names_the_limit_and_its_flag() {
    let error = |name: &str| ours(&holm(["run", "--fuel", "100000"]).guest(name).fails(124));
    insta::assert_snapshot!(error("spin.p1.wasm"), @r"
    error: spin.p1.wasm: out of fuel: stopped at the limit of 100000 instructions
    hint: --fuel sets the limit
    ");
    insta::assert_snapshot!(error("spin.p2.wasm"), @r"
    error: spin.p2.wasm: out of fuel: stopped at the limit of 100000 instructions
    hint: --fuel sets the limit
    ");
}

#[test]
fn a_stack_overflow_names_the_limit_and_its_flag() {
    let error = |name: &str| holm(["run", "--stack", "256KiB"]).guest(name).fails(134);
    insta::assert_snapshot!(error("recurse.p1.wasm"), @r"
    error: recurse.p1.wasm: stack overflow: its calls went deeper than the limit of 256KiB
        at recurse::down (20 times or more)
    hint: --stack sets the limit
    ");
    insta::assert_snapshot!(error("recurse.p2.wasm"), @r"
    error: recurse.p2.wasm: stack overflow: its calls went deeper than the limit of 256KiB
        at recurse::down (20 times or more)
    hint: --stack sets the limit
    ");
}

#[test]
fn a_guest_that_has_too_much_kept_for_it_names_the_limit() {
    for (name, handles) in [("hello.p2.wasm", "1"), ("cat.p1.wasm", "2")] {
        let error = holm(["run", "--dir", "/etc::/e:ro", "--handles", handles]).guest(name).arg("/e/passwd").fails(134);
        let first = error.lines().next().unwrap();
        let says = "out of handles: it has the host keep as many things for it as the limit of";
        assert_eq!(first, format!("error: {name}: {says} {handles} allows"));
        assert!(error.ends_with("hint: --handles sets the limit\n"), "{error}");
    }
}

#[test]
fn too_much_output_names_the_limit_and_its_flag() {
    for name in ["flood.p1.wasm", "flood.p2.wasm"] {
        let ended = holm(["run", "--max-output", "1KiB"]).guest(name).ends();
        assert_eq!(ended.code, Some(134), "{ended:?}");
        assert!(ended.stdout.len() <= 1024, "{ended:?}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(ended.stderr.replace(name, "GUEST"), @r"
            error: GUEST: stopped: it wrote more than its limit of 1KiB
            hint: --max-output sets the limit
            ");
        }
    }
}

#[test]
fn too_much_output_of_a_wasi_0_3_program_names_the_limit_and_its_flag() {
    let error = holm(["run", "--max-output", "1KiB"]).guest("hello.p3.wasm").arg("x".repeat(2000)).fails(134);
    insta::assert_snapshot!(error, @r"
    error: hello.p3.wasm: stopped: it wrote more than its limit of 1KiB
    hint: --max-output sets the limit
    ");
}

#[test]
fn functions_are_held_to_limits_as_well() {
    let error = holm(["call", "--fuel", "100000"]).guest("gc.wat").args(["churn", "1000000"]).fails(124);
    assert!(error.contains("--fuel sets the limit"), "{error}");
    let error = holm(["call", "--cpu", "100ms"]).guest("gc.wat").args(["churn", "1000000000"]).fails(124);
    assert!(error.contains("--cpu sets the limit"), "{error}");
}

/// Runs a line of shell with `$HOLM` as the program.
fn shell(line: &str, guest: &str) -> (String, String) {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(line).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
    shell
        .env("HOLM", env!("CARGO_BIN_EXE_holm"))
        .env("GUEST", crate::support::guest(guest))
        .env("HOME", "/nonexistent");
    let ended = shell.stdin(Stdio::null()).output().unwrap();
    (String::from_utf8(ended.stdout).unwrap(), String::from_utf8(ended.stderr).unwrap())
}

#[test]
fn a_reader_who_has_seen_enough_ends_the_guest_quietly() {
    for name in ["flood.p1.wasm", "flood.p2.wasm"] {
        for command in ["run", "run --audit", "run --max-output 1GiB"] {
            let (out, err) = shell(&format!("$HOLM {command} --no-cache $GUEST | head -n 1"), name);
            let audit = "note: it asked for nothing beyond what it was granted\n";
            let expected = if command.contains("--audit") { audit } else { "" };
            assert_eq!((out.lines().count(), err.as_str()), (1, expected), "{name}: {command}");
        }
    }
    let (out, err) = shell("$HOLM call --no-cache $GUEST | head -n 1", "types.wasm");
    assert_eq!((out.lines().count(), err.as_str()), (1, ""));
}
