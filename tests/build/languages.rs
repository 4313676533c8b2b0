//! Each language, from sources to an answer.

use crate::project::{Project, compilers};

const GREETER: &str = "package acme:greet;\ninterface words { hello: func(name: string) -> string; }\n\
                       world greeter { export words; }\n";
const PROGRAM: &str = "package acme:app;\nworld app { export wasi:cli/run@0.2.10; }\n";
const RUST: &str = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n";

/// Builds these sources, and returns what `holm` then says to `words`; `APP` among them is the file that was made.
#[track_caller]
fn says(language: &str, files: &[(&str, &str)], words: &[&str]) {
    let Some(compilers) = compilers() else { return };
    let project = Project::new(files);
    project.write("holm.toml", "holm = 1\nguest = \"app.wasm\"\n[build]\n");
    let built = project.holm_with(compilers, &["build"]).ends();
    assert_eq!(built.code, Some(0), "{built:?}");
    let line = format!("app.wasm: {} from {language} in ", size(&built.stdout));
    assert!(built.stdout.contains(&line), "{built:?}");
    let said = project.patiently(words);
    let text = String::from_utf8_lossy(&said.stdout);
    assert_eq!((said.status.code(), text.as_ref()), (Some(0), "Hello, Ada!\n"), "{said:?}");
}

fn size(line: &str) -> &str {
    line.split_once(": ").and_then(|(_, rest)| rest.split_once(" from ")).map_or("", |(size, _)| size)
}

#[test]
fn a_program_in_rust() {
    says(
        "rust",
        &[("Cargo.toml", RUST), ("src/main.rs", "fn main() { println!(\"Hello, Ada!\") }")],
        &["run", "app.wasm"],
    );
}

#[test]
fn a_program_in_go() {
    says(
        "go",
        &[
            ("go.mod", "module app\n\ngo 1.25\n"),
            ("main.go", "package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println(\"Hello, Ada!\") }\n"),
        ],
        &["run", "app.wasm"],
    );
}

#[test]
fn a_program_in_c() {
    says("c", &[("main.c", "#include <stdio.h>\nint main(void) { puts(\"Hello, Ada!\"); }\n")], &["run", "app.wasm"]);
}

#[test]
fn a_program_in_python() {
    let source =
        "from wit_world import exports\n\nclass Run(exports.Run):\n    def run(self):\n        print('Hello, Ada!')\n";
    says("python", &[("wit/world.wit", PROGRAM), ("app.py", source)], &["run", "app.wasm"]);
}

#[test]
fn a_library_in_go_with_bindings_made_for_it() {
    let source =
        "package export_acme_greet_words\n\nfunc Hello(name string) string { return \"Hello, \" + name + \"!\" }\n";
    // Without a go.mod, which is made as well.
    says(
        "go",
        &[("wit/words.wit", GREETER), ("doc.go", "package main\n"), ("export_acme_greet_words/words.go", source)],
        &["call", "app.wasm", "hello", "Ada"],
    );
}

#[test]
fn a_library_in_c_with_bindings_made_for_it() {
    let source = "#include <stdio.h>\n#include <stdlib.h>\n#include \"greeter.h\"\n\
                  void exports_acme_greet_words_hello(greeter_string_t *name, greeter_string_t *ret) {\n\
                  char text[99]; int size = snprintf(text, sizeof text, \"Hello, %.*s!\", (int)name->len, name->ptr);\n\
                  greeter_string_dup_n(ret, text, size); greeter_string_free(name);\n}\n";
    says("c", &[("wit/words.wit", GREETER), ("words.c", source)], &["call", "app.wasm", "hello", "Ada"]);
}

#[test]
fn a_library_in_javascript() {
    let source = "export const words = { hello: (name) => `Hello, ${name}!` };\n";
    says("javascript", &[("wit/words.wit", GREETER), ("app.js", source)], &["call", "app.wasm", "hello", "Ada"]);
}

#[test]
fn a_library_in_typescript_of_two_files() {
    let source = "import { greeting } from \"./greeting\";\n\
                  export const words = { hello(name: string): string { return `${greeting}, ${name}!`; } };\n";
    let files = [
        ("wit/words.wit", GREETER),
        ("app.ts", source),
        ("greeting.ts", "export const greeting: string = \"Hello\";\n"),
    ];
    says("typescript", &files, &["call", "app.wasm", "hello", "Ada"]);
}

#[test]
fn functions_in_assemblyscript_are_a_module_and_with_wit_a_component() {
    let Some(compilers) = compilers() else { return };
    let source = "export function add(a: i32, b: i32): i32 { return a + b; }\n";
    let project = Project::new(&[("assembly/index.ts", source), ("asconfig.json", "{}")]);
    project.write("holm.toml", "holm = 1\nguest = \"app.wasm\"\n[build]\nlanguage = \"assemblyscript\"\n");
    for form in ["module", "component"] {
        let built = project.holm_with(compilers, &["build"]).ends();
        assert_eq!(built.code, Some(0), "{built:?}");
        assert_eq!(project.holm(&["call", "app.wasm", "add", "2", "3"]).prints(), "5\n");
        let seen = project.holm(&["inspect", "app.wasm"]).prints();
        assert!(seen.contains(form), "{seen}");
        project.write("wit/sum.wit", "package acme:sum;\nworld sum { export add: func(a: s32, b: s32) -> s32; }\n");
    }
}
