//! What strangers wrote, for a terminal and a line of a log.

use std::borrow::Cow;
use std::fmt::Write;

/// `bytes` on one line: what is not UTF-8 replaced, what would move a terminal's cursor or turn text around escaped.
/// What is over `max` bytes of the result is left out, and `left_out` more bytes were already; a mark says how many.
pub(super) fn printable(bytes: &[u8], max: usize, left_out: usize) -> String {
    let mut line = String::with_capacity(bytes.len().min(max));
    let mut cut = 0;
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            push(&mut line, character, max, &mut cut);
        }
        if !chunk.invalid().is_empty() {
            push(&mut line, char::REPLACEMENT_CHARACTER, max, &mut cut);
        }
    }
    if left_out + cut > 0 {
        // Writing to a string does not fail.
        let _ = write!(line, "… [{} bytes left out]", left_out + cut);
    }
    line
}

/// `text` as [`printable`] has it, borrowed where that is how it is already.
pub(super) fn printable_text(text: &str, max: usize) -> Cow<'_, str> {
    // Characters worth escaping are ASCII control characters or no ASCII at all.
    if text.len() <= max && text.bytes().all(|byte| (b' '..0x7f).contains(&byte)) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(printable(text.as_bytes(), max, 0))
    }
}

/// Adds a character, or counts its bytes when there is no room for it or was none for one before it.
fn push(line: &mut String, character: char, max: usize, cut: &mut usize) {
    let before = line.len();
    if *cut == 0 {
        if misleading(character) {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
        if line.len() <= max {
            return;
        }
        line.truncate(before);
    }
    *cut += character.len_utf8();
}

/// Control characters but for the tab, line ends of Unicode, and marks that change the direction of text.
fn misleading(character: char) -> bool {
    let marks = ['\u{200e}'..='\u{200f}', '\u{2028}'..='\u{202e}', '\u{2066}'..='\u{2069}'];
    character.is_control() && character != '\t' || marks.iter().any(|marks| marks.contains(&character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_stays_as_it_is() {
        assert_eq!(printable("a\tb ä 漢 \\n".as_bytes(), 100, 0), "a\tb ä 漢 \\n");
        assert!(matches!(printable_text("GET /a?b", 8), Cow::Borrowed("GET /a?b")));
    }

    #[test]
    fn nothing_moves_the_cursor_or_ends_the_line() {
        assert_eq!(printable(b"\x1b[2J\r\n\0\x7f", 100, 0), "\\u{1b}[2J\\r\\n\\u{0}\\u{7f}");
        assert_eq!(printable("\u{202e}\u{2028}\u{85}".as_bytes(), 100, 0), "\\u{202e}\\u{2028}\\u{85}");
        assert_eq!(printable_text("\x1b", 100), "\\u{1b}");
    }

    #[test]
    fn what_is_no_utf_8_is_replaced() {
        assert_eq!(printable(b"a\xffb\xe6\xbc", 100, 0), "a\u{fffd}b\u{fffd}");
    }

    #[test]
    fn what_is_too_long_is_cut_between_characters_and_says_so() {
        assert_eq!(printable("ää".as_bytes(), 3, 0), "ä… [2 bytes left out]");
        assert_eq!(printable(b"abc", 3, 10), "abc… [10 bytes left out]");
        assert_eq!(printable(b"\x1b\x1bab", 7, 0), "\\u{1b}… [3 bytes left out]");
        assert_eq!(printable(b"abc", 3, 0), "abc");
    }
}
