//! `holm.toml`: what it says beside a guest, and when it is not heard.

use std::fs;
use std::path::Path;

use tempfile::{TempDir, tempdir};

use crate::support::{Holm, guest, holm};

/// A folder with a guest `app.wasm` and a manifest.
fn app(name: &str, manifest: &str) -> TempDir {
    let dir = tempdir().unwrap();
    fs::copy(guest(name), dir.path().join("app.wasm")).unwrap();
    fs::write(dir.path().join("holm.toml"), manifest).unwrap();
    dir
}

fn within(dir: &Path, words: &str) -> Holm {
    holm(words.split(' ')).within(dir)
}

const ENV: &str = "holm = 1\n[grants]\nenv = [\"MODE=prod\"]\n";

#[test]
fn a_manifest_beside_the_guest_grants_and_says_so() {
    let dir = app("args.p1.wasm", ENV);
    let ended = within(dir.path(), "run app.wasm x").ends();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "x\nMODE=prod\n"));
    insta::assert_snapshot!(ended.stderr, @"note: grants from holm.toml (--no-manifest leaves them out)");
}

#[test]
fn a_manifest_is_beside_the_guest_and_not_where_one_stands() {
    let dir = app("args.p1.wasm", ENV);
    let elsewhere = tempdir().unwrap();
    let ended = holm(["run"]).arg(dir.path().join("app.wasm")).within(elsewhere.path()).ends();
    assert_eq!(ended.stdout, "MODE=prod\n");
    let ended = holm(["run"]).guest("args.p1.wasm").within(dir.path()).ends();
    assert_eq!(ended.stdout, "");
}

#[test]
fn no_manifest_leaves_it_out() {
    let dir = app("args.p1.wasm", ENV);
    assert_eq!(within(dir.path(), "run --no-manifest app.wasm").prints(), "");
}

#[test]
fn a_manifest_can_be_named() {
    let dir = app("args.p1.wasm", "holm = 1\n");
    fs::write(dir.path().join("other.toml"), ENV).unwrap();
    let ended = within(dir.path(), "run --manifest other.toml app.wasm").ends();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "MODE=prod\n"));
}

#[test]
fn a_manifest_names_the_guest_and_its_arguments() {
    let dir = app("args.p1.wasm", "holm = 1\nguest = \"app.wasm\"\nargs = [\"first\"]\n");
    assert_eq!(within(dir.path(), "run").prints(), "first\n");
    assert_eq!(within(dir.path(), "run app.wasm second").prints(), "first\nsecond\n");
}

#[test]
fn a_manifest_of_another_guest_says_nothing_of_this_one() {
    let dir = app("args.p1.wasm", &format!("{}guest = \"other.wasm\"\n", "holm = 1\n"));
    assert_eq!(within(dir.path(), "run app.wasm").prints(), "");
    let granting = "holm = 1\nguest = \"other.wasm\"\n[grants]\nenv = [\"MODE=prod\"]\n";
    fs::write(dir.path().join("holm.toml"), granting).unwrap();
    assert_eq!(within(dir.path(), "run app.wasm").prints(), "");
}

#[test]
fn flags_win_over_the_manifest() {
    let dir = app("args.p1.wasm", ENV);
    let ended = within(dir.path(), "run --env MODE=test --env MORE=1 app.wasm").ends();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "MODE=test\nMORE=1\n"));
}

#[test]
fn a_manifest_grants_directories_seen_from_its_folder() {
    let dir = app("files.p2.wasm", "holm = 1\n[grants]\ndir = [\"data:/data:ro\"]\n");
    let ended = within(dir.path(), "run app.wasm ls /data").ends();
    assert_eq!(ended.code, Some(127), "{ended:?}");
    fs::create_dir(dir.path().join("data")).unwrap();
    fs::write(dir.path().join("data/f"), "text").unwrap();
    let elsewhere = tempdir().unwrap();
    let read = |args: &[&str]| {
        holm(["run"]).arg(dir.path().join("app.wasm")).args(args).within(elsewhere.path()).ends().stdout
    };
    assert_eq!(read(&["read", "/data/f"]), "ok text\n");
    assert!(read(&["write", "/data/f", "x"]).starts_with("error: PermissionDenied"));
}

#[test]
fn a_manifest_limits() {
    let dir = app("spin.p1.wasm", "holm = 1\n[limits]\nfuel = 10000\n");
    let error = within(dir.path(), "run app.wasm").fails(124);
    assert!(error.contains("out of fuel: stopped at the limit of 10000 instructions"), "{error}");
    let error = within(dir.path(), "run --fuel 20000 app.wasm").fails(124);
    assert!(error.contains("limit of 20000 instructions"), "{error}");
}

