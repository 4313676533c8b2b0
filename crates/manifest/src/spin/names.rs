//! What may be called what.
//!
//! An identifier is one or more words with a character between them; a word begins with a letter and has letters and
//! digits, all of them small or all of them capitals (Spin's `crates/serde/src/id.rs`, after the words of the component
//! model's kebab-names).

use crate::keys::nearest;

/// Whether `text` is made of words with `between` them.
fn is_words(text: &str, between: char) -> bool {
    let is_word = |word: &str| {
        let mut characters = word.chars();
        let Some(first) = characters.next() else { return false };
        let capital = first.is_ascii_uppercase();
        first.is_ascii_alphabetic()
            && characters.all(|c| c.is_ascii_digit() || (c.is_ascii_alphabetic() && c.is_ascii_uppercase() == capital))
    };
    text.split(between).all(is_word)
}

/// Whether `text` can be the name of a component.
pub(super) fn is_component(text: &str) -> bool {
    is_words(text, '-')
}

/// Whether `text` can be the name of a variable, in lower case.
pub(super) fn is_variable(text: &str) -> bool {
    is_words(text, '_') && !text.contains(|c: char| c.is_ascii_uppercase())
}

/// Whether `text` can be the name of a store or database.
pub(super) fn is_label(text: &str) -> bool {
    is_words(text, '-') || is_words(text, '_')
}

/// `; did you mean X?` where one of the `known` is much like what was written.
pub(super) fn did_you_mean<'k>(written: &str, known: impl Iterator<Item = &'k str>) -> String {
    nearest(written, known).map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

/// What somebody wrote, fit for a message.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 80;
    text.chars().take(MOST).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words() {
        for name in ["a", "hello-world", "a1-b2", "HTTP-api"] {
            assert!(is_component(name), "{name}");
        }
        for name in ["", "a_b", "a--b", "-a", "a-", "1a", "a-1", "Hello", "hELLO", "ä"] {
            assert!(!is_component(name), "{name}");
        }
        for name in ["a", "db_password", "v2"] {
            assert!(is_variable(name), "{name}");
        }
        for name in ["a-b", "A", "a__b", "_a", "DB_url"] {
            assert!(!is_variable(name), "{name}");
        }
        assert!(is_label("my-store") && is_label("my_store") && !is_label("b@d") && !is_label("my-store_2"));
    }
}
