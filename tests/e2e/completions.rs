//! What is made from the definitions of the command line.

use crate::support::holm;

#[test]
fn shells_can_complete_the_commands_and_their_flags() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = holm(["completions", shell]).prints();
        for word in ["inspect", "max-output", "prune"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let said = holm(["completions", "tcsh"]).fails(125);
    assert!(said.contains("[possible values: bash, elvish, fish, powershell, zsh]"), "{said}");
}

#[test]
fn each_command_has_a_manual_page() {
    let dir = tempfile::tempdir().unwrap();
    let pages = dir.path().join("man");
    assert_eq!(holm(["man"]).arg(&pages).prints(), "");
    let page = |name: &str| std::fs::read_to_string(pages.join(name)).unwrap();
    assert!(page("holm.1").contains("holm\\-run(1)"), "{}", page("holm.1"));
    assert!(page("holm-run.1").contains(".SH OPTIONS"));
    assert!(page("holm-cache-prune.1").contains("SIZE"));
    let said = holm(["man", "/dev/null/man"]).fails(125);
    assert!(said.starts_with("error: cannot write manual pages to /dev/null/man: "), "{said}");
}
