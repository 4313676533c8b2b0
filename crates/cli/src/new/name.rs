//! The name of what is made: a folder, and a package in each language.

use holm_engine::Result;

use super::mistaken;

/// Longer ones are refused by registries and file systems, one or the other.
const LONGEST: usize = 63;

/// A name that every language's packages can have.
#[derive(Debug)]
pub(super) struct Name<'a> {
    folder: &'a str,
    package: String,
}

impl<'a> Name<'a> {
    /// Reads the name of a folder to be made here.
    ///
    /// # Errors
    /// `Kind::Usage` where it is a path, or has characters that some language's packages cannot have.
    pub(super) fn parse(folder: &'a str) -> Result<Self> {
        let mut characters = folder.chars();
        let begins = characters.next().is_some_and(|first| first.is_ascii_alphabetic());
        let goes_on = characters.all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        let ends = folder.ends_with(|last: char| last.is_ascii_alphanumeric());
        if !begins || !goes_on || !ends || folder.len() > LONGEST {
            let error = mistaken(format!("`{folder}` cannot be the name of a project"));
            return Err(error.note(format!(
                "it is a folder here and a package: a letter, then letters, digits, hyphens and underscores, \
                 {LONGEST} at most, the last of them no hyphen, as in hello-world"
            )));
        }
        let package = folder.to_ascii_lowercase().replace('_', "-");
        Ok(Name { folder, package })
    }

    /// The folder to be made.
    pub(super) fn folder(&self) -> &'a str {
        self.folder
    }

    /// A template's text with the package's name where it says `{{name}}`.
    pub(super) fn put_into(&self, text: &str) -> String {
        text.replace("{{name}}", &self.package)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_named_in_lower_case_with_hyphens() {
        let name = Name::parse("My_App2").expect("a name");
        assert_eq!((name.folder(), name.put_into("{{name}}.wasm").as_str()), ("My_App2", "my-app2.wasm"));
    }

    #[test]
    fn paths_and_what_packages_cannot_have_are_no_names() {
        let long = "a".repeat(LONGEST + 1);
        for name in ["", ".", "..", "a/b", "/tmp/a", "2nd", "-x", "x-", "a b", "ä", "a.b", "a\n", "_a", &long] {
            assert!(Name::parse(name).is_err(), "{name:?}");
        }
        assert!(Name::parse(&"a".repeat(LONGEST)).is_ok());
    }
}
