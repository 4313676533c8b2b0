//! Values of variables, as a command line gives them.

use super::{Secret, VariableSource};
use crate::document;
use holm_grants::ParseError;
use std::collections::BTreeMap;
use std::path::Path;

impl VariableSource {
    /// Reads one argument that gives variables values, as `spin up --variable` has it. Paths are as for any program.
    ///
    /// - `NAME=VALUE`: this value
    /// - `NAME=@FILE`: what the file holds, as it is
    /// - `@FILE.json`, `@FILE.toml`: names and texts, in one table
    ///
    /// # Errors
    /// It is none of these, or the file cannot be read, in words without values.
    pub fn given(text: &str) -> Result<VariableSource, ParseError> {
        // A value is not repeated.
        let named = text.split_once('=').filter(|_| !text.starts_with('@'));
        let shown = named.map_or(text, |(name, _)| name);
        read(text, named).map(VariableSource::Static).map_err(|why| {
            ParseError::new("a variable with its value", "NAME=VALUE, NAME=@FILE or @FILE.json", shown, why)
        })
    }
}

fn read(text: &str, named: Option<(&str, &str)>) -> Result<BTreeMap<String, Secret>, String> {
    if let Some(path) = text.strip_prefix('@') {
        return table(Path::new(path));
    }
    let (name, value) = named.ok_or("a name is followed by `=` and a value")?;
    if name.is_empty() {
        return Err("the name is missing before the `=`".into());
    }
    let value = match value.strip_prefix('@') {
        Some(path) => load(Path::new(path))?,
        None => value.to_owned(),
    };
    Ok([(name.to_owned(), value.into())].into())
}

fn load(path: &Path) -> Result<String, String> {
    document::load(path).map_err(|error| error.to_string())
}

fn table(path: &Path) -> Result<BTreeMap<String, Secret>, String> {
    let wrong = || format!("{} holds no table of texts, as in {{ \"name\": \"value\" }}", path.display());
    // What is wrong with a value would repeat it.
    let values: BTreeMap<String, String> = match path.extension().and_then(|extension| extension.to_str()) {
        Some("json") => serde_json::from_str(&load(path)?).map_err(|_| wrong())?,
        Some("toml") => toml::from_str(&load(path)?).map_err(|_| wrong())?,
        _ => return Err("a file of variables ends in .json or .toml".into()),
    };
    Ok(values.into_iter().map(|(name, value)| (name, value.into())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(text: &str) -> Vec<(String, String)> {
        let VariableSource::Static(values) = VariableSource::given(text).unwrap() else { panic!() };
        values.into_iter().map(|(name, value)| (name, value.expose().to_owned())).collect()
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn a_value_is_said_or_is_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        assert_eq!(given("a=b=c"), [pair("a", "b=c")]);
        assert_eq!(given("a="), [pair("a", "")]);
        assert_eq!(given(&format!("a=@{}", file("a.txt", "text\n"))), [pair("a", "text\n")]);
        let all = [pair("a", "1"), pair("b", "2")];
        assert_eq!(given(&format!("@{}", file("v.json", r#"{"a": "1", "b": "2"}"#))), all);
        assert_eq!(given(&format!("@{}", file("v.toml", "a = '1'\nb = '2'"))), all);
        let number = file("n.json", r#"{"a": "hunter2", "b": 3}"#);
        let error = VariableSource::given(&format!("@{number}")).unwrap_err().to_string();
        assert!(error.contains("no table of texts") && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn what_gives_no_value_is_told_without_one() {
        for (text, part) in [
            ("a", "followed by `=`"),
            ("=hunter2", "the name is missing"),
            ("@a.yaml", "ends in .json or .toml"),
            ("a=@/nowhere/at/all", "cannot read /nowhere/at/all"),
        ] {
            let error = VariableSource::given(text).unwrap_err().to_string();
            assert!(error.contains(part) && !error.contains("hunter2"), "{error}");
        }
    }
}
