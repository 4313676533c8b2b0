//! Prints one line.

fn main() {
    println!("Hello from Holm!");
}
