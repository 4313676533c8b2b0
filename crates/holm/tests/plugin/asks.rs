use std::fs;

use holm::{Decisions, Grants, Kind, Verdict};

use crate::support::RUNTIME;

const MANIFEST: &str = r#"
holm = 1
[grants]
dir = "./notes:/notes"
http = "https://api.example.com"
[limits]
memory = "16MiB"
"#;

#[test]
fn a_host_sees_what_a_plugin_asks_for_and_gives_what_it_decides() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("notes.wat"), "(module)").unwrap();
    fs::write(dir.path().join("notes.holm.toml"), MANIFEST).unwrap();
    let builder = RUNTIME.plugin(dir.path().join("notes.wat"));
    let asks = builder.asks().unwrap();
    assert_eq!(asks.limits.memory, Some(16 << 20));
    assert_eq!(asks.grants.dirs[0].host, dir.path().join("notes"), "beside the plugin");

    let given = Grants { dirs: asks.grants.dirs.clone(), ..Grants::default() };
    let beyond = asks.beyond(&given);
    assert_eq!((beyond.dirs.len(), beyond.http.len()), (0, 1));
}

#[test]
fn a_plugin_may_carry_its_manifest() {
    let mut bytes = b"\0asm\x01\0\0\0".to_vec();
    let payload = [&[9][..], b"holm.toml", MANIFEST.as_bytes()].concat();
    bytes.extend([0, 0x80 | (payload.len() & 0x7f) as u8, (payload.len() >> 7) as u8]);
    bytes.extend(payload);
    let asks = RUNTIME.plugin_from("notes", bytes).asks().unwrap();
    assert_eq!(asks.grants.http.len(), 1);
    assert_eq!(RUNTIME.plugin_from("none", b"\0asm\x01\0\0\0").asks().unwrap(), holm::Asks::default());
}

#[test]
fn a_decision_is_kept_and_holds_for_what_was_asked() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("decisions.json");
    fs::write(dir.path().join("notes.wat"), "(module)").unwrap();
    fs::write(dir.path().join("notes.holm.toml"), MANIFEST).unwrap();
    let asks = || RUNTIME.plugin(dir.path().join("notes.wat")).asks().unwrap();

    let mut decisions = Decisions::open(&file).unwrap();
    let Verdict::Undecided(lines) = decisions.verdict("notes", &asks()) else { panic!("nothing was decided") };
    assert_eq!(lines.len(), 2, "{lines:?}");
    decisions.grant("notes", &asks()).unwrap();
    assert_eq!(Decisions::open(&file).unwrap().verdict("notes", &asks()), Verdict::Granted);
    assert!(matches!(Decisions::open(&file).unwrap().verdict("other", &asks()), Verdict::Undecided(_)));

    let more = MANIFEST.replace("https://api.example.com", "https://evil.example.com");
    fs::write(dir.path().join("notes.holm.toml"), more).unwrap();
    let verdict = Decisions::open(&file).unwrap().verdict("notes", &asks());
    assert_eq!(verdict, Verdict::Undecided(vec!["http = https://evil.example.com".into()]));
    decisions.refuse("notes", &asks()).unwrap();
    assert!(
        matches!(Decisions::open(&file).unwrap().verdict("notes", &asks()), Verdict::Refused(lines) if lines.len() == 2)
    );
    decisions.forget("notes").unwrap();
    assert!(matches!(Decisions::open(&file).unwrap().verdict("notes", &asks()), Verdict::Undecided(_)));
}

#[test]
fn a_file_that_holds_something_else_is_not_taken_for_decisions() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("decisions.json");
    fs::write(&file, "[1]").unwrap();
    assert_eq!(Decisions::open(&file).unwrap_err().kind(), Kind::Invalid);
}
