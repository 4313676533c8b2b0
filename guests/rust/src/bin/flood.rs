//! Writes lines to stdout for ever; exits with 3 when that fails.

use std::io::Write;

fn main() {
    let line = [&[b'.'; 127][..], b"\n"].concat().repeat(64);
    let mut stdout = std::io::stdout().lock();
    while stdout.write_all(&line).is_ok() {}
    std::process::exit(3);
}
