//! Counts lines, words and bytes of its standard input, or of the files that are named.

use std::io::{self, Read as _};
use std::process::ExitCode;
use std::{env, fs};

fn main() -> ExitCode {
    let names: Vec<String> = env::args().skip(1).collect();
    if names.is_empty() {
        let mut text = Vec::new();
        return told("standard input", io::stdin().read_to_end(&mut text).map(|_| text));
    }
    let failed = names.iter().filter(|name| told(name, fs::read(name)) != ExitCode::SUCCESS).count();
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn told(name: &str, read: io::Result<Vec<u8>>) -> ExitCode {
    match read {
        Ok(text) => {
            let counts = count(&text);
            println!("{:>8}{:>8}{:>8} {name}", counts.lines, counts.words, counts.bytes);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{name}: {error}");
            ExitCode::FAILURE
        }
    }
}

#[derive(Debug, PartialEq)]
struct Counts {
    lines: usize,
    words: usize,
    bytes: usize,
}

fn count(text: &[u8]) -> Counts {
    Counts {
        lines: text.iter().filter(|&&byte| byte == b'\n').count(),
        words: text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).count(),
        bytes: text.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Counts, count};

    #[test]
    fn lines_words_and_bytes_are_counted() {
        assert_eq!(count(b""), Counts { lines: 0, words: 0, bytes: 0 });
        assert_eq!(count(b"to be\nor not\n"), Counts { lines: 2, words: 4, bytes: 13 });
    }
}
