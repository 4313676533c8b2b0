//! Which file says what an app is: a `holm.toml`, or a `spin.toml`.

use std::path::{Path, PathBuf};
use std::sync::Once;

use holm_engine::{Error, Kind, Result};
use holm_manifest::{App, ManifestError, Platform, is_on_registry};

use crate::output;

/// What manifests are called, the one that is taken where there are both first.
const NAMES: [&str; 2] = ["holm.toml", "spin.toml"];

/// The manifest in `folder`.
pub(crate) fn in_folder(folder: &Path) -> Option<PathBuf> {
    let mut there = NAMES.iter().map(|name| folder.join(name)).filter(|file| file.is_file());
    let (first, second) = (there.next(), there.next());
    if let (Some(taken), Some(left)) = (&first, &second) {
        static SAID: Once = Once::new();
        SAID.call_once(|| {
            let (taken, left) = (taken.display(), left.display());
            output::note(&format!(
                "{taken} says what the app is, and {left} beside it is not read; name it to have it"
            ));
        });
    }
    first
}

/// Whether `path` is named as manifests are.
pub(crate) fn is_manifest(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "toml") && !is_on_registry(path)
}

/// Whether `path` is the name that manifests have when they are named after nothing.
#[cfg(feature = "serve")]
pub(crate) fn is_usual(path: &Path) -> bool {
    NAMES.iter().any(|name| path.file_name() == Some(name.as_ref()))
}

/// The app that the manifest in `file` describes, for whichever program it was written.
///
/// # Errors
/// [`Kind::Usage`] with everything that is wrong with it.
pub(crate) fn load(file: &Path) -> Result<App> {
    let wrong = |error: ManifestError| Error::new(Kind::Usage, error.to_string());
    // A file that cannot be read is told by whoever reads it as a manifest.
    let head = std::fs::read_to_string(file).unwrap_or_default();
    match Platform::of(&head) {
        Platform::Holm => App::load(file).map_err(wrong),
        Platform::Spin if cfg!(feature = "spin") => App::load_spin(file).map_err(wrong),
        Platform::Spin => {
            let why = format!("{} is a manifest of Spin's, which this build of Holm does not serve", file.display());
            Err(Error::new(Kind::Unsupported, why).note("a full build does"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_is_taken_where_there_are_both() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(in_folder(dir.path()), None);
        for name in ["spin.toml", "holm.toml"] {
            std::fs::write(dir.path().join(name), "").unwrap();
            assert_eq!(in_folder(dir.path()), Some(dir.path().join(name)));
        }
    }

    #[test]
    fn a_manifest_says_for_which_program_it_is_whatever_it_is_called() {
        for (text, platform) in [
            ("holm = 1\n", Platform::Holm),
            ("# spin_version = \"1\"\nholm = 1", Platform::Holm),
            ("spin_manifest_version = 2", Platform::Spin),
            ("name = \"a\"\nspin_version=\"1\"", Platform::Spin),
            ("[grants.config]\nspin_version = \"1\"", Platform::Holm),
        ] {
            assert_eq!(Platform::of(text), platform, "{text}");
        }
    }
}
