//! `holm dev` with a program.

use rustix::process::Signal;

use crate::project::{Project, compilers};

const MANIFEST: &str = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n";

/// Prints a word and goes on without an end.
fn saying(word: &str) -> String {
    format!("fn main() {{ println!(\"{word}\"); loop {{ std::thread::sleep(std::time::Duration::MAX) }} }}")
}

#[test]
fn a_program_is_run_again_when_it_was_built_again_and_ends_with_holm() {
    let Some(compilers) = compilers() else { return };
    let project = Project::new(&[("Cargo.toml", MANIFEST), ("src/main.rs", &saying("one"))]);
    let mut dev = project.holm_with(compilers, &["dev"]).starts();
    assert_eq!(dev.line(), "one\n");
    project.write("src/main.rs", saying("two"));
    assert_eq!(dev.line(), "two\n");
    // What does not build is not run, and what builds again is.
    project.write("src/main.rs", "fn main() { nonsense }");
    project.write("src/main.rs", saying("three"));
    assert_eq!(dev.line(), "three\n");
    dev.signal(Signal::INT);
    // The programs have its standard output too: there is an end to it only when all of them have ended.
    let ended = dev.ends();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(130), ""), "{ended:?}");
}

#[test]
fn a_program_has_its_arguments_and_grants_and_waits_for_a_change_when_it_has_ended() {
    let Some(compilers) = compilers() else { return };
    let source = |exit: u8| {
        format!(
            "fn main() {{ println!(\"{{}} {{:?}}\", std::env::var(\"WHO\").unwrap(), std::env::args().nth(1));\
             std::process::exit({exit}) }}"
        )
    };
    let project = Project::new(&[("Cargo.toml", MANIFEST), ("src/main.rs", &source(1))]);
    let mut dev = project.holm_with(compilers, &["dev", "--env", "WHO=Ada", ".", "--flag"]).starts();
    assert_eq!(dev.line(), "Ada Some(\"--flag\")\n");
    project.write("src/main.rs", source(0));
    assert_eq!(dev.line(), "Ada Some(\"--flag\")\n");
    dev.signal(Signal::TERM);
    let ended = dev.ends();
    assert_eq!(ended.code, Some(130), "{ended:?}");
    assert!(ended.stderr.contains("it has ended with 1; it is run again when something is saved"), "{ended:?}");
}

#[test]
fn a_save_during_a_build_begins_it_anew() {
    let Some(compilers) = compilers() else { return };
    // Longer than any test may take.
    let slow = "fn main() { std::thread::sleep(std::time::Duration::from_secs(100_000)) }";
    let files = [("Cargo.toml", MANIFEST), ("src/main.rs", &saying("done")), ("build.rs", slow)];
    let project = Project::new(&files);
    let mut dev = project.holm_with(compilers, &["dev"]).starts();
    // Cargo has begun once it has made its folder.
    while !project.at("target/wasm32-wasip2").exists() && !project.at("target/debug").exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    project.write("build.rs", "fn main() {}");
    assert_eq!(dev.line(), "done\n");
    dev.signal(Signal::INT);
    assert_eq!(dev.ends().code, Some(130));
}
