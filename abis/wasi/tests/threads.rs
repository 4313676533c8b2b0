//! wasi-threads: what threads of one guest share, and how a program with threads ends.

#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use holm_abi::{Abi as _, Command, Entry, Error, Guest, Host, Input, Kind, Output, Stdio};
use holm_engine::{Loader, Runtime, Settings, Source};
use holm_wasi::{Wasi, capture};
use wasmtime_wasi::cli::StdinStream as _;

/// A program with this text between its imports and its end.
///
/// memory: 0 a word to wait on | 16 buffer of fd_write | 32 text | 64 a subscription | 128 an event
fn program(body: &str) -> String {
    format!(
        r#"(module
  (import "env" "memory" (memory $memory 1 16 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (export "memory" (memory 0))
  (func $wait-for-ever (loop $again (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))) (br $again)))
  (func $spin (loop $again (br $again)))
  (func $sleep (param $nanoseconds i64)
    (i64.store (i32.const 64) (i64.const 42))
    (i32.store (i32.const 80) (i32.const 1))
    (i64.store (i32.const 88) (local.get $nanoseconds))
    (drop (call $poll (i32.const 64) (i32.const 128) (i32.const 1) (i32.const 160))))
  (func $must-spawn (param i32) (if (i32.le_s (call $spawn (local.get 0)) (i32.const 0)) (then unreachable)))
  {body})"#
    )
}

fn with(args: &[&str]) -> holm_abi::Run {
    holm_abi::Run::new(args.iter().copied().map(str::to_owned).collect::<Vec<_>>())
}

struct Run {
    outcome: Result<i32, Error>,
    output: String,
    took: Duration,
}

fn command(text: &str, settings: &Settings, host: &Host) -> Result<Arc<dyn Command>, Error> {
    let settings = Settings { shared_memory: true, ..settings.clone() };
    let loader = Loader::default();
    let opened = loader.open(Source::from_bytes("threads.wat", text.as_bytes().to_vec())?)?;
    let runtime = Runtime { stack: host.limits.stack, ..Runtime::default() };
    let loaded = loader.load(&opened, &settings, true, &runtime)?;
    let guest = Guest {
        name: opened.source.name,
        shape: Arc::new(opened.shape),
        code: loaded.code,
        path: opened.source.path,
        lone: None,
    };
    assert!(Wasi::default().recognise(&guest.shape).is_some());
    match Wasi::default().load(&guest, host)?.swap_remove(0) {
        Entry::Command(command) => Ok(command),
        _ => panic!("not a command"),
    }
}

fn host() -> (Host, Arc<Mutex<Vec<u8>>>) {
    let (stdout, buffer) = capture();
    let stdio = Stdio { stdin: Input::Empty, stdout, stderr: Output::Inherit };
    (Host { stdio, ..Host::default() }, buffer)
}

fn run_under(text: &str, settings: &Settings, change: impl FnOnce(&mut Host)) -> Run {
    let (mut host, buffer) = host();
    change(&mut host);
    let command = match command(text, settings, &host) {
        Ok(command) => command,
        Err(error) => return Run { outcome: Err(error), output: String::new(), took: Duration::ZERO },
    };
    let start = Instant::now();
    let outcome = runtime().block_on(command.run(&with(&["threads"])));
    let output = String::from_utf8(buffer.lock().unwrap().clone()).unwrap();
    Run { outcome, output, took: start.elapsed() }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn run(text: &str) -> Run {
    run_under(text, &Settings::default(), |_| {})
}

fn interruptible() -> Settings {
    Settings { interruptible: true, ..Settings::default() }
}

/// Threads of guests in this process.
fn guest_threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|name| name.starts_with("holm-guest")).count()
}

