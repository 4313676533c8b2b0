use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use holm::{Instances, Kind};

use crate::support::RUNTIME;

fn answers(number: i32) -> String {
    format!("(module (func (export \"answer\") (result i32) (i32.const {number})))")
}

fn replace(file: &Path, text: &str) {
    let new = file.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(new, file).unwrap();
}

#[test]
fn a_plugin_that_is_reloaded_answers_with_its_new_code() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("answer.wat");
    replace(&file, &answers(1));
    let plugin = RUNTIME.plugin(&file).instances(Instances::Pooled { most: 2 }).load().unwrap();
    let (digest, mut session) = (plugin.digest(), plugin.session());
    assert_eq!(plugin.call::<i32>("answer", ()).unwrap(), 1);
    assert_eq!(session.call::<i32>("answer", ()).unwrap(), 1);
    replace(&file, &answers(2));
    plugin.reload().unwrap();
    assert_eq!(plugin.call::<i32>("answer", ()).unwrap(), 2);
    assert_ne!(plugin.digest(), digest);
    assert_eq!(session.call::<i32>("answer", ()).unwrap(), 1, "a session stays with the code that it began with");
    session.restart();
    assert_eq!(session.call::<i32>("answer", ()).unwrap(), 2);
}

#[test]
fn where_the_new_code_does_not_load_the_old_stays() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("answer.wat");
    replace(&file, &answers(1));
    let plugin = RUNTIME.plugin(&file).load().unwrap();
    replace(&file, "(module (func");
    assert_eq!(plugin.reload().unwrap_err().kind(), Kind::Invalid);
    fs::remove_file(&file).unwrap();
    assert_eq!(plugin.reload().unwrap_err().kind(), Kind::NotFound);
    assert_eq!(plugin.call::<i32>("answer", ()).unwrap(), 1);
}

#[test]
fn a_plugin_that_is_watched_reloads_itself() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("answer.wat");
    replace(&file, &answers(1));
    let plugin = RUNTIME.plugin(&file).load().unwrap();
    let watch = plugin.watch().unwrap();
    replace(&file, &answers(22));
    let start = Instant::now();
    while plugin.call::<i32>("answer", ()).unwrap() != 22 {
        assert!(start.elapsed() < Duration::from_secs(30), "it is not reloaded");
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(watch);
    let from_bytes = RUNTIME.plugin_from("bytes", answers(1)).load().unwrap();
    assert_eq!(from_bytes.watch().unwrap_err().kind(), Kind::Usage);
}
