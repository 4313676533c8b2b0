//! `holm compile`, and what runs of what it makes.

use std::fs;
use std::path::Path;

use tempfile::tempdir;

use crate::support::{Outcome, guest, holm};

/// Compiles a guest into `dir` with the key of the cache in `dir`.
fn compile(dir: &Path, name: &str, flags: &[&str]) -> Outcome {
    let output = format!("{}.cwasm", name.trim_end_matches(".wasm").trim_end_matches(".wat"));
    holm(["compile", "-o", &output]).args(flags).guest(name).within(dir).cache(&dir.join("cache")).ends()
}

#[test]
fn a_precompiled_guest_runs() {
    let dir = tempdir().unwrap();
    for name in ["hello.p1", "hello.p2"] {
        let compiled = compile(dir.path(), &format!("{name}.wasm"), &[]);
        assert!(compiled.stdout.starts_with(&format!("{name}.cwasm: ")), "{compiled:?}");
        let file = format!("{name}.cwasm");
        let run = holm(["run", &file]).within(dir.path()).cache(&dir.path().join("cache"));
        assert_eq!(run.prints(), "Hello from Holm!\n");
        let alone = holm([&file]).within(dir.path()).cache(&dir.path().join("cache"));
        assert_eq!(alone.prints(), "Hello from Holm!\n");
    }
}

#[test]
fn a_precompiled_guest_is_called_like_any_other() {
    let dir = tempdir().unwrap();
    compile(dir.path(), "math.wat", &["--tier", "portable"]);
    let call = holm(["call", "math.cwasm", "add", "2", "3"]).within(dir.path()).cache(&dir.path().join("cache"));
    assert_eq!(call.prints(), "5\n");
}

#[test]
fn every_tier_makes_files_that_run() {
    let dir = tempdir().unwrap();
    for tier in ["fast", "optimized", "portable"] {
        compile(dir.path(), "hello.p2.wasm", &["--tier", tier]);
        let run = holm(["run", "hello.p2.cwasm"]).within(dir.path()).cache(&dir.path().join("cache"));
        assert_eq!(run.prints(), "Hello from Holm!\n", "{tier}");
    }
}