/// Tests that count threads must not meet the threads of others.
fn alone() -> std::sync::MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn wait_until_all_threads_are_gone() {
    let give_up = Instant::now() + Duration::from_secs(20);
    while guest_threads() > 0 {
        assert!(Instant::now() < give_up, "{} threads are left", guest_threads());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn threads_share_memory_and_wait_for_each_other() {
    let _alone = alone();
    let text = std::fs::read_to_string("../../guests/wat/threads.wat").unwrap();
    let (host, buffer) = host();
    let command = command(&text, &Settings::default(), &host).unwrap();
    for _ in 0..300 {
        assert_eq!(runtime().block_on(command.run(&with(&[]))).unwrap(), 0);
        assert_eq!(std::mem::take(&mut *buffer.lock().unwrap()), b"4000\n");
    }
    wait_until_all_threads_are_gone();
}

#[test]
fn a_trap_in_any_thread_ends_the_program_and_names_the_place() {
    let _alone = alone();
    let run = run(&program(
        r#"(func $deep unreachable)
           (func (export "wasi_thread_start") (param i32 i32) (call $deep))
           (func (export "_start") (call $must-spawn (i32.const 0)) (call $wait-for-ever))"#,
    ));
    let error = run.outcome.unwrap_err();
    assert_eq!(error.kind(), Kind::Trap);
    let functions: Vec<_> = error.frames().iter().map(|frame| frame.function.as_str()).collect();
    assert_eq!(functions, ["deep", "wasi_thread_start"], "{error}");
    wait_until_all_threads_are_gone();
}

#[test]
fn the_exit_code_of_any_thread_is_the_programs() {
    let _alone = alone();
    for wait in ["(call $wait-for-ever)", "(call $sleep (i64.const 600000000000))", "(call $spin)"] {
        let body = format!(
            r#"(func (export "wasi_thread_start") (param i32 i32) (call $exit (i32.const 7)))
               (func (export "_start") (call $must-spawn (i32.const 0)) {wait})"#
        );
        let run = run_under(&program(&body), &interruptible(), |_| {});
        assert_eq!(run.outcome.unwrap(), 7, "{wait}");
        assert!(run.took < Duration::from_secs(5), "{wait} took {:?}", run.took);
        wait_until_all_threads_are_gone();
    }
}

#[test]
fn the_return_of_start_ends_threads_that_compute_sleep_or_wait() {
    let _alone = alone();
    for wait in ["(call $wait-for-ever)", "(call $sleep (i64.const 600000000000))", "(call $spin)"] {
        let body = format!(
            r#"(func (export "wasi_thread_start") (param i32 i32) {wait})
               (func (export "_start") (call $must-spawn (i32.const 0)) (call $sleep (i64.const 20000000)))"#
        );
        let run = run_under(&program(&body), &interruptible(), |_| {});
        assert_eq!(run.outcome.unwrap(), 0, "{wait}");
        assert!(run.took < Duration::from_secs(5), "{wait} took {:?}", run.took);
        wait_until_all_threads_are_gone();
    }
}

#[test]
fn the_return_of_start_does_not_wait_for_a_thread_that_cannot_be_stopped() {
    let body = r#"(func (export "wasi_thread_start") (param i32 i32)
                    (local $left i64)
                    (local.set $left (i64.const 6000000000))
                    (loop $again
                      (br_if $again (i64.ne (local.tee $left (i64.sub (local.get $left) (i64.const 1))) (i64.const 0)))))
                  (func (export "_start") (call $must-spawn (i32.const 0)))"#;
    let _alone = alone();
    let run = run_under(&program(body), &Settings::default(), |_| {});
    assert_eq!(run.outcome.unwrap(), 0);
    assert!(run.took < Duration::from_secs(1), "took {:?}", run.took);
    wait_until_all_threads_are_gone();
}

#[test]
fn threads_beyond_the_limit_are_refused() {
    let _alone = alone();
    let run = run(&program(
        r#"(func (export "wasi_thread_start") (param i32 i32) (call $wait-for-ever))
           (func (export "_start")
             (local $left i32) (local $made i32)
             (local.set $left (i32.const 2000))
             (loop $again
               (if (i32.gt_s (call $spawn (i32.const 0)) (i32.const 0))
                 (then (local.set $made (i32.add (local.get $made) (i32.const 1)))))
               (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
             (call $exit (i32.sub (local.get $made) (i32.const 1000))))"#,
    ));
    assert_eq!(run.outcome.unwrap(), 23, "1024 threads, less the first");
    wait_until_all_threads_are_gone();
}

#[test]
fn places_of_threads_that_ended_are_free_again() {
    let _alone = alone();
    let run = run(&program(
        r#"(func (export "wasi_thread_start") (param i32 i32)
             (i32.atomic.store (i32.const 0) (local.get 1))
             (drop (memory.atomic.notify (i32.const 0) (i32.const 1))))
           (func (export "_start")
             (local $count i32)
             (loop $again
               (local.set $count (i32.add (local.get $count) (i32.const 1)))
               (call $must-spawn (local.get $count))
               (loop $wait
                 (drop (memory.atomic.wait32
                   (i32.const 0) (i32.sub (local.get $count) (i32.const 1)) (i64.const -1)))
                 (br_if $wait (i32.ne (i32.atomic.load (i32.const 0)) (local.get $count))))
               (br_if $again (i32.lt_s (local.get $count) (i32.const 3000))))
             (call $exit (i32.const 9)))"#,
    ));
    assert_eq!(run.outcome.unwrap(), 9);
}

#[test]
fn writes_of_two_threads_do_not_mix() {
    let _alone = alone();
    let body = r#"
        (data (i32.const 1024) "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n")
        (data (i32.const 2048) "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n")
        (func $print (param $at i32) (param $buffer i32)
          (local $left i32)
          (local.set $left (i32.const 500))
          (loop $again
            (i32.store (local.get $buffer) (local.get $at))
            (i32.store (i32.add (local.get $buffer) (i32.const 4)) (i32.const 32))
            (drop (call $fd_write (i32.const 1) (local.get $buffer) (i32.const 1) (i32.add (local.get $buffer) (i32.const 8))))
            (drop (call $yield))
            (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))
        (func (export "wasi_thread_start") (param i32 i32)
          (call $print (i32.const 1024) (i32.const 256))
          (i32.atomic.store (i32.const 0) (i32.const 1))
          (drop (memory.atomic.notify (i32.const 0) (i32.const 1))))
        (func (export "_start")
          (call $must-spawn (i32.const 0))
          (call $print (i32.const 2048) (i32.const 512))
          (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))"#;
    // Each instance sets up its data again; here it is what the memory holds already.
    let run = run(&program(body));
    assert_eq!(run.outcome.unwrap(), 0);
    let lines: Vec<_> = run.output.lines().collect();
    let (a, b) = ("a".repeat(31), "b".repeat(31));
    assert_eq!(lines.iter().filter(|line| **line == a).count(), 500);
    assert_eq!(lines.iter().filter(|line| **line == b).count(), 500);
    assert_eq!(lines.len(), 1000);
}

#[test]
fn a_thread_that_sleeps_does_not_hold_up_the_others() {
    let _alone = alone();
    let body = r#"
        (func (export "wasi_thread_start") (param i32 i32)
          (i32.atomic.store (i32.const 0) (i32.const 1))
          (call $sleep (i64.const 5000000000)))
        (func (export "_start")
          (call $must-spawn (i32.const 0))
          (loop $wait (br_if $wait (i32.eqz (i32.atomic.load (i32.const 0)))))
          (i32.store8 (i32.const 32) (i32.const 120))
          (i32.store (i32.const 16) (i32.const 32))
          (i32.store (i32.const 20) (i32.const 1))
          (drop (call $fd_write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 24))))"#;
    let run = run(&program(body));
    assert_eq!(run.outcome.unwrap(), 0);
    assert_eq!(run.output, "x");
    assert!(run.took < Duration::from_secs(2), "took {:?}", run.took);
    wait_until_all_threads_are_gone();
}

#[test]
fn a_sleep_ends_with_an_event() {
    let run = run(&program(
        r#"(func (export "_start")
             (call $sleep (i64.const 30000000))
             (call $exit (i32.add
               (i32.wrap_i64 (i64.load (i32.const 128)))
               (i32.load (i32.const 160)))))"#,
    ));
    assert_eq!(run.outcome.unwrap(), 43, "the user's 42, and one event");
    assert!(run.took >= Duration::from_millis(30), "took {:?}", run.took);
}

#[test]
fn the_limit_on_memory_bounds_shared_memory() {
    let grow = r#"(func (export "_start")
        (loop $again (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
        (call $exit (memory.size)))"#;
    let pages = |limit: u64| run_under(&program(grow), &Settings::default(), |host| host.limits.memory = Some(limit));
    assert_eq!(pages(5 << 16).outcome.unwrap(), 5);
    assert_eq!(pages(100 << 16).outcome.unwrap(), 16, "the guest's own maximum");
    let error = pages(1000).outcome.unwrap_err();
    assert_eq!(error.kind(), Kind::OutOfMemory, "{error}");
}

#[test]
fn the_limit_on_cpu_time_is_for_all_threads_together() {
    let _alone = alone();
    let chain = r#"
        (func $burn (local $left i32) (local.set $left (i32.const 50000))
          (loop $again (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))
        (func (export "wasi_thread_start") (param i32 i32) (call $burn) (call $must-spawn (i32.const 0)))
        (func (export "_start") (call $must-spawn (i32.const 0)) (call $wait-for-ever))"#;
    let limit = Duration::from_millis(200);
    let run = run_under(&program(chain), &interruptible(), |host| {
        host.limits.cpu = Some(limit);
        host.limits.wall = Some(Duration::from_secs(30));
    });
    assert_eq!(run.outcome.unwrap_err().kind(), Kind::OutOfCpu);
    wait_until_all_threads_are_gone();
}

#[test]
fn the_limit_on_fuel_is_for_all_threads_together() {
    let _alone = alone();
    let chain = r#"
        (func (export "wasi_thread_start") (param i32 i32) (call $must-spawn (i32.const 0)))
        (func (export "_start") (call $must-spawn (i32.const 0)) (call $wait-for-ever))"#;
    let settings = Settings { fuel: true, ..Settings::default() };
    let run = run_under(&program(chain), &settings, |host| {
        host.limits.fuel = Some(10_000);
        host.limits.wall = Some(Duration::from_secs(30));
    });
    assert_eq!(run.outcome.unwrap_err().kind(), Kind::OutOfFuel);
    wait_until_all_threads_are_gone();
}

#[test]
fn wall_time_ends_a_program_whose_threads_all_wait() {
    let _alone = alone();
    let run = run_under(
        &program(
            r#"(func (export "wasi_thread_start") (param i32 i32) (call $wait-for-ever))
               (func (export "_start") (call $must-spawn (i32.const 0)) (call $wait-for-ever))"#,
        ),
        &interruptible(),
        |host| host.limits.wall = Some(Duration::from_millis(100)),
    );
    assert_eq!(run.outcome.unwrap_err().kind(), Kind::OutOfTime);
    wait_until_all_threads_are_gone();
}

#[test]
fn a_run_that_is_abandoned_ends_its_threads() {
    let _alone = alone();
    let (host, _) = host();
    let text = program(r#"(func (export "_start") (call $sleep (i64.const 600000000000)))"#);
    let command = command(&text, &Settings::default(), &host).unwrap();
    let timeout = Duration::from_millis(50);
    assert!(runtime().block_on(async { tokio::time::timeout(timeout, command.run(&with(&[]))).await }).is_err());
    wait_until_all_threads_are_gone();
}

#[test]
fn a_thread_that_reads_does_not_keep_the_program_from_ending() {
    let _alone = alone();
    let body = r#"
        (func (export "wasi_thread_start") (param i32 i32)
          (i32.store (i32.const 16) (i32.const 32))
          (i32.store (i32.const 20) (i32.const 1))
          (drop (call $fd_read (i32.const 0) (i32.const 16) (i32.const 1) (i32.const 24)))
          (call $wait-for-ever))
        (func (export "_start")
          (call $must-spawn (i32.const 0))
          (call $sleep (i64.const 20000000))
          (call $exit (i32.const 7)))"#;
    // The thread that reads for the whole process is named after whoever makes it: not after the guest's, please.
    let mut stdin = std::io::stdin().p2_stream();
    let _ = runtime().block_on(async { tokio::time::timeout(Duration::ZERO, stdin.ready()).await });
    // Where standard input is at its end, the guest's thread does not block in it.
    let run = run_under(&program(body), &Settings::default(), |host| host.stdio.stdin = Input::Inherit);
    assert_eq!(run.outcome.unwrap(), 7);
    assert!(run.took < Duration::from_secs(2), "took {:?}", run.took);
    wait_until_all_threads_are_gone();
}

#[test]
fn what_all_threads_use_is_counted_together() {
    let body = r#"
        (func (export "wasi_thread_start") (param i32 i32)
          (local $left i32)
          (local.set $left (i32.const 20000000))
          (loop $again
            (local.set $left (i32.sub (local.get $left) (i32.const 1)))
            (br_if $again (local.get $left)))
          (drop (memory.grow (i32.const 2)))
          (call $exit (i32.const 0)))
        (func (export "_start") (call $must-spawn (i32.const 0)) (call $wait-for-ever))"#;
    let command = command(&program(body), &Settings::default(), &host().0).unwrap();
    let run = with(&[]);
    assert_eq!(runtime().block_on(command.run(&run)).unwrap(), 0);
    assert!(run.usage.cpu() > Duration::ZERO && run.usage.memory() == 3 << 16, "{:?}", run.usage);
}

#[test]
fn missing_imports_are_named() {
    let text = r#"(module (import "env" "memory" (memory 1 1 shared)) (import "acme" "thing" (func))
                    (func (export "_start")))"#;
    let error = run(text).outcome.unwrap_err();
    assert_eq!(error.kind(), Kind::MissingImports);
    assert!(error.to_string().contains("acme") && !error.to_string().contains("env"), "{error}");
}

#[test]
fn a_guest_without_a_start_for_threads_gets_none() {
    let run =
        run(&program(r#"(func (export "_start") (call $exit (i32.eq (call $spawn (i32.const 0)) (i32.const -1))))"#));
    assert_eq!(run.outcome.unwrap(), 1);
}
