//! Bundles that are not what they were.

use std::fs;

use tempfile::tempdir;

use crate::{bundle, fails, prints, run, write_executable};

/// What a plain Holm would answer to.
const WORDS: &[&str] = &["--version"];

#[test]
fn a_bundle_that_was_cut_off_says_so_and_is_never_plain_holm() {
    let dir = tempdir().unwrap();
    let app = bundle(dir.path(), "hello.p1.wasm", &[]);
    let bytes = fs::read(&app).unwrap();
    let cut = dir.path().join("cut");
    let payload = bytes.len() - payload_length(&bytes);
    for length in [bytes.len() - 1, bytes.len() - 16, bytes.len() - 1000, payload + 1, payload] {
        write_executable(&cut, &bytes[..length]);
        let said = fails(&run(&cut, WORDS), 125);
        assert!(said.contains("is damaged: its end was cut off"), "{length}: {said}");
    }
}

#[test]
fn a_bundle_with_any_byte_changed_is_not_run() {
    let dir = tempdir().unwrap();
    let app = bundle(dir.path(), "hello.p1.wasm", &[]);
    let bytes = fs::read(&app).unwrap();
    let length = payload_length(&bytes);
    let altered = dir.path().join("altered");
    let whole = bytes.len() - length;
    for at in
        [whole, whole + 100, whole + length / 2, bytes.len() - 400, bytes.len() - 16, bytes.len() - 8, bytes.len() - 1]
    {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1;
        write_executable(&altered, &bytes);
        let said = fails(&run(&altered, WORDS), 125);
        assert!(said.contains("is damaged: its contents were altered"), "byte {at}: {said}");
    }
    write_executable(&altered, &[&bytes[..], b"more"].concat());
    assert!(fails(&run(&altered, WORDS), 125).contains("is damaged: it has another length"));
    write_executable(&altered, &bytes);
    assert_eq!(prints(run(&altered, WORDS)), "Hello from Holm!\n");
}

#[test]
fn a_record_that_was_changed_leads_nowhere() {
    let dir = tempdir().unwrap();
    let app = bundle(dir.path(), "hello.p1.wasm", &[]);
    let bytes = fs::read(&app).unwrap();
    let record = record(&bytes);
    let altered = dir.path().join("altered");
    // Where it begins, how long it is, what it digests to: each alone, gone or out of all bounds.
    for field in [72..80, 80..88, 88..120] {
        for value in [0_u8, 0x7f, 0xff] {
            let mut bytes = bytes.clone();
            bytes[record + field.start..record + field.end].fill(value);
            write_executable(&altered, &bytes);
            let said = fails(&run(&altered, WORDS), 125);
            assert!(said.contains("is damaged"), "{field:?} {value}: {said}");
        }
    }
}

/// Where the record is in the file of a bundle.
fn record(bytes: &[u8]) -> usize {
    let mark = [&[0x7f], &b"Holm:bundle:1\r\n"[..]].concat();
    memchr::memmem::find(bytes, &mark).unwrap()
}

fn payload_length(bytes: &[u8]) -> usize {
    let at = record(bytes) + 80;
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize
}