#[test]
fn a_precompiled_file_lies_beside_its_guest_unless_told_otherwise() {
    let dir = tempdir().unwrap();
    fs::copy(guest("hello.p1.wasm"), dir.path().join("app.wasm")).unwrap();
    let compiled = holm(["compile", "app.wasm", "--json"]).within(dir.path()).prints();
    assert!(compiled.contains(r#""output": "app.cwasm""#), "{compiled}");
    assert!(dir.path().join("app.cwasm").is_file());
}

#[test]
fn native_code_from_elsewhere_is_not_run() {
    let dir = tempdir().unwrap();
    compile(dir.path(), "hello.p1.wasm", &[]);
    let elsewhere = || holm(["run"]).within(dir.path()).cache(&dir.path().join("another-cache"));
    insta::assert_snapshot!(elsewhere().arg("hello.p1.cwasm").fails(126), @r"
    error: hello.p1.cwasm holds native code that was not compiled here, or was changed since
    hint: native code is not sandboxed: run the .wasm it was made from, or compile that again
    hint: if you trust whoever made the file, pass --allow-precompiled
    ");
    assert_eq!(elsewhere().args(["--allow-precompiled", "hello.p1.cwasm"]).prints(), "Hello from Holm!\n");
}

#[test]
fn native_code_is_not_run_without_a_cache_to_know_it_by() {
    let dir = tempdir().unwrap();
    compile(dir.path(), "hello.p1.wasm", &[]);
    let error = holm(["run", "--no-cache", "hello.p1.cwasm"]).within(dir.path()).fails(126);
    assert!(error.contains("--allow-precompiled"), "{error}");
}

#[test]
fn native_code_that_was_changed_is_not_run() {
    let dir = tempdir().unwrap();
    compile(dir.path(), "hello.p1.wasm", &[]);
    let file = dir.path().join("hello.p1.cwasm");
    let whole = fs::read(&file).unwrap();
    for at in [0, 64, whole.len() / 3, whole.len() / 2, whole.len() - 17] {
        let mut changed = whole.clone();
        changed[at] ^= 0x10;
        fs::write(&file, changed).unwrap();
        let ended = holm(["run", "hello.p1.cwasm"]).within(dir.path()).cache(&dir.path().join("cache")).ends();
        assert!(matches!(ended.code, Some(125 | 126)) && ended.stdout.is_empty(), "byte {at}: {ended:?}");
    }
}

#[test]
fn a_cut_precompiled_file_is_a_clean_error() {
    let dir = tempdir().unwrap();
    compile(dir.path(), "hello.p1.wasm", &[]);
    let file = dir.path().join("hello.p1.cwasm");
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let ended = holm(["run", "hello.p1.cwasm"]).within(dir.path()).cache(&dir.path().join("cache")).ends();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(126), ""), "{ended:?}");
}

#[test]
fn limits_need_code_that_was_compiled_for_them() {
    let dir = tempdir().unwrap();
    compile(dir.path(), "hello.p1.wasm", &[]);
    let run = |flags: &[&str]| {
        holm(["run"]).args(flags).arg("hello.p1.cwasm").within(dir.path()).cache(&dir.path().join("cache"))
    };
    insta::assert_snapshot!(run(&["--cpu", "1s"]).fails(126), @r"
    error: hello.p1.cwasm was compiled without support for limits on time
    hint: compile it again with `holm compile --interruptible`
    ");
    insta::assert_snapshot!(run(&["--fuel", "1000"]).fails(126), @r"
    error: hello.p1.cwasm was compiled without support for a limit on fuel
    hint: compile it again with `holm compile --fuel`
    ");
    insta::assert_snapshot!(run(&["--deterministic"]).fails(126), @r"
    error: hello.p1.cwasm was compiled without determinism
    hint: compile it again with `holm compile --deterministic`
    ");
    compile(dir.path(), "hello.p1.wasm", &["--interruptible", "--fuel", "--deterministic"]);
    let all = run(&["--cpu", "60s", "--wall", "60s", "--fuel", "100000000", "--deterministic"]);
    assert_eq!(all.prints(), "Hello from Holm!\n");
}

#[test]
fn code_for_another_machine_is_made_but_not_run() {
    let dir = tempdir().unwrap();
    let target = if cfg!(target_arch = "aarch64") { "x86_64-unknown-linux-gnu" } else { "aarch64-unknown-linux-gnu" };
    let compiled = compile(dir.path(), "hello.p1.wasm", &["--target", target]);
    assert_eq!(compiled.code, Some(0), "{compiled:?}");
    let error = holm(["run", "hello.p1.cwasm"]).within(dir.path()).cache(&dir.path().join("cache")).fails(126);
    assert!(error.contains(target) && error.contains("does not run on this machine"), "{error}");
}

#[test]
fn a_target_nobody_knows_is_named() {
    let dir = tempdir().unwrap();
    let ended = compile(dir.path(), "hello.p1.wasm", &["--target", "nonsense"]);
    insta::assert_snapshot!(ended.stderr, @"error: prebuilt/hello.p1.wasm: the engine cannot be set up this way: Unrecognized architecture: nonsense");
    assert!(matches!(ended.code, Some(125 | 126)), "{ended:?}");
    assert!(!dir.path().join("hello.p1.cwasm").exists());
}

#[test]
fn compiled_code_is_not_compiled_again() {
    let dir = tempdir().unwrap();
    compile(dir.path(), "hello.p1.wasm", &[]);
    let again = holm(["compile", "hello.p1.cwasm"]).within(dir.path()).cache(&dir.path().join("cache")).fails(125);
    insta::assert_snapshot!(again, @"error: hello.p1.cwasm is compiled already");
}

#[test]
fn a_guest_that_does_not_validate_is_not_compiled() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("bad.wat"), "(module (func (result i32)))").unwrap();
    let error = holm(["compile", "bad.wat"]).within(dir.path()).fails(126);
    assert!(error.starts_with("error: bad.wat: not valid WebAssembly"), "{error}");
    assert!(!dir.path().join("bad.cwasm").exists());
}

#[test]
fn a_precompiled_file_is_recognised_under_any_name() {
    let dir = tempdir().unwrap();
    compile(dir.path(), "hello.p1.wasm", &[]);
    fs::rename(dir.path().join("hello.p1.cwasm"), dir.path().join("hello.wasm")).unwrap();
    let run = holm(["run", "hello.wasm"]).within(dir.path()).cache(&dir.path().join("cache"));
    assert_eq!(run.prints(), "Hello from Holm!\n");
}
