use std::fs;
use std::path::Path;

use holm::{Key, Kind, Runtime};
use wasmsign2::{KeyPair, Module};

use crate::support::RUNTIME;

#[allow(dead_code, reason = "a program's `main` is not called here")]
#[path = "../../../../examples/tasks/main.rs"]
mod program;

/// The plugin, its manifest and its templates in a folder of the test's own.
fn plugin() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let theirs = Path::new(program::PLUGIN).parent().unwrap();
    fs::create_dir(folder.path().join("templates")).unwrap();
    for name in ["letters.wasm", "letters.holm.toml", "templates/letter.txt"] {
        fs::copy(theirs.join(name), folder.path().join(name)).unwrap();
    }
    folder
}

/// What the program says when its user answers so.
async fn said(runtime: &Runtime, folder: &Path, yes: bool, answer: &str, tasks: u32) -> Result<String, holm::Error> {
    let (plugin, decisions) = (folder.join("letters.wasm"), folder.join("decisions.json"));
    let options = program::Options { plugin, decisions, yes, tasks };
    let mut output = Vec::new();
    let ran = program::run(runtime, &options, &mut answer.as_bytes(), &mut output).await;
    ran.map_err(|error| *error.downcast::<holm::Error>().unwrap())?;
    Ok(String::from_utf8(output).unwrap())
}

const BY_TEMPLATE: &str = "Dear Ada in London, we have moved.";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tasks_are_done_at_once() {
    let folder = plugin();
    let said = said(&RUNTIME, folder.path(), true, "", 200).await.unwrap();
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines.len(), 201, "{said}");
    assert_eq!(lines[0], format!("  0  {BY_TEMPLATE}"));
    assert_eq!(lines[198], "198  Dear Grace in New York, we have moved.");
    assert_eq!(lines[199], "199  error: task 199: nobody knows nobody/name");
    assert!(lines[200].starts_with("200 tasks in "), "{said}");
}

#[tokio::test]
async fn what_a_plugin_asks_for_is_asked_about_once() {
    let folder = plugin();
    let first = said(&RUNTIME, folder.path(), false, "y\n", 1).await.unwrap();
    assert!(first.starts_with("letters asks for\n    dir = "), "{first}");
    assert!(first.contains("::/templates:ro\nMay it have that? [y/N] ") && first.contains(BY_TEMPLATE), "{first}");
    let second = said(&RUNTIME, folder.path(), false, "", 1).await.unwrap();
    assert!(second.starts_with(&format!("  0  {BY_TEMPLATE}\n")), "{second}");

    let manifest = folder.path().join("letters.holm.toml");
    let more = fs::read_to_string(&manifest).unwrap().replace("[limits]", "http = \"https://example.com\"\n[limits]");
    fs::write(&manifest, more).unwrap();
    let third = said(&RUNTIME, folder.path(), false, "", 1).await.unwrap();
    assert!(third.contains("    http = https://example.com\n") && !third.contains("    dir"), "{third}");
    assert!(!third.contains(BY_TEMPLATE), "no answer is a no: {third}");
}

#[tokio::test]
async fn a_plugin_that_was_refused_runs_without() {
    let folder = plugin();
    let first = said(&RUNTIME, folder.path(), false, "no\n", 1).await.unwrap();
    assert!(first.contains("May it have that?") && first.contains("To Ada."), "{first}");
    let second = said(&RUNTIME, folder.path(), true, "", 1).await.unwrap();
    assert!(second.starts_with("  0  To Ada.\n"), "what was decided stays decided: {second}");
}

#[tokio::test]
async fn with_a_key_only_what_it_signed_is_loaded() {
    let (folder, keys) = (plugin(), KeyPair::generate());
    let key = folder.path().join("key.public");
    fs::write(&key, keys.pk.to_bytes()).unwrap();
    let runtime = Runtime::builder().no_cache().trust(Key::from_file(&key).unwrap()).build().unwrap();
    let error = said(&runtime, folder.path(), true, "", 1).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Denied);

    let plugin = folder.path().join("letters.wasm");
    let module = Module::deserialize(&mut fs::read(&plugin).unwrap().as_slice()).unwrap();
    let mut signed = Vec::new();
    keys.sk.sign(module, None).unwrap().serialize(&mut signed).unwrap();
    fs::write(&plugin, signed).unwrap();
    assert!(said(&runtime, folder.path(), true, "", 1).await.unwrap().contains(BY_TEMPLATE));
}
