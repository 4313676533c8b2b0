//! The interface of ../wit/deps/words/words.wit.

use std::collections::HashMap;

wit_bindgen::generate!({ world: "library", path: "../wit/deps/words" });

use exports::example::words::words::{Count, Guest};

struct Library;
export!(Library);

impl Guest for Library {
    fn frequent(text: String, most: u32) -> Vec<Count> {
        let mut times = HashMap::new();
        for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
            *times.entry(word.to_lowercase()).or_default() += 1;
        }
        let mut counts: Vec<Count> = times.into_iter().map(|(word, times)| Count { word, times }).collect();
        counts.sort_by(|a, b| b.times.cmp(&a.times).then_with(|| a.word.cmp(&b.word)));
        counts.truncate(most as usize);
        counts
    }

    fn palindrome(text: String) -> Result<bool, String> {
        let letters: Vec<char> = text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
        if letters.is_empty() {
            return Err("there is no letter in it".into());
        }
        Ok(letters.iter().eq(letters.iter().rev()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_words_come_first() {
        let counts = Library::frequent("To be, or not to be: that".into(), 3);
        let counts: Vec<(&str, u32)> = counts.iter().map(|count| (count.word.as_str(), count.times)).collect();
        assert_eq!(counts, [("be", 2), ("to", 2), ("not", 1)]);
    }

    #[test]
    fn only_letters_and_digits_make_a_palindrome() {
        assert_eq!(Library::palindrome("A man, a plan, a canal: Panama".into()), Ok(true));
        assert_eq!(Library::palindrome("Holm".into()), Ok(false));
        assert!(Library::palindrome("?!".into()).is_err());
    }
}
