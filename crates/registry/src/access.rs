//! How a registry is reached, and as whom.

use std::sync::Arc;

use crate::credentials::{Credential, Files};
use crate::error::Result;
use crate::reference::Reference;

/// How a registry is reached, and as whom.
#[derive(Clone, Default)]
pub struct Access {
    /// Whether registries elsewhere may be asked without TLS. Those of this machine always are.
    pub plain_http: bool,
    /// Who this is, where the user says so, in place of what the files of Docker and Podman have.
    pub credential: Option<Credential>,
    /// Where credentials are kept; asked for only when a registry wants them.
    pub files: Arc<Files>,
}

impl Access {
    /// Who this is to the registry of `reference`; `None`: nobody in particular.
    pub(crate) fn credential(&self, reference: &Reference) -> Result<Option<Credential>> {
        match &self.credential {
            Some(said) => Ok(Some(said.clone())),
            None => self.files.find(reference),
        }
    }
}
