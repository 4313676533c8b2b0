//! The languages a guest was written in.

use holm_engine::shape::{LanguageGuess, Producer};

/// One language, and what says so. Guests have several where their parts do, down to the C library.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Language {
    pub(super) name: String,
    pub(super) version: Option<String>,
    pub(super) because: String,
}

/// Tools that are for one language only. Many guests name their compiler and not their language.
const COMPILERS: [(&str, &str); 6] = [
    ("rustc", "Rust"),
    ("TinyGo", "Go"),
    ("componentize-go", "Go"),
    ("componentize-py", "Python"),
    ("ComponentizeJS", "JavaScript"),
    ("dart2wasm", "Dart"),
];

/// The languages that the tools named, those of compilers that named only themselves, and without either, what
/// the bytes give away.
pub(super) fn languages(producers: &[Producer], guess: Option<LanguageGuess>) -> Vec<Language> {
    let mut found: Vec<Language> = Vec::new();
    let mut add = |name: &str, version: &str, because: String| {
        // Clang uses the names of its debug information, as in `C_plus_plus_14`, and Go writes `go1.27`.
        let name = &name.replace("_plus_plus_", "++");
        let version = version.strip_prefix(&name.to_lowercase()).unwrap_or(version);
        let version = (!version.is_empty()).then(|| version.to_owned());
        match found.iter_mut().find(|known| known.name == *name) {
            // Said without a version, and again with one.
            Some(known) => known.version = known.version.take().or(version),
            None => found.push(Language { name: name.clone(), version, because }),
        }
    };
    for producer in producers {
        let is_field = |field| producer.field == field;
        let compiler = COMPILERS.iter().find(|(tool, _)| *tool == producer.name);
        match compiler {
            _ if is_field("language") => {
                add(&producer.name, plain(&producer.version), "its producers section says so".to_owned());
            }
            Some((tool, language)) if is_field("processed-by") || is_field("sdk") => {
                // The version of a compiler is that of its language only where they are one project.
                let version = if *tool == "rustc" { plain(&producer.version) } else { "" };
                add(language, version, format!("{tool} made it"));
            }
            _ => {}
        }
    }
    match (found.is_empty(), guess) {
        (true, Some(guess)) => vec![Language { name: guess.language, version: None, because: guess.because }],
        _ => found,
    }
}

/// A version without what stands in brackets after it: a commit, a date, an address.
pub(super) fn plain(version: &str) -> &str {
    version.split(" (").next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn producer(field: &str, name: &str, version: &str) -> Producer {
        Producer { field: field.into(), name: name.into(), version: version.into() }
    }

    fn names(producers: &[Producer], guess: Option<LanguageGuess>) -> Vec<String> {
        let text = |language: &Language| format!("{} {}", language.name, language.version.as_deref().unwrap_or("-"));
        languages(producers, guess).iter().map(text).collect()
    }

    #[test]
    fn a_compiler_names_its_language() {
        let rust = producer("processed-by", "rustc", "1.95.0 (a3f 2026-04-02)");
        assert_eq!(names(std::slice::from_ref(&rust), None), ["Rust 1.95.0"]);
        let both = [producer("language", "C11", ""), producer("language", "Rust", ""), rust];
        assert_eq!(names(&both, None), ["C11 -", "Rust 1.95.0"]);
    }

    #[test]
    fn spellings_of_compilers_become_those_of_people() {
        let said = [producer("language", "C_plus_plus_14", ""), producer("language", "Go", "go1.27.3")];
        assert_eq!(names(&said, None), ["C++14 -", "Go 1.27.3"]);
    }

    #[test]
    fn a_guess_counts_only_where_nothing_was_said() {
        let guess = LanguageGuess { language: "Go".into(), because: "custom section go:buildid".into() };
        assert_eq!(names(&[], Some(guess.clone())), ["Go -"]);
        assert_eq!(names(&[producer("language", "Rust", "")], Some(guess)), ["Rust -"]);
    }
}
