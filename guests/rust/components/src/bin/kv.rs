//! One operation on a wasi:keyvalue bucket per run. Prints `ok ...`, or `error: ...` and exits with 1.
//!
//! get BUCKET KEY | set BUCKET KEY VALUE | delete BUCKET KEY | exists BUCKET KEY | keys BUCKET |
//! increment BUCKET KEY DELTA | get-many BUCKET KEY... | set-many BUCKET KEY VALUE... | delete-many BUCKET KEY...

wit_bindgen::generate!({ path: "wit/keyvalue.wit", world: "guest" });

use wasi::keyvalue::store::{Bucket, Error};
use wasi::keyvalue::{atomics, batch, store};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(text) if text.is_empty() => println!("ok"),
        Ok(text) => println!("ok {text}"),
        Err(error) => {
            match error {
                Error::NoSuchStore => println!("error: no such store"),
                Error::AccessDenied => println!("error: access denied"),
                Error::Other(text) => println!("error: {text}"),
            }
            std::process::exit(1);
        }
    }
}

fn run(words: &[&str]) -> Result<String, Error> {
    let [operation, bucket, rest @ ..] = words else {
        return Err(usage());
    };
    let bucket = store::open(bucket)?;
    match (*operation, rest) {
        ("get", [key]) => bucket.get(key).map(text),
        ("set", [key, value]) => bucket.set(key, value.as_bytes()).map(quiet),
        ("delete", [key]) => bucket.delete(key).map(quiet),
        ("exists", [key]) => bucket.exists(key).map(|found| found.to_string()),
        ("keys", []) => keys(&bucket),
        ("increment", [key, delta]) => {
            let delta = delta.parse().map_err(|_| usage())?;
            atomics::increment(&bucket, key, delta).map(|sum| sum.to_string())
        }
        ("get-many", names) => {
            let names: Vec<String> = names.iter().map(|name| name.to_string()).collect();
            let found = batch::get_many(&bucket, &names)?;
            let found = found.into_iter().map(|pair| match pair {
                Some((key, value)) => format!("{key}={}", text(Some(value))),
                None => "-".to_owned(),
            });
            Ok(found.collect::<Vec<_>>().join(" "))
        }
        ("set-many", pairs) => {
            let pairs = pairs.chunks_exact(2).map(|pair| (pair[0].to_owned(), pair[1].as_bytes().to_vec()));
            batch::set_many(&bucket, &pairs.collect::<Vec<_>>()).map(quiet)
        }
        ("delete-many", names) => {
            let names: Vec<String> = names.iter().map(|name| name.to_string()).collect();
            batch::delete_many(&bucket, &names).map(quiet)
        }
        _ => Err(usage()),
    }
}

/// Every key of every page, sorted, separated by spaces.
fn keys(bucket: &Bucket) -> Result<String, Error> {
    let mut page = bucket.list_keys(None)?;
    let mut keys = std::mem::take(&mut page.keys);
    while page.cursor.is_some() {
        page = bucket.list_keys(page.cursor)?;
        keys.append(&mut page.keys);
    }
    keys.sort();
    Ok(keys.join(" "))
}

fn text(value: Option<Vec<u8>>) -> String {
    value.map_or("(none)".to_owned(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn quiet(_: ()) -> String {
    String::new()
}

fn usage() -> Error {
    Error::Other("unknown operation".to_owned())
}
