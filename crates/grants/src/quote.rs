//! Showing text that a guest or a stranger chose, on a terminal and in a shell.

/// `text` with the characters that could rewrite a terminal's line, or reorder it, spelt out.
pub(crate) fn printable(text: &str) -> String {
    text.chars().fold(String::new(), |mut shown, c| {
        if c.is_control() || reorders(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
        shown
    })
}

/// `word` as one word of a POSIX shell command. Control characters are spelt out, not preserved:
/// nobody should paste them.
pub(crate) fn shell_word(word: &str) -> String {
    let word = printable(word);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word;
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || "-_./:=@%+,".contains(c)
}

/// Bidirectional controls and line separators, which are not control characters to Rust.
fn reorders(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_word_needs_no_quotes() {
        assert_eq!(shell_word("/etc::/etc:ro"), "/etc::/etc:ro");
    }

    #[test]
    fn a_word_the_shell_would_read_is_quoted() {
        assert_eq!(shell_word("*:80"), "'*:80'");
        assert_eq!(shell_word("[::1]:80"), "'[::1]:80'");
        assert_eq!(shell_word("it's; rm"), r"'it'\''s; rm'");
        assert_eq!(shell_word(""), "''");
    }

    #[test]
    fn a_guest_cannot_send_escape_codes_to_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\u{202e}"), r"a\u{1b}[2Jb\u{202e}");
    }
}
