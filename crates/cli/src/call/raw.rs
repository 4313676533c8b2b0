//! Functions that take bytes and return bytes, whose meaning only they and their caller know.

use std::io::IsTerminal as _;

use holm_abi::{Datum, Function, Functions};
use holm_engine::{Error, Kind, Result};
use serde_json::Value as Json;

use crate::guest::Ready;
use crate::{audit, interrupt, output, run};

/// Calls one with the argument as it was typed, or with nothing, and prints what it returns as it is.
pub(super) fn call(
    ready: &Ready,
    functions: &dyn Functions,
    function: &Function,
    args: &[String],
    json: bool,
) -> Result<i32> {
    let input = input(function, args)?;
    interrupt::end_on_ctrl_c(None);
    let at = functions.list().iter().position(|one| one.name == function.name).unwrap_or(usize::MAX);
    let called = run::runtime()?.block_on(functions.call_on_fresh(at, input));
    if called.is_err() {
        audit::hint(&ready.host.audit, &ready.name);
    }
    print(called?, json)?;
    Ok(0)
}

fn input(function: &Function, args: &[String]) -> Result<Vec<Datum>> {
    match args {
        [] => Ok(Vec::new()),
        [text] => Ok(vec![Datum::Bytes(text.clone().into_bytes())]),
        several => {
            let message = format!("{}: takes one argument or none, not {}", function.name, several.len());
            Err(Error::new(Kind::Usage, message).note("put quotes around text with spaces"))
        }
    }
}

fn print(results: Vec<Datum>, json: bool) -> Result<()> {
    let bytes = match results.into_iter().next() {
        Some(Datum::Bytes(bytes)) => bytes,
        Some(Datum::Text(text)) => text.into_bytes(),
        _ => Vec::new(),
    };
    if json {
        return output::print_json(&as_json(bytes));
    }
    // What reads a pipe gets what the function returned, and nothing else.
    let end: &[u8] = if std::io::stdout().is_terminal() && !bytes.ends_with(b"\n") { b"\n" } else { b"" };
    output::print_bytes(&[&bytes, end].concat())
}

/// Text where it is text, else a list of numbers.
fn as_json(bytes: Vec<u8>) -> Json {
    String::from_utf8(bytes).map_or_else(|error| error.into_bytes().into(), Json::String)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_are_numbers_in_json() {
        assert_eq!(as_json("é\n".into()), Json::from("é\n"));
        assert_eq!(as_json(vec![]), Json::from(""));
        assert_eq!(as_json(vec![1, 255]), serde_json::json!([1, 255]));
    }
}
