//! Environment variables as they stand on a command line.

use crate::error::ParseError;

/// Reads `NAME=VALUE`, or `NAME` alone, which means the value the host has for it (`None`).
///
/// # Errors
/// The name is empty, or a NUL character stands anywhere.
pub fn parse_env(text: &str) -> Result<(String, Option<String>), ParseError> {
    let error = |why: &'static str| ParseError::new("an environment variable", "MODE=prod", text, why);
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (text, None),
    };
    if name.is_empty() {
        return Err(error("the name is missing"));
    }
    if text.contains('\0') {
        return Err(error("it cannot hold a NUL character"));
    }
    Ok((name.to_owned(), value.map(str::to_owned)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_may_be_given_empty_or_left_to_the_host() {
        let read = |text| parse_env(text).unwrap();
        assert_eq!(read("A=b=c"), ("A".into(), Some("b=c".into())));
        assert_eq!(read("A="), ("A".into(), Some(String::new())));
        assert_eq!(read("A"), ("A".into(), None));
    }

    #[test]
    fn a_variable_needs_a_name() {
        for text in ["", "=x", "A=\0"] {
            assert!(parse_env(text).is_err(), "{text:?}");
        }
        assert_eq!(
            parse_env("=x").unwrap_err().to_string(),
            "`=x` is not an environment variable: the name is missing (example: `MODE=prod`)"
        );
    }
}
