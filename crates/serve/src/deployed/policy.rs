//! What the manifest of a deployed app may ask for. Whoever deploys is not whoever owns this machine, so nothing in it
//! may name what is here: no directories, no variables, no files, no listening.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use holm_manifest::{App as Manifest, Backend, Guest};

/// The manifest of a deployed app, with its guests' files found in `stored` by what the manifest calls them.
///
/// # Errors
/// One sentence for each thing it asks for and cannot have.
pub(super) fn read(text: &str, stored: &BTreeMap<String, PathBuf>) -> Result<Manifest, Vec<String>> {
    let mut manifest = Manifest::parse(text, Path::new("holm.toml")).map_err(|error| vec![error.to_string()])?;
    let mut wrong = Vec::new();
    for (name, backend) in manifest.services.kv.iter().chain(&manifest.services.blob) {
        if !matches!(backend, Backend::Embedded | Backend::Memory) {
            wrong.push(format!("the store `{name}` is elsewhere; a deployed app has `embedded` or `memory` stores"));
        }
    }
    for guest in &mut manifest.guests {
        ask(guest, &mut wrong);
        find(guest, stored, &mut wrong);
    }
    if wrong.is_empty() { Ok(manifest) } else { Err(wrong) }
}

fn ask(guest: &Guest, wrong: &mut Vec<String>) {
    let mut refuse = |what: String| wrong.push(format!("{what}, which a deployed app cannot be granted"));
    for dir in &guest.grants.dirs {
        refuse(format!("it asks for the server's directory {}", dir.host.display()));
    }
    for name in &guest.env_from_host {
        refuse(format!("it asks for the server's environment variable {name}; give it a value"));
    }
    for listen in &guest.grants.listen {
        refuse(format!("it asks to listen on {listen}"));
    }
}

fn find(guest: &mut Guest, stored: &BTreeMap<String, PathBuf>, wrong: &mut Vec<String>) {
    let called = guest.file.as_deref().map(|file| file.to_string_lossy().into_owned());
    let found = match &called {
        Some(called) => stored.get(called),
        // Without a name it is the only one there is.
        None if stored.len() == 1 => stored.values().next(),
        None => None,
    };
    match (found, called) {
        (Some(path), _) => guest.file = Some(path.clone()),
        (None, Some(called)) => wrong.push(format!("the guest {called} was not sent")),
        (None, None) => wrong.push("the manifest names no guest, and not exactly one was sent".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> BTreeMap<String, PathBuf> {
        BTreeMap::from([("app.wasm".to_owned(), PathBuf::from("/blobs/1"))])
    }

    #[test]
    fn guests_are_found_by_what_the_manifest_calls_them() {
        let manifest = read("holm = 1\nguest = \"app.wasm\"", &stored()).unwrap();
        assert_eq!(manifest.guests[0].file, Some("/blobs/1".into()));
        let manifest = read("holm = 1", &stored()).unwrap();
        assert_eq!(manifest.guests[0].file, Some("/blobs/1".into()));
        assert_eq!(read("holm = 1\nguest = \"b.wasm\"", &stored()).unwrap_err(), ["the guest b.wasm was not sent"]);
    }

    #[test]
    fn what_is_on_the_servers_machine_is_refused_all_at_once() {
        let text = "holm = 1\nguest = \"app.wasm\"\n[grants]\ndir = \"/etc\"\nenv = \"HOME\"\nlisten = \"127.0.0.1:1\"\n\
                    [services]\nkv.default = \"sqlite:/etc/passwd\"";
        let wrong = read(text, &stored()).unwrap_err();
        assert_eq!(wrong.len(), 4, "{wrong:?}");
    }
}
