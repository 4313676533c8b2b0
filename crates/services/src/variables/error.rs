/// Why a variable has no value for a guest, in words that a guest may read. They are the cases of Spin's
/// `fermyon:spin/variables@2.0.0`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VariableError {
    /// What was asked for cannot be the name of a variable: why not.
    #[error("invalid variable name: {0}")]
    InvalidName(String),
    /// The guest has no variable of this name.
    #[error("undefined variable: {0}")]
    Undefined(String),
    /// Who knows the value could not be asked, or said what no value may be.
    #[error("provider error: {0}")]
    Provider(String),
}

/// How much of a name is repeated to whoever asked for it, in characters.
const LONGEST_NAME: usize = 80;

/// Why a guest has no variable that is called `name`.
pub(super) fn missing(name: &str) -> VariableError {
    let shown: String = name.chars().take(LONGEST_NAME).collect();
    match wrong(name) {
        Some(why) => VariableError::InvalidName(format!("{shown:?}: {why}")),
        None => VariableError::Undefined(shown),
    }
}

/// What is wrong with a name: words of lower-case letters and digits with one underscore between them, beginning with a
/// letter. The order in which that is looked at is Spin's.
fn wrong(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("must not be empty".to_owned());
    }
    let other = name.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '_'));
    if let Some(other) = other {
        return Some(format!("it has {other:?}; names have lower-case letters, digits and underscores"));
    }
    let why = match name {
        name if !name.starts_with(|c: char| c.is_ascii_lowercase()) => "it has to begin with a lower-case letter",
        name if name.ends_with('_') => "it has to end with a lower-case letter or a digit",
        name if name.contains("__") => "it has two underscores in a row",
        _ => return None,
    };
    Some(why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_invalid_or_there_is_no_such_variable() {
        for name in ["", "A", "a-b", "1a", "_a", "a_", "a__b", "a.b", "ä"] {
            assert!(matches!(missing(name), VariableError::InvalidName(_)), "{name}");
        }
        for name in ["a", "a1", "a_1", "db_password"] {
            assert_eq!(missing(name), VariableError::Undefined(name.to_owned()));
        }
    }

    #[test]
    fn a_long_name_is_not_repeated_whole() {
        let VariableError::Undefined(shown) = missing(&"x".repeat(1 << 20)) else { panic!() };
        assert_eq!(shown.len(), LONGEST_NAME);
    }
}
