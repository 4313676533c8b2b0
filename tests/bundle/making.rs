//! `holm bundle` itself, and what `holm inspect` says of what it makes.

use std::fs;

use tempfile::tempdir;

use crate::support::{guest, holm};
use crate::{bundle, runtime, write_executable};

#[test]
fn a_bundle_is_neither_bundled_again_nor_copied() {
    let dir = tempdir().unwrap();
    let app = bundle(dir.path(), "hello.p1.wasm", &[]);
    let again = holm(["bundle"]).arg(&app).args(["-o", "again"]).within(dir.path()).fails(126);
    assert!(again.contains("native Linux executable"), "{again}");
    let copied = holm(["bundle", "--runtime"]).arg(&app).guest("hello.p1.wasm").args(["-o", "again"]);
    let copied = copied.within(dir.path()).fails(125);
    assert!(copied.contains("[dir]/app is a bundle already"), "{copied}");
    assert!(!dir.path().join("again").exists());
}

#[test]
fn only_a_holm_of_this_version_can_be_copied() {
    let dir = tempdir().unwrap();
    let bundle = |runtime: &str| {
        let made = holm(["bundle", "-o", "app", "--runtime", runtime]).guest("hello.p1.wasm").within(dir.path());
        made.fails(125)
    };
    write_executable(&dir.path().join("script"), b"#!/bin/sh\n");
    assert!(bundle("script").contains("script is no Holm that could run a bundle"));
    let mut bytes = fs::read(runtime()).unwrap();
    let mark = [&[0x7f], &b"Holm:bundle:1\r\n"[..]].concat();
    let at = memchr::memmem::find(&bytes, &mark).unwrap();
    bytes[at + 16..at + 21].copy_from_slice(b"9.8.7");
    write_executable(&dir.path().join("other"), &bytes);
    assert!(bundle("other").contains("other is Holm 9.8.7, and this is"));
}

#[test]
fn what_is_no_bundle_is_not_overwritten() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("app"), "precious").unwrap();
    let made = holm(["bundle", "-o", "app"]).guest("hello.p1.wasm").within(dir.path()).fails(125);
    assert!(made.contains("app is there already, and is no bundle"), "{made}");
    assert_eq!(fs::read(dir.path().join("app")).unwrap(), b"precious");
    fs::remove_file(dir.path().join("app")).unwrap();
    bundle(dir.path(), "hello.p1.wasm", &[]);
    bundle(dir.path(), "hello.p2.wasm", &[]);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing else is left behind");
}

#[test]
fn what_is_no_program_is_told_when_it_is_bundled_and_nothing_is_written() {
    let dir = tempdir().unwrap();
    let made = holm(["bundle", "-o", "app"]).guest("math.wat").args(["--runtime"]).arg(runtime()).within(dir.path());
    let said = made.fails(125);
    assert!(said.contains("is not a program"), "{said}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn flags_that_mean_nothing_to_a_bundle_are_told() {
    for (flags, why) in [
        (&["--coredump", "x"][..], "writes no core dumps"),
        (&["--tier", "fast"], "not made by the fast compiler"),
        (&["--native", "--tier", "portable"], "--native is for this machine's Holm"),
    ] {
        let said = holm(["bundle", "-o", "/nowhere/app"]).args(flags).guest("hello.p1.wasm").fails(125);
        assert!(said.contains(why), "{said}");
    }
    let said = holm(["bundle", "-"]).stdin(fs::read(guest("hello.p1.wasm")).unwrap()).fails(125);
    assert!(said.contains("where should the bundle be written?"), "{said}");
}

#[test]
fn a_bundle_can_be_looked_into() {
    let dir = tempdir().unwrap();
    bundle(dir.path(), "hello.p2.wasm", &["--dir", "./data::/data:ro", "--memory", "8MiB"]);
    let said = holm(["inspect", "app"]).within(dir.path()).prints();
    for part in ["app: a bundle", "hello.p2.wasm", "./data::/data:ro", "8388608"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&holm(["inspect", "--json", "app"]).within(dir.path()).prints()).unwrap();
    assert_eq!(json["bundle"]["guest"], "hello.p2.wasm");
    assert_eq!(json["bundle"]["flags"]["dir"][0], "./data::/data:ro");
    let mut bytes = fs::read(dir.path().join("app")).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(dir.path().join("app"), bytes).unwrap();
    assert!(holm(["inspect", "app"]).within(dir.path()).fails(125).contains("is damaged"));
}
