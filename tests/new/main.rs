//! What people begin with: every template is made, built, run, and tested the way its README says.
//!
//! `tests/toolchains/fetch` gets the compilers. Without them these tests skip with a message, except in CI, where they fail.

// `allow-unwrap-in-tests` does not reach the helpers of integration tests.
#![allow(clippy::unwrap_used)]

mod command;
#[path = "../toolchains/compilers.rs"]
mod compilers;
mod project;
#[path = "../toolchains/server.rs"]
mod server;

use project::{Project, holm};

/// The template's project, built, and every command of its README that ends by itself run; `None` without its compilers.
fn built(template: &str) -> Option<Project> {
    let project = Project::make(template)?;
    project.holm(&["build"]);
    for command in project.readme() {
        // These go on until they are stopped, need a server, or need another project.
        if !["holm dev", "holm serve", "holm compose", "curl"].iter().any(|other| command.starts_with(other)) {
            project.shell(&command);
        }
    }
    Some(project)
}

fn answers_requests(template: &str) {
    let Some(project) = built(template) else { return };
    let server = server::serve(holm(project.folder()), ".");
    assert_eq!(server.get("/"), (200, "Hello, world!\n".to_owned()));
    assert_eq!(server.get("/?name=Ada"), (200, "Hello, Ada!\n".to_owned()));
    assert_eq!(server.get("/elsewhere").0, 404);
}

fn counts_words(template: &str) {
    let Some(project) = built(template) else { return };
    std::fs::write(project.folder().join("text"), "to be\nor not\n").unwrap();
    let output = project.shell(&format!("holm run {template}.wasm < text"));
    let counts: Vec<&str> = output.split_whitespace().take(3).collect();
    assert_eq!(counts, ["2", "4", "13"], "{output}");
}

fn reads_no_folder_it_was_not_granted(template: &str) {
    let Some(project) = built(template) else { return };
    let message = project.failing_shell(&format!("holm run {template}.wasm README.md"));
    assert!(message.contains("README.md"), "{message}");
}

fn says_what_it_finds_in_a_text(template: &str) {
    let Some(project) = built(template) else { return };
    let file = format!("{template}.wasm");
    let call = |function: &str, arguments: &[&str]| {
        project.holm(&[&["call", file.as_str(), function], arguments].concat()).trim_end().to_owned()
    };
    let counts = r#"[{word: "be", times: 2}, {word: "to", times: 2}, {word: "not", times: 1}]"#;
    assert_eq!(call("frequent", &["To be, or not to be: that", "3"]), counts);
    assert_eq!(call("frequent", &["", "3"]), "[]");
    assert_eq!(call("palindrome", &["A man, a plan, a canal: Panama"]), "ok(true)");
    assert_eq!(call("palindrome", &["Holm"]), "ok(false)");
    assert_eq!(call("palindrome", &["?!"]), r#"err("there is no letter in it")"#);
}

fn answers_with_frequent_words(template: &str) {
    let Some(project) = built(template) else { return };
    let server = server::serve(holm(project.folder()), ".");
    assert_eq!(server.post("/", "To be, or not to be: that"), (200, "     2 be\n     2 to\n     1 not\n".to_owned()));
    assert_eq!(server.get("/").0, 405);
}

#[test]
fn a_handler_in_rust_calls_a_library_in_python() {
    answers_with_frequent_words("rust-app");
}

#[test]
fn a_handler_in_python_calls_a_library_in_rust() {
    answers_with_frequent_words("python-app");
}

#[test]
fn a_handler_in_rust_answers_requests() {
    answers_requests("rust-http");
}

#[test]
fn a_handler_in_python_answers_requests() {
    answers_requests("python-http");
}

#[test]
fn a_handler_in_javascript_answers_requests() {
    answers_requests("js-http");
}

#[test]
fn a_handler_in_typescript_answers_requests() {
    answers_requests("ts-http");
}

#[test]
fn a_handler_in_go_answers_requests() {
    answers_requests("go-http");
}

#[test]
fn a_program_in_rust_counts_words() {
    counts_words("rust-command");
    reads_no_folder_it_was_not_granted("rust-command");
}

#[test]
fn a_program_in_python_counts_words() {
    counts_words("python-command");
}

#[test]
fn a_program_in_javascript_counts_words() {
    counts_words("js-command");
}

#[test]
fn a_program_in_go_counts_words() {
    counts_words("go-command");
}

#[test]
fn a_program_in_c_counts_words() {
    counts_words("c-command");
}

#[test]
fn a_library_in_rust_says_what_it_finds_in_a_text() {
    says_what_it_finds_in_a_text("rust-library");
}

#[test]
fn a_library_in_python_says_what_it_finds_in_a_text() {
    says_what_it_finds_in_a_text("python-library");
}

#[test]
fn a_library_in_javascript_says_what_it_finds_in_a_text() {
    says_what_it_finds_in_a_text("js-library");
}

#[test]
fn a_library_in_typescript_says_what_it_finds_in_a_text() {
    says_what_it_finds_in_a_text("ts-library");
}

#[test]
fn a_library_in_go_says_what_it_finds_in_a_text() {
    says_what_it_finds_in_a_text("go-library");
}

#[test]
fn a_library_in_c_says_what_it_finds_in_a_text() {
    says_what_it_finds_in_a_text("c-library");
}

#[test]
fn a_plugin_in_rust_is_lent_the_functions_of_a_host() {
    let Some(project) = built("rust-plugin") else { return };
    let result = project.holm(&["call", "rust-plugin.wasm", "apply", "one two three four five six seven"]);
    // The stand-in for the host says that lines have 24 characters.
    assert_eq!(result.trim_end(), r#"ok("one two three four five\nsix seven\n")"#);
}

#[test]
fn a_plugin_in_assemblyscript_takes_bytes_and_returns_bytes() {
    let Some(project) = built("as-plugin") else { return };
    assert_eq!(project.holm(&["call", "as-plugin.wasm", "greet", "Ada"]), "Hello, Ada!");
}

#[test]
fn functions_in_assemblyscript_are_called_with_numbers() {
    let Some(project) = built("as-library") else { return };
    assert_eq!(project.holm(&["call", "as-library.wasm", "gcd", "12", "18"]), "6\n");
}
