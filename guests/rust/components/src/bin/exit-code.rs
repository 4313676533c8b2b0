//! Exits with the code given as first argument through wasi:cli/exit.exit-with-code, which is part of WASI since 0.2.12.
//! What std itself calls knows only success and failure.

fn main() {
    let code = std::env::args().nth(1).map_or(0, |code| code.parse().expect("the code is a number below 256"));
    wasip2::cli::exit::exit_with_code(code);
}
