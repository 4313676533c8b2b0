//! What a Spin guest depends on, as components that it is composed of.

use crate::app::App;
use crate::components::Component;
use crate::dependencies::{Dependency, Source};
use crate::error::ManifestError;
use crate::guest::Guest;
use crate::triggers::{Mount, Platform};
use std::path::{Path, PathBuf};

/// What stands before a package's name where a file would be named.
const PACKAGE: &str = "package:";
/// What stands before a guest's name where an archive of what it sees would be named.
const ARCHIVE: &str = "files:";

/// A package on a registry, where a file would be named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageName {
    /// The registry's host, if it is said.
    pub registry: Option<String>,
    /// Namespace and name: `acme:db`.
    pub package: String,
    /// A version or a requirement.
    pub version: String,
}

impl Source {
    /// How it is named where files are: a path, a URL, or `package:[REGISTRY/]NAMESPACE:NAME@VERSION`.
    pub fn file(&self) -> PathBuf {
        match self {
            Source::File { file, .. } => file.clone(),
            Source::Package { registry, package, version } => {
                let registry = registry.as_ref().map(|registry| format!("{registry}/")).unwrap_or_default();
                format!("{PACKAGE}{registry}{package}@{version}").into()
            }
        }
    }

    /// The SHA-256 that it has to have, in lower-case hexadecimal digits, if it is said.
    pub fn digest(&self) -> Option<&str> {
        match self {
            Source::File { digest, .. } => digest.as_deref(),
            Source::Package { .. } => None,
        }
    }
}

impl PackageName {
    /// The package that stands in the place of a file, if it is one.
    pub fn of(file: &Path) -> Option<Self> {
        let rest = file.to_str()?.strip_prefix(PACKAGE)?;
        let (name, version) = rest.split_once('@')?;
        let (registry, package) = match name.rsplit_once('/') {
            Some((registry, package)) => (Some(registry.to_owned()), package),
            None => (None, name),
        };
        Some(Self { registry, package: package.to_owned(), version: version.to_owned() })
    }
}

impl App {
    /// Reads a manifest's `text` as whoever sends it and whoever is sent it both read it, for whichever program it was
    /// written: as if it lay in the folder that they work in. What guests depend on are their components, and the files that
    /// they see are one archive each, whose name is not that of a file.
    ///
    /// # Errors
    /// As [`App::parse`].
    pub fn sent(text: &str) -> Result<App, ManifestError> {
        let mut app = match Platform::of(text) {
            Platform::Holm => App::parse(text, Path::new("holm.toml"))?,
            Platform::Spin => App::parse_spin(text, Path::new("spin.toml"), None)?,
        };
        for guest in &mut app.guests {
            guest.compose();
            guest.pack();
        }
        Ok(app)
    }
}

impl Guest {
    /// Has all the files that it sees be one archive, whose name is not that of a file.
    pub fn pack(&mut self) {
        if !self.files.is_empty() {
            let archive = format!("{ARCHIVE}{}", self.name.as_deref().unwrap_or_default());
            self.files = vec![Mount::Archive(archive.into())];
            self.exclude_files.clear();
        }
    }

    /// Makes components of what it depends on, in the same order: those of which a `spin.toml` says what they provide.
    pub fn compose(&mut self) {
        if !self.components.is_empty() {
            return;
        }
        let place = format!("component.{}.dependencies", self.name.as_deref().unwrap_or_default());
        let component = |(number, dependency): (usize, &Dependency)| Component {
            name: format!("dependency-{}", number + 1),
            place: format!("{place}.\"{}\"", dependency.import),
            file: dependency.source.file(),
            build: None,
            imports: Default::default(),
            grants: dependency.inherits.of(&self.grants),
            env_from_host: Vec::new(),
        };
        self.components = self.dependencies.iter().enumerate().map(component).collect();
    }

    /// The SHA-256 that `file`, which is its own or that of one of its dependencies, has to have, if it is said.
    pub fn digest_of(&self, file: &Path) -> Option<&str> {
        if self.file.as_deref() == Some(file) {
            return self.digest.as_deref();
        }
        let named = self.dependencies.iter().find(|dependency| dependency.source.file() == file);
        named.and_then(|dependency| dependency.source.digest())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dependencies::Inherits;

    #[test]
    fn a_package_is_named_where_a_file_would_be() {
        for registry in [None, Some("ghcr.io".to_owned())] {
            let (package, version) = ("acme:db".to_owned(), "^1.2".to_owned());
            let source =
                Source::Package { registry: registry.clone(), package: package.clone(), version: version.clone() };
            assert_eq!(PackageName::of(&source.file()), Some(PackageName { registry, package, version }));
        }
        assert_eq!(PackageName::of(Path::new("a/package:b@1")), None);
    }

    #[test]
    fn a_dependency_is_a_component_with_what_it_inherits() {
        let dependency = |inherits| Dependency {
            import: "acme:db".into(),
            source: Source::File { file: "db.wasm".into(), digest: Some("ab".into()) },
            export: None,
            inherits,
        };
        let dependencies = vec![dependency(Inherits::Nothing), dependency(Inherits::Everything)];
        let mut guest = Guest { name: Some("web".into()), dependencies, ..Guest::default() };
        guest.grants.kv.push("default".into());
        guest.compose();
        guest.compose();
        let kv: Vec<_> = guest.components.iter().map(|component| component.grants.kv.len()).collect();
        assert_eq!(kv, [0, 1]);
        assert_eq!(guest.digest_of(Path::new("db.wasm")), Some("ab"));
        assert_eq!(guest.digest_of(Path::new("else.wasm")), None);
    }
}
