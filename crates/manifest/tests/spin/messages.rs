//! What a person reads whose `spin.toml` is wrong, and what hostile ones do.

use crate::{message, whole};
use holm_manifest::{App, RuntimeConfig};
use proptest::prelude::*;
use std::path::Path;

#[test]
fn every_unknown_key_is_told_with_what_was_meant() {
    let why = whole(
        r#"spin_manifest_version = 2
components = {}
[application]
name = "shop"
nmae = "x"
source = "y"
[variables]
a = { default = "x", secert = true }
[component.a]
source = "a.wasm"
config = {}
allowed-outbound-hosts = []
name = "a"
[component.a.build]
comand = "make"
[component.a.profile.debug]
files = []
"#,
    );
    assert_eq!(
        why,
        "  spin.toml:2:1: unknown key `components`; did you mean `component`?\n  \
         spin.toml:5:1: unknown key `nmae` in [application]; did you mean `name`?\n  \
         spin.toml:6:1: unknown key `source` in [application]; it belongs in [component.NAME]\n  \
         spin.toml:8:22: unknown key `secert` in [variables.a]; did you mean `secret`?\n  \
         spin.toml:11:1: unknown key `config` in [component.a]; did you mean `variables`?\n  \
         spin.toml:12:1: unknown key `allowed-outbound-hosts` in [component.a]; did you mean `allowed_outbound_hosts`?\n  \
         spin.toml:13:1: unknown key `name` in [component.a]; it belongs in [application]\n  \
         spin.toml:14:1: a build has a `command`, a line for the shell or several\n  \
         spin.toml:15:1: unknown key `comand` in [component.a.build]; did you mean `command`?\n  \
         spin.toml:17:1: unknown key `files` in [component.a.profile.debug]; the keys are source, environment, \
         dependencies, build"
    );
}

#[test]
fn files_that_lead_out_of_the_folder_are_told() {
    let why = message(
        "[component.a]\nsource = 'a.wasm'\nfiles = ['../x', '/etc/*', '.', 'a/..', { source = 'x', destination = '/../y' }, \
         { source = 'x' }, 3]",
    );
    let parts = ["leads out of the manifest's", "begins without `/`", "whole folder", "by dots", "leave out the `..`"];
    for part in parts.iter().chain(&["the `destination` is missing", "`files` takes patterns and"]) {
        assert!(why.contains(part), "{part}: {why}");
    }
    assert_eq!(why.lines().count(), 7, "{why}");
}

#[test]
fn names_that_cannot_be_are_told() {
    let why = message(
        "[component.bad_id]\nsource = 'a.wasm'\nkey_value_stores = ['b@d']\nenvironment = { \"A=B\" = 'c' }\n[component.a23456789012345678901234567890123456789012345678901234567890123456789]\nsource = 'a.wasm'",
    );
    for part in ["`bad_id` cannot be the name of a component", "`b@d` cannot be a name in `key_value_stores`"] {
        assert!(why.contains(part), "{why}");
    }
    assert!(why.contains("has at most 63 characters; this one has 69"), "{why}");
}

#[test]
fn more_components_than_there_may_be_are_counted() {
    let many: String = (0..300).map(|i| format!("[component.c{i}]\nsource = 'c.wasm'\n")).collect();
    assert!(message(&many).contains("an app has at most 256 components; this one has 300"));
    let triggers: String = (0..300).map(|i| format!("[[trigger.http]]\nroute = '/{i}'\ncomponent = 'c'\n")).collect();
    let why = message(&format!("{triggers}[component.c]\nsource = 'c.wasm'"));
    assert!(why.contains("at most 256 triggers of one kind"), "{why}");
}

#[test]
fn what_is_written_neither_floods_a_terminal_nor_rewrites_it() {
    let long = "x".repeat(100_000);
    let why = message(&format!("[component.\"\\u001b[2J{long}\"]\nsource = 3\n\"\\u001b{long}\" = 1"));
    assert!(why.len() < 3000 && !why.contains('\u{1b}'), "{}", why.len());
}

proptest! {
    #[test]
    fn no_text_makes_a_reader_fail_otherwise_than_by_telling(text in "(\\PC|\n){0,200}") {
        let _ = App::parse_spin(&text, Path::new("spin.toml"), None);
        let _ = RuntimeConfig::parse(&text, Path::new("runtime-config.toml"));
    }

    #[test]
    fn no_value_of_another_type_makes_a_reader_fail(at in 0usize..64, value in 0usize..8) {
        let value = ["3", "true", "'x'", "[]", "{}", "[[1]]", "{ x = { y = 1 } }", "1979-05-27"][value];
        let full = include_str!("full.toml");
        let lines: Vec<&str> = full.lines().collect();
        let keys: Vec<usize> = (0..lines.len()).filter(|line| lines[*line].contains(" = ")).collect();
        let line = keys[at % keys.len()];
        let changed: Vec<String> = lines.iter().enumerate().map(|(number, text)| match number == line {
            true => format!("{} = {value}", text.split(" = ").next().unwrap()),
            false => (*text).to_owned(),
        }).collect();
        let _ = App::parse_spin(&changed.join("\n"), Path::new("spin.toml"), Some("debug"));
    }
}

#[test]
fn the_full_manifest_is_read() {
    App::parse_spin(include_str!("full.toml"), Path::new("spin.toml"), Some("debug")).unwrap();
}
