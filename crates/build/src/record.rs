//! What was built from what, so that it need not be built again.

use crate::files;
use crate::inputs::{Inputs, Stamp, digest};
use crate::project::Project;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Larger records are none of ours.
const LARGEST: u64 = 16 << 20;

/// Variables that change what tools make.
const VARIABLES: [&str; 14] = [
    "AR",
    "CARGO",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CC",
    "CFLAGS",
    "GOFLAGS",
    "NODE_OPTIONS",
    "RUSTC",
    "RUSTFLAGS",
    "RUSTUP_TOOLCHAIN",
    "VIRTUAL_ENV",
    "WASI_SDK_PATH",
    "WASI_SYSROOT",
];

/// One build that succeeded.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// All that was said of how to build.
    pub(crate) settings: String,
    /// What the sources were just before.
    pub(crate) inputs: Inputs,
    /// Files elsewhere that it depends on, tools among them.
    pub(crate) elsewhere: Inputs,
    /// What was in the sources, for when only their times have changed.
    pub(crate) digests: BTreeMap<PathBuf, String>,
    pub(crate) output: Option<Stamp>,
    /// What it was made by, for messages.
    pub(crate) maker: String,
}

impl Record {
    pub(crate) fn read(file: &Path) -> Option<Self> {
        let mut bytes = Vec::new();
        File::open(file).ok()?.take(LARGEST).read_to_end(&mut bytes).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// A record that cannot be kept only costs time.
    pub(crate) fn keep(&self, file: &Path) {
        if let Ok(bytes) = serde_json::to_vec(self) {
            let _ = files::replace(file, &bytes);
        }
    }

    /// Whether building now would make the same.
    pub(crate) fn holds(&self, settings: &str, inputs: &Inputs, output: &Path) -> bool {
        let output = Stamp::of(output);
        self.settings == settings
            && output.is_some()
            && output == self.output
            && self.elsewhere.now() == self.elsewhere
            && inputs.changed(&self.inputs).all(|path| self.holds_the_same(path))
    }

    fn holds_the_same(&self, path: &Path) -> bool {
        let before = self.digests.get(path);
        before.is_some() && digest(path).as_ref() == before
    }

    /// Takes note of what is in the sources.
    pub(crate) fn note_digests(&mut self) {
        let digests = self.inputs.paths().filter_map(|path| Some((path.to_owned(), digest(path)?)));
        self.digests = digests.collect();
    }
}

/// All that is said of how to build, as a text to compare.
pub(crate) fn settings(project: &Project, release: bool) -> String {
    let variables = VARIABLES.map(std::env::var_os);
    format!("{} {:?} {release} {variables:?}", env!("CARGO_PKG_VERSION"), project.build)
}
