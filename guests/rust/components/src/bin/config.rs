//! Reads wasi:config: `get KEY` prints the value or `(none)`, `all` prints every K=V, sorted, one on a line.

wit_bindgen::generate!({ path: "wit/config.wit", world: "guest" });

use wasi::config::store::{self, Error};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(text) => println!("{text}"),
        Err(Error::Upstream(text) | Error::Io(text)) => {
            println!("error: {text}");
            std::process::exit(1);
        }
    }
}

fn run(words: &[&str]) -> Result<String, Error> {
    match *words {
        ["get", key] => Ok(store::get(key)?.unwrap_or("(none)".to_owned())),
        ["all"] => {
            let mut lines: Vec<String> =
                store::get_all()?.into_iter().map(|(key, value)| format!("{key}={value}")).collect();
            lines.sort();
            Ok(lines.join("\n"))
        }
        _ => Err(Error::Io("unknown operation".to_owned())),
    }
}
