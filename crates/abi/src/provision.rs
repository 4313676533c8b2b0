//! What satisfies an import, and the error when nothing does.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use holm_engine::{Error, Kind};

/// What would satisfy an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Provision {
    /// It is always there; using it may still need a grant.
    Always,
    /// It is there, and of no use without this grant, given as the flag of `holm run`.
    Grant(&'static str),
    /// It is there and refuses when called, for this reason.
    Refusal(&'static str),
    /// Nothing here provides it.
    Nothing,
}

/// An import that could not be linked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingImport {
    /// The core module or the interface it is imported from.
    pub from: String,
    /// The function or other item.
    pub item: String,
    /// Why, where more is known than that it is not there.
    pub why: Option<String>,
}

/// The items listed of each interface; the rest are counted.
const SHOWN: usize = 8;

/// One error for all that is missing, grouped by interface.
pub fn missing_imports(guest: &str, missing: &[MissingImport]) -> Error {
    let mut by_interface: BTreeMap<&str, Vec<&MissingImport>> = BTreeMap::new();
    for import in missing {
        by_interface.entry(&import.from).or_default().push(import);
    }
    let many = if missing.len() == 1 { "an import" } else { "imports" };
    let mut message = format!("{guest} needs {many} that nothing here provides:");
    for (interface, items) in &by_interface {
        let _ = write!(message, "\n  {interface}");
        for import in items.iter().take(SHOWN) {
            let _ = write!(message, "\n    {}", import.item);
            if let Some(why) = &import.why {
                let _ = write!(message, ": {why}");
            }
        }
        if items.len() > SHOWN {
            let _ = write!(message, "\n    and {} more", items.len() - SHOWN);
        }
    }
    let mut error = Error::new(Kind::MissingImports, message);
    for interface in by_interface.keys() {
        if let Some(way_out) = way_out(interface) {
            error = error.note(way_out);
        }
    }
    error
}

/// What provides an interface elsewhere, so that the reader knows whose guest this is.
fn way_out(from: &str) -> Option<String> {
    if let Some((package, _)) = from.split_once('/')
        && package.contains(':')
        && !package.starts_with("wasi:")
        && package != "extism:host"
    {
        return Some(format!("`{package}` is not WASI: compose the guest with a component that exports it"));
    }
    match from {
        "wbg" | "__wbindgen_placeholder__" => Some("it was made by wasm-bindgen for JavaScript: --abi bindgen".into()),
        "env" => Some("`env` is whatever the program that was to load this guest offers: ask whoever built it".into()),
        "extism:host/user" => {
            Some("`extism:host/user` is what the program that runs the plugin offers: a Rust one, by `provide`".into())
        }
        "gojs" | "go" => Some("it was built for JavaScript: build it with GOOS=wasip1 GOARCH=wasm".into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_missing_imports_are_named_by_interface() {
        let missing = |from: &str, item: &str, why: Option<&str>| MissingImport {
            from: from.into(),
            item: item.into(),
            why: why.map(Into::into),
        };
        let error = missing_imports(
            "app.wasm",
            &[
                missing("env", "b", None),
                missing("acme:log/log", "write", Some("no such interface")),
                missing("env", "a", None),
            ],
        );
        assert_eq!(
            error.to_string(),
            "app.wasm needs imports that nothing here provides:\
             \n  acme:log/log\n    write: no such interface\
             \n  env\n    b\n    a"
        );
        assert_eq!(error.notes().len(), 2);
    }
}