#[test]
fn a_manifest_makes_runs_deterministic() {
    let dir = app("clocks.p1.wasm", "holm = 1\ndeterministic = true\n");
    assert_eq!(within(dir.path(), "run app.wasm").prints(), within(dir.path(), "run app.wasm").prints());
}

#[test]
fn a_manifest_switches_features_on() {
    let dir = tempdir().unwrap();
    fs::copy(guest("wide-arithmetic.wat"), dir.path().join("wide.wat")).unwrap();
    fs::write(dir.path().join("holm.toml"), "holm = 1\nfeatures = [\"wide-arithmetic\"]\n").unwrap();
    assert_eq!(within(dir.path(), "call wide.wat run").prints(), "42\n");
}

#[test]
fn every_mistake_in_a_manifest_is_named_with_its_line() {
    let dir = app(
        "hello.p1.wasm",
        "holm = 1\ngeust = \"x\"\n[grants]\nenv = 5\nmemory = \"1MiB\"\n[limits]\ncpu = \"soon\"\n",
    );
    insta::assert_snapshot!(within(dir.path(), "run app.wasm").fails(125), @r"
    error: 4 problems in holm.toml
      holm.toml:2:1: unknown key `geust`; did you mean `guest`?
      holm.toml:4:7: `env` takes a string or an array of strings; this is 5
      holm.toml:5:1: unknown key `memory` in [grants]; it belongs in [limits]
      holm.toml:7:7: `soon` is not a duration: it takes numbers with units, such as ms, s, m and h (example: `10s`)
    ");
}

#[test]
fn a_manifest_of_another_version_is_not_guessed_at() {
    let dir = app("hello.p1.wasm", "holm = 2\n");
    insta::assert_snapshot!(within(dir.path(), "run app.wasm").fails(125), @r"
    error: 1 problem in holm.toml
      holm.toml:1:8: this Holm reads manifests of version 1, written `holm = 1`; for a newer one, update Holm
    ");
}

#[test]
fn a_named_manifest_that_is_not_there_is_named() {
    let dir = app("hello.p1.wasm", "holm = 1\n");
    insta::assert_snapshot!(within(dir.path(), "run --manifest nowhere.toml app.wasm").fails(125), @"error: cannot read nowhere.toml: No such file or directory (os error 2)");
}

#[test]
fn a_variable_to_take_from_the_host_has_to_be_there() {
    let dir = app("args.p1.wasm", "holm = 1\n[grants]\nenv = [\"SET_HERE\"]\n");
    let ended = within(dir.path(), "run app.wasm").env("SET_HERE", "yes").ends();
    assert_eq!(ended.stdout, "SET_HERE=yes\n");
    insta::assert_snapshot!(within(dir.path(), "run app.wasm").fails(125), @r"
    note: grants from holm.toml (--no-manifest leaves them out)
    error: the manifest grants the environment variable SET_HERE, which is not set here
    hint: give it a value: --env SET_HERE=…
    ");
}

#[test]
fn of_several_guests_the_named_file_is_meant() {
    let several = "holm = 1\n[grants]\nenv = \"A=all\"\n[guest.one]\nfile = \"app.wasm\"\nargs = \"first\"\n\
                   [guest.one.grants]\nenv = \"B=one\"\n[guest.two]\nfile = \"two.wasm\"\n";
    let dir = app("args.p1.wasm", several);
    fs::copy(guest("args.p1.wasm"), dir.path().join("two.wasm")).unwrap();
    fs::copy(guest("args.p1.wasm"), dir.path().join("three.wasm")).unwrap();
    assert_eq!(within(dir.path(), "run app.wasm").ends().stdout, "first\nA=all\nB=one\n");
    assert_eq!(within(dir.path(), "run two.wasm").ends().stdout, "A=all\n");
    assert_eq!(within(dir.path(), "run three.wasm").prints(), "");

    let ended = within(dir.path(), "run").ends();
    assert_eq!(ended.code, Some(125));
    insta::assert_snapshot!(ended.stderr, @"
    error: which guest? holm.toml has several: one (app.wasm), two (two.wasm)
    hint: name the file of one of them: holm run FILE
    ");
    let ended = within(dir.path(), "run --manifest holm.toml three.wasm").ends();
    assert_eq!(ended.code, Some(125));
}
