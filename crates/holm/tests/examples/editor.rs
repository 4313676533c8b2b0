use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use crate::support::{RUNTIME, file};

#[allow(dead_code, reason = "a program's `main` is not called here")]
#[path = "../../../../examples/editor/main.rs"]
mod program;

/// What the editor says about these commands, given this text and the plugins in this folder.
fn said(plugins: &Path, text: &str, commands: impl BufRead) -> String {
    let dir = tempfile::tempdir().unwrap();
    let (file, mut output) = (dir.path().join("text"), Vec::new());
    fs::write(&file, text).unwrap();
    program::edit(&RUNTIME, plugins, Some(&file), commands, &mut output).unwrap();
    String::from_utf8(output).unwrap()
}

/// The editor's plugins and one that only breaks things.
fn with_wreck() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, from) in [("sort", "examples/editor/plugins/sort"), ("wreck", "guests/prebuilt/editor-wreck")] {
        fs::copy(file(&format!("{from}.wasm")), folder.path().join(name).with_extension("wasm")).unwrap();
    }
    folder
}

/// Something that happens while the editor waits for its next command.
struct Meanwhile<F>(Option<F>);

impl<F: FnOnce()> Read for Meanwhile<F> {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        if let Some(happens) = self.0.take() {
            happens();
        }
        Ok(0)
    }
}

#[test]
fn commands_of_any_language_edit_the_selected_lines() {
    let commands = "sort\nselect 1 2\nupper\nselect\nnumber 9\nprint\n";
    let said = said(program::PLUGINS.as_ref(), "pear\nfig\napple\n", commands.as_bytes());
    assert!(said.ends_with("   1  9 APPLE\n   2  10 FIG\n   3  11 pear\n"), "{said}");
}

#[test]
fn plugins_say_themselves_what_they_are_for() {
    let help = said(program::PLUGINS.as_ref(), "", &b"help\n"[..]);
    for line in ["sort                sorts the selected", "upper               makes", "number              numbers"] {
        assert!(help.contains(line), "{help}");
    }
}

#[test]
fn what_is_undone_is_as_it_was() {
    let said = said(program::PLUGINS.as_ref(), "b\na\n", &b"sort\nundo\nprint\nundo\n"[..]);
    assert!(said.ends_with("   1  b\n   2  a\nerror: there is nothing to take back\n"), "{said}");
}

#[test]
fn a_plugin_that_fails_leaves_the_text_as_it_was() {
    let folder = with_wreck();
    let failures = [
        ("fail", "wreck: as asked"),
        ("trap", "unreachable"),
        ("loop", "CPU time"),
        ("grow", "memory"),
        ("flood", "a text has at most 16777216 bytes"),
        ("outside", "there are 0 lines"),
    ];
    for (how, why) in failures {
        let commands = format!("wreck {how}\nprint\nsort\nprint\n");
        let said = said(folder.path(), "b\na\n", commands.as_bytes());
        let (error, rest) = said.split_once('\n').unwrap();
        assert!(error.starts_with("error: ") && error.contains(why), "{how}: {said}");
        let after = &rest[rest.find("   1  b\n   2  a\n").unwrap_or_else(|| panic!("{how}: {said}"))..];
        assert!(after.ends_with("   1  a\n   2  b\n"), "{how}: the next command works: {said}");
    }
}

#[test]
fn plugins_come_change_and_go_while_the_editor_runs() {
    let folder = with_wreck();
    let (sort, upper) = (folder.path().join("sort.wasm"), folder.path().join("upper.wasm"));
    let comes = Meanwhile(Some(|| assert!(fs::copy(file("examples/editor/plugins/upper.wasm"), &upper).unwrap() > 0)));
    let breaks = Meanwhile(Some(|| fs::write(&upper, "\0asm, and then nothing").unwrap()));
    let goes = Meanwhile(Some(|| fs::remove_file(&sort).unwrap()));
    let commands = b"upper\n".chain(comes).chain(&b"upper\nprint\n"[..]).chain(breaks);
    let commands = commands.chain(&b"upper\nsort\n"[..]).chain(goes).chain(&b"sort\n"[..]);
    // A buffer of one command, so that what happens meanwhile does.
    let said = said(folder.path(), "b\na\n", BufReader::with_capacity(1, commands));
    let (before, after) = said.split_once("   1  B\n   2  A\n").unwrap_or_else(|| panic!("{said}"));
    assert!(before.starts_with("error: there is no command `upper`\nupper: "), "{said}");
    assert!(after.starts_with("not loaded: "), "{said}");
    assert!(after.contains("\nupper: "), "the version before stays: {said}");
    assert!(after.contains("\nsort: ") && after.ends_with("error: there is no command `sort`\n"), "{said}");
}

#[test]
fn a_component_of_another_world_is_no_command() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(file("guests/prebuilt/types.wasm"), folder.path().join("types.wasm")).unwrap();
    fs::copy(file("guests/prebuilt/kernels.wasm"), folder.path().join("kernels.wasm")).unwrap();
    let said = said(folder.path(), "", &b"help\n"[..]);
    let mut lines = said.lines();
    let kernels = lines.next().unwrap();
    assert!(kernels.contains("kernels.wasm is a core module, and worlds are of components"), "{said}");
    let types = lines.next().unwrap();
    assert!(types.starts_with("not loaded: types.wasm is of another world: no export `"), "{said}");
}
