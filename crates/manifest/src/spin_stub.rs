//! Stands in until Spin's manifests are read.

use crate::app::App;
use crate::error::ManifestError;
use std::path::Path;

impl App {
    /// Reads a `spin.toml`.
    ///
    /// # Errors
    /// Always.
    pub fn parse_spin(_: &str, path: &Path) -> Result<App, ManifestError> {
        App::parse("spin = true", path)
    }

    /// Reads a `spin.toml`.
    ///
    /// # Errors
    /// Always.
    pub fn load_spin(path: &Path) -> Result<App, ManifestError> {
        App::parse_spin("", path)
    }
}
