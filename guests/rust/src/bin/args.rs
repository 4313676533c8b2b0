//! Prints every argument (the program's own name excluded) on a line, then the environment, sorted, as K=V.

fn main() {
    for argument in std::env::args().skip(1) {
        println!("{argument}");
    }
    let mut variables: Vec<(String, String)> = std::env::vars().collect();
    variables.sort();
    for (key, value) in variables {
        println!("{key}={value}");
    }
}
