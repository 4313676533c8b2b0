//! One file operation per run. Prints `ok ...` and exits with 0, or `error: KIND: TEXT` and exits with 1.
//!
//! ls DIR | read F | write F TEXT | append F TEXT | rm F | rmdir D | mkdir D | rename A B | symlink TARGET NEW |
//! link A B | readlink F | stat F (follows links) | lstat F | truncate F SIZE

use std::ffi::{CString, c_char, c_int};
use std::fs::{self, Metadata, OpenOptions};
use std::io::{Error, ErrorKind, Result, Write};

// std's own symlink is unstable on WASI; both targets link this C library anyway.
unsafe extern "C" {
    #[link_name = "symlink"]
    fn c_symlink(target: *const c_char, new: *const c_char) -> c_int;
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(text) if text.is_empty() => println!("ok"),
        Ok(text) => println!("ok {text}"),
        Err(error) => {
            println!("error: {:?}: {error}", error.kind());
            std::process::exit(1);
        }
    }
}

fn run(words: &[&str]) -> Result<String> {
    match *words {
        ["ls", dir] => list(dir),
        ["read", file] => fs::read_to_string(file),
        ["write", file, text] => fs::write(file, text).map(|()| format!("{} bytes", text.len())),
        ["append", file, text] => append(file, text),
        ["rm", file] => fs::remove_file(file).map(quiet),
        ["rmdir", dir] => fs::remove_dir(dir).map(quiet),
        ["mkdir", dir] => fs::create_dir(dir).map(quiet),
        ["rename", from, to] => fs::rename(from, to).map(quiet),
        ["symlink", target, new] => symlink(target, new).map(quiet),
        ["link", from, to] => fs::hard_link(from, to).map(quiet),
        ["readlink", link] => fs::read_link(link).map(|target| target.display().to_string()),
        ["stat", file] => fs::metadata(file).map(describe),
        ["lstat", file] => fs::symlink_metadata(file).map(describe),
        ["truncate", file, size] => truncate(file, size),
        _ => Err(Error::new(ErrorKind::InvalidInput, "unknown operation")),
    }
}

fn quiet(_: ()) -> String {
    String::new()
}

/// The names in `dir`, sorted, separated by spaces; a folder's name ends with a slash.
fn list(dir: &str) -> Result<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let slash = if entry.file_type()?.is_dir() { "/" } else { "" };
        names.push(format!("{}{slash}", entry.file_name().to_string_lossy()));
    }
    names.sort();
    Ok(names.join(" "))
}

fn append(file: &str, text: &str) -> Result<String> {
    OpenOptions::new().append(true).create(true).open(file)?.write_all(text.as_bytes())?;
    Ok(format!("{} bytes", text.len()))
}

fn truncate(file: &str, size: &str) -> Result<String> {
    let size = size.parse().map_err(|_| Error::new(ErrorKind::InvalidInput, "the size is a number"))?;
    OpenOptions::new().write(true).open(file)?.set_len(size).map(quiet)
}

fn symlink(target: &str, new: &str) -> Result<()> {
    let (target, new) = (CString::new(target)?, CString::new(new)?);
    // SAFETY: both are strings that end with a zero byte and outlive the call.
    if unsafe { c_symlink(target.as_ptr(), new.as_ptr()) } == 0 { Ok(()) } else { Err(Error::last_os_error()) }
}

fn describe(found: Metadata) -> String {
    let kind = found.file_type();
    if kind.is_dir() {
        "dir".into()
    } else if kind.is_symlink() {
        "symlink".into()
    } else if kind.is_file() {
        format!("file {}", found.len())
    } else {
        "other".into()
    }
}
