//! From what was named to what is sent.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use holm_admin::AppName;
use holm_admin::client::Package;
use holm_engine::{Error, Kind, Result};
use holm_manifest::{App as Manifest, Guest, VERSION};
use tempfile::TempPath;

use crate::app::{self, Found};
use crate::args::RegistryArgs;
use crate::guest::short;
use crate::sources;

/// What is sent.
pub(super) struct Packed {
    /// What it is called on the server.
    pub(super) name: AppName,
    pub(super) package: Package,
    /// Files that are there only to be sent.
    _archives: Vec<TempPath>,
}

/// The app at `path`, under the name it shall have on the server.
///
/// # Errors
/// There is none, its manifest is wrong, or its name cannot be one on a server.
pub(super) fn pack(path: &Path, name: Option<AppName>, args: &RegistryArgs) -> Result<Packed> {
    let mut found = app::find(path)?;
    let name = match name {
        Some(name) => name,
        None => found.name().map_err(|error| error.note("--name NAME gives it another name on the server"))?,
    };
    let text = text(&found)?;
    let root = found.from.parent().unwrap_or(Path::new("")).to_owned();
    let mut archives = Vec::new();
    for guest in &mut found.manifest.guests {
        // What is on a registry is sent as it is there now: the server asks nobody.
        let named = guest.clone();
        for file in guest.files_mut() {
            *file = sources::local(file, &named, args)?;
        }
        archives.extend(archive(guest, &root)?);
    }
    let guests = guests(&text, &found)?;
    Ok(Packed { name, package: Package { guests, ..Package::new(text) }, _archives: archives })
}

/// Puts what a guest sees into one file.
#[cfg(feature = "spin")]
fn archive(guest: &mut Guest, root: &Path) -> Result<Option<TempPath>> {
    crate::spin::packed(guest, root)
}

#[cfg(not(feature = "spin"))]
#[expect(clippy::unnecessary_wraps, reason = "whoever packs may fail")]
fn archive(_: &mut Guest, _: &Path) -> Result<Option<TempPath>> {
    Ok(None)
}

/// The manifest as it stands in its file, or one that only names the guest.
fn text(found: &Found) -> Result<String> {
    match found.manifest_file() {
        Some(file) => {
            std::fs::read_to_string(file).map_err(|error| Error::io(format_args!("read {}", file.display()), &error))
        }
        None => Ok(format!("holm = {VERSION}\nguest = {}\n", quoted(&short(&found.from.to_string_lossy())))),
    }
}

/// Each file of each guest, by what the server will find the manifest to call it: it reads the text as if the manifest lay
/// in the folder it works in.
fn guests(text: &str, found: &Found) -> Result<BTreeMap<String, PathBuf>> {
    let sent = Manifest::sent(text).map_err(|error| Error::new(Kind::Usage, error.to_string()))?;
    let mut files = BTreeMap::new();
    for (sent, here) in sent.guests.iter().zip(&found.manifest.guests) {
        if let (None, Some(file)) = (&sent.file, &here.file) {
            // The only guest of a manifest that does not name it may be sent under any name.
            files.insert(short(&file.to_string_lossy()), file.clone());
        }
        // Filters and whatever else is named.
        let skipped = usize::from(sent.file.is_none() && here.file.is_some());
        let named = sent.files().zip(here.files().skip(skipped));
        files.extend(named.map(|(sent, here)| (sent.to_string_lossy().into_owned(), here.to_owned())));
    }
    Ok(files)
}

/// A TOML string. JSON's escapes are among TOML's, which wants one for DEL as well.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007F")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        dir
    }

    fn called(package: &Package) -> Vec<&str> {
        package.guests.keys().map(String::as_str).collect()
    }

    #[test]
    fn guests_are_sent_by_what_the_manifest_calls_them_and_found_beside_it() {
        let manifest = "holm = 1\nname = \"shop\"\n[guest.web]\nfile = \"./web.wasm\"\nroutes = \"/\"\n\
                        [guest.jobs]\nfile = \"build/jobs.wasm\"\n";
        let dir = folder(&[("holm.toml", manifest), ("web.wasm", ""), ("build/jobs.wasm", "")]);
        for path in [dir.path().to_owned(), dir.path().join("holm.toml"), dir.path().join("web.wasm")] {
            let Packed { name, package, .. } = pack(&path, None, &RegistryArgs::default()).unwrap();
            assert_eq!((name.as_str(), package.manifest.as_str()), ("shop", manifest));
            assert_eq!(called(&package), ["build/jobs.wasm", "web.wasm"]);
            assert_eq!(package.guests["build/jobs.wasm"], dir.path().join("build/jobs.wasm"));
        }
    }

    #[test]
    fn a_guest_that_the_manifest_does_not_name_is_sent_by_its_files_name() {
        let dir = folder(&[("holm.toml", "holm = 1"), ("only.wasm", "")]);
        assert_eq!(
            called(&pack(dir.path(), Some("a".parse().unwrap()), &RegistryArgs::default()).unwrap().package),
            ["only.wasm"]
        );
    }

    #[test]
    fn filters_are_sent_with_their_guest_and_an_upstream_has_only_those() {
        let filter = "[[filters]]\nfile = \"./a.wasm\"\nconfig-file = \"conf/a.yaml\"\n";
        for (of, sent) in [
            ("", vec!["a.wasm", "app.wasm", "conf/a.yaml"]),
            ("upstream = \"http://127.0.0.1:1\"\n", vec!["a.wasm", "conf/a.yaml"]),
        ] {
            let manifest = format!("holm = 1\nname = \"front\"\n{of}{filter}");
            let dir = folder(&[("holm.toml", &manifest), ("app.wasm", ""), ("a.wasm", ""), ("conf/a.yaml", "")]);
            let Packed { package, .. } = pack(dir.path(), None, &RegistryArgs::default()).unwrap();
            assert_eq!(called(&package), sent);
            assert_eq!(package.guests["conf/a.yaml"], dir.path().join("conf/a.yaml"));
        }
    }

    #[test]
    fn a_guest_alone_gets_a_manifest_whatever_its_file_is_called() {
        for file in ["My Hello_2.wasm", "a\"b\\c.wasm", "tab\tdel\u{7f}.wasm", "日本.wasm"] {
            let dir = folder(&[(file, "")]);
            let Packed { package, .. } = pack(&dir.path().join(file), None, &RegistryArgs::default()).unwrap();
            assert_eq!(called(&package), [file], "{}", package.manifest);
        }
        let dir = folder(&[("My Hello_2.wasm", "")]);
        let Packed { name, package, .. } =
            pack(&dir.path().join("My Hello_2.wasm"), None, &RegistryArgs::default()).unwrap();
        assert_eq!(name.as_str(), "my-hello-2");
        assert_eq!(package.manifest, "holm = 1\nguest = \"My Hello_2.wasm\"\n");
    }
}
