//! Nothing is built twice for nothing, and everything again that has changed.

use std::fs;

use crate::project::{Project, compilers};
use crate::support::guest;

/// A project whose command takes note of each time it is run.
fn counted() -> Project {
    Project::new(&[
        (
            "holm.toml",
            "holm = 1\nguest = \"app.wasm\"\n[build]\ncommand = \"sh make\"\nfolder = \"src\"\nwit = \"../wit\"\n",
        ),
        ("src/make", "echo x >> ../count; cat a.txt > ../app.wasm\n"),
        ("src/a.txt", "one"),
        ("wit/world.wit", "package a:b;\n"),
    ])
}

/// How often the command was run, after building once more.
#[track_caller]
fn runs(project: &Project, flags: &[&str]) -> usize {
    let ended = project.holm(&[&["build"], flags].concat()).ends();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    fs::read_to_string(project.at("count")).unwrap().lines().count()
}

#[test]
fn nothing_is_run_where_nothing_has_changed() {
    let project = counted();
    assert_eq!(runs(&project, &[]), 1);
    let again = project.holm(&["build"]).prints();
    assert_eq!(again, "app.wasm: 3 B, nothing has changed\n");
    // Another time, and the same content.
    project.write("src/a.txt", "one");
    assert_eq!(runs(&project, &[]), 1);
    // What is beside the sources, hidden or compiled is none of its business.
    project.write("README.md", "!");
    project.write("src/.hidden", "!");
    project.write("src/other.wasm", "!");
    assert_eq!(runs(&project, &[]), 1);
}

#[test]
fn whatever_a_build_depends_on_has_it_run_again() {
    let project = counted();
    let mut expected = 1;
    let mut builds_again = |change: &str| {
        assert_eq!(runs(&project, &[]), expected, "{change}");
        assert_eq!(runs(&project, &[]), expected, "{change}, again");
        expected += 1;
    };
    builds_again("nothing was built before");
    project.write("src/a.txt", "two");
    builds_again("a source");
    project.write("src/b/new.txt", "new");
    builds_again("a new source");
    fs::remove_file(project.at("src/b/new.txt")).unwrap();
    builds_again("a source that is gone");
    project.write("wit/world.wit", "package a:c;\n");
    builds_again("the WIT");
    project.write("app.wasm", "not what was built");
    builds_again("the file itself");
    fs::remove_file(project.at("app.wasm")).unwrap();
    builds_again("a file that is gone");
    let manifest = fs::read_to_string(project.at("holm.toml")).unwrap();
    project.write("holm.toml", manifest.replace("sh make", "sh ./make"));
    builds_again("how it is built");
    fs::remove_dir_all(project.at("target")).unwrap();
    builds_again("what Holm knew");
    assert_eq!(runs(&project, &["--force"]), expected, "it was said so");
}

#[test]
fn a_library_elsewhere_has_a_program_in_rust_built_again() {
    let Some(compilers) = compilers() else { return };
    let package = |name: &str, rest: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n{rest}")
    };
    let project = Project::new(&[
        ("app/Cargo.toml", &package("app", "[dependencies]\nwords = { path = \"../words\" }\n")),
        ("app/src/main.rs", "fn main() { println!(\"{}\", words::WORD) }"),
        ("words/Cargo.toml", &package("words", "").replace("[workspace]\n", "")),
        ("words/src/lib.rs", "pub const WORD: &str = \"one\";"),
    ]);
    let build = || project.holm_with(compilers, &["build", "app"]).ends();
    let says = || project.holm(&["run", "app/app.wasm"]).prints();
    assert_eq!((build().code, says().as_str()), (Some(0), "one\n"));
    assert!(build().stdout.ends_with("nothing has changed\n"));
    project.write("words/src/lib.rs", "pub const WORD: &str = \"two\";");
    assert_eq!((build().code, says().as_str()), (Some(0), "two\n"));
}

#[test]
fn a_guest_and_its_components_are_built_and_made_one_file() {
    let (front, back) = (guest("parts-handler.p2.wasm"), guest("parts-model.p2.wasm"));
    let manifest = format!(
        "holm = 1\nguest = 'front.wasm'\n[build]\ncommand = 'cp {} front.wasm'\n\
         [components.model]\nfile = 'model.wasm'\n[components.model.build]\ncommand = 'cp {} model.wasm'\n",
        front.display(),
        back.display()
    );
    let project = Project::new(&[("holm.toml", &manifest)]);
    let said = project.holm(&["build", "-o", "app.wasm"]).prints();
    let lines: Vec<&str> = said.lines().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(lines, ["model.wasm", "front.wasm", "app.wasm"]);
    let imports = project.holm(&["inspect", "--wit", "app.wasm"]).prints();
    assert!(!imports.contains("holm:p") && !imports.contains("import parts:"), "{imports}");
}
