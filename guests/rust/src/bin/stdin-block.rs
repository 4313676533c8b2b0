//! Waits for a line on stdin and echoes it.

fn main() {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("stdin");
    println!("{}", line.trim_end());
}
