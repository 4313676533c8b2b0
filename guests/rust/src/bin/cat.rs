//! Copies the files named by its arguments, or stdin when there are none, to stdout.

use std::fs::File;
use std::io::{self, Read};

fn main() {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    if paths.is_empty() {
        copy("stdin", io::stdin());
    }
    for path in paths {
        match File::open(&path) {
            Ok(file) => copy(&path, file),
            Err(error) => fail(&path, &error),
        }
    }
}

fn copy(name: &str, mut from: impl Read) {
    if let Err(error) = io::copy(&mut from, &mut io::stdout()) {
        fail(name, &error);
    }
}

fn fail(name: &str, error: &io::Error) -> ! {
    eprintln!("cat: {name}: {error}");
    std::process::exit(1);
}
