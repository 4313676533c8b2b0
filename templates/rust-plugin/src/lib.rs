//! The world of wit/plugin.wit: wraps lines that are too long.

wit_bindgen::generate!({ world: "plugin", path: "wit" });

use example::plugin::host;

struct Plugin;
export!(Plugin);

impl Guest for Plugin {
    fn name() -> String {
        "wrap".into()
    }

    fn apply(text: String) -> Result<String, String> {
        let width = match host::setting("width") {
            Some(width) => width.parse().map_err(|_| format!("the width is `{width}`, and should be a number"))?,
            None => 72,
        };
        host::log(&format!("wraps at {width}"));
        Ok(wrap(&text, width))
    }
}

/// Breaks lines between words, so that none is longer than `width` characters unless a word is.
fn wrap(text: &str, width: usize) -> String {
    let mut wrapped = String::new();
    for line in text.lines() {
        let mut length = 0;
        for word in line.split_whitespace() {
            let size = word.chars().count();
            if length > 0 && length + 1 + size > width {
                wrapped.push('\n');
                length = 0;
            } else if length > 0 {
                wrapped.push(' ');
                length += 1;
            }
            wrapped.push_str(word);
            length += size;
        }
        wrapped.push('\n');
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn lines_are_broken_between_words() {
        assert_eq!(wrap("to be or not to be", 9), "to be or\nnot to be\n");
        assert_eq!(wrap("short\nlines", 9), "short\nlines\n");
    }

    #[test]
    fn a_word_that_is_too_long_has_its_own_line() {
        assert_eq!(wrap("a palindrome is", 4), "a\npalindrome\nis\n");
    }
}
