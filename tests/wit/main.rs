//! `holm wit` as people run it.

// `allow-unwrap-in-tests` does not reach the helpers of integration tests.
#![allow(clippy::unwrap_used)]

#[path = "../e2e/support.rs"]
#[allow(dead_code, reason = "for the tests it was written for")]
mod support;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use support::{guest, holm};
use tempfile::{TempDir, tempdir};

const OLD: &str = "package a:b@1.0.0;

interface i {
  record r {
    x: u8,
  }
  f: func() -> r;
}
";

/// A folder with files of these names and texts.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

#[test]
fn interfaces_of_components_files_and_folders_are_printed() {
    let printed = holm(["wit", "print"]).guest("greet.wasm").prints();
    assert!(printed.starts_with("package root:component;\n") && printed.contains("export greet: func("), "{printed}");
    assert!(printed.contains("package acme:greet"));
    let alone = holm(["wit", "print", "--alone"]).guest("greet.wasm").prints();
    assert!(printed.starts_with(alone.trim_end()) && !alone.contains("package acme:greet"));

    let dir = folder(&[
        ("wit/w.wit", "package a:b; world w { import x:y/i; export j; }"),
        ("wit/j.wit", "interface j { f: func(); }"),
        ("wit/deps/y/i.wit", "package x:y; interface i { g: func(); }"),
    ]);
    for from in ["wit", "wit/w.wit"] {
        let printed = holm(["wit", "print", from]).within(dir.path()).prints();
        assert!(printed.contains("package x:y {") && printed.contains("g: func();"), "{from}: {printed}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&holm(["wit", "print", "--json", "wit"]).within(dir.path()).prints()).unwrap();
    assert_eq!(json["worlds"][0]["name"], "w");
    let piped = holm(["wit", "print", "-"]).stdin(fs::read(guest("greet.wasm")).unwrap()).prints();
    assert!(piped.contains("export greet"));
    let piped = holm(["wit", "print", "-"]).stdin(OLD).prints();
    assert!(piped.starts_with("package a:b@1.0.0;\n") && piped.ends_with("  f: func() -> r;\n}\n"), "{piped}");
}

#[test]
fn what_has_no_interface_says_so() {
    let dir = folder(&[("bad.wit", "package a:b; interface {"), ("empty/x.txt", "")]);
    let fails = |words: &[&str], code| holm(["wit", "print"]).args(words).within(dir.path()).fails(code);
    assert!(fails(&["missing.wit"], 127).contains("does not exist"));
    assert!(fails(&["bad.wit"], 126).contains("bad.wit:1"));
    fails(&["empty"], 126);
    assert!(holm(["wit", "print"]).guest("fib.raw.wasm").fails(126).contains("no interface"));
}

#[test]
fn a_hostile_component_costs_a_process_and_no_answer() {
    // A circle of packages, on which the decoder has no end.
    let nested = format!("(component {} )", "(component ".repeat(5000) + &")".repeat(5000));
    let dir = folder(&[("deep.wat", &nested)]);
    let ended = holm(["wit", "print", "deep.wat"]).within(dir.path()).ends();
    assert!(matches!(ended.code, Some(126)), "{ended:?}");
}

#[test]
fn files_are_formatted_in_place_and_only_if_they_are_wit() {
    let ugly = "package a:b@1.0.0;\ninterface i{record r{x:u8}\nf:func()->r;}";
    let dir = folder(&[("i.wit", ugly), ("sub/ok.wit", OLD), ("bad.wit", "nonsense")]);
    let path = dir.path().join("i.wit");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("i.wit", dir.path().join("link.wit")).unwrap();

    let check = holm(["wit", "format", "--check", "i.wit", "sub"]).within(dir.path()).ends();
    assert_eq!((check.code, check.stdout.as_str()), (Some(1), "i.wit would be written differently\n"));
    assert_eq!(fs::read_to_string(&path).unwrap(), ugly);

    assert!(holm(["wit", "format", "i.wit", "bad.wit"]).within(dir.path()).fails(126).contains("bad.wit"));
    assert_eq!(fs::read_to_string(&path).unwrap(), ugly, "nothing is written where one is wrong");

    assert_eq!(holm(["wit", "format", "link.wit", "sub"]).within(dir.path()).prints(), "");
    assert_eq!(fs::read_to_string(&path).unwrap(), OLD);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(fs::symlink_metadata(dir.path().join("link.wit")).unwrap().is_symlink());
    assert_eq!(holm(["wit", "format", "--check", "i.wit"]).within(dir.path()).prints(), "");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 4, "nothing is left behind");

    assert_eq!(holm(["wit", "format", "-"]).stdin(ugly).prints(), OLD);
}

fn compare(dir: &Path, flags: &[&str]) -> support::Outcome {
    holm(["wit", "compare", "old.wit", "new.wit"]).args(flags).within(dir).ends()
}

#[test]
fn what_changed_is_shown_side_by_side_with_whom_it_breaks() {
    let new = OLD.replace("    x: u8,\n", "    x: u8,\n    y: string,\n").replace("@1.0.0", "@1.0.1");
    let dir = folder(&[("old.wit", OLD), ("new.wit", &new)]);
    let ended = compare(dir.path(), &[]);
    let expected = "a:b@1.0.0 -> a:b@1.0.1

interface i
  type `r` changed: field `y` was added
      record r {     record r {
        x: u8,         x: u8,
                   +   y: string,
      }              }
    reaches function `f`
    who imports it: does not link until it is built again; the source may stay
    who exports it: does not link, and the source has to be changed

Breaks those who import it, those who export it.
As an incompatible change it should be at least version 2.0.0: a:b@1.0.1
";
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), expected));
}

#[test]
fn the_exit_code_is_about_those_who_were_asked_about() {
    let new = OLD.replace("  f: func() -> r;\n", "  f: func() -> r;\n  g: func();\n").replace("@1.0.0", "@1.1.0");
    let dir = folder(&[("old.wit", OLD), ("new.wit", &new)]);
    assert_eq!(compare(dir.path(), &[]).code, Some(1));
    assert_eq!(compare(dir.path(), &["--for", "exporters"]).code, Some(1));
    assert_eq!(compare(dir.path(), &["--for", "importers", "--for", "hosts"]).code, Some(0));
    let json: serde_json::Value = serde_json::from_str(&compare(dir.path(), &["--json"]).stdout).unwrap();
    assert_eq!(json["breaks"], serde_json::json!([["exporters", "broken"]]));
    assert_eq!((json["level"].as_str(), json["enough"].as_bool()), (Some("minor"), Some(true)));

    fs::write(dir.path().join("new.wit"), OLD).unwrap();
    let same = compare(dir.path(), &[]);
    assert_eq!(same.code, Some(0));
    assert!(same.stdout.contains("Nothing changed"), "{same:?}");
}

#[test]
fn components_are_compared_by_what_they_import_and_export() {
    let compare = |old: &str, new: &str| holm(["wit", "compare"]).guest(old).guest(new).ends();
    assert_eq!(compare("greet.wasm", "greet.wasm").code, Some(0));
    let other = compare("serve-hello.p2.wasm", "serve-hello.p3.wasm");
    assert_eq!(other.code, Some(1));
    assert!(other.stdout.contains("incoming-handler") && other.stdout.contains("Breaks hosts."), "{other:?}");
}
