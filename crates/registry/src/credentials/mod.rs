//! Who this user is to registries, as `docker login` and `podman login` keep it.

mod files;
mod helper;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;

pub use files::Files;

use crate::error::{RegistryError, Result};

/// What tells a registry who this is.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// A user's name, and a password or what stands in its place.
    Password {
        /// The user.
        user: String,
        /// The password.
        password: String,
    },
    /// A token with which a token server gives others.
    IdentityToken(String),
}

impl Credential {
    /// As HTTP's Basic scheme has it (RFC 7617).
    pub(crate) fn basic(&self) -> Result<HeaderValue> {
        let Self::Password { user, password } = self else {
            return Err(RegistryError::usage("the registry asks for a password, and there is only an identity token"));
        };
        let encoded = STANDARD.encode(format!("{user}:{password}"));
        let header = HeaderValue::try_from(format!("Basic {encoded}"));
        let mut header = header.map_err(|_| RegistryError::usage("the password cannot be sent"))?;
        header.set_sensitive(true);
        Ok(header)
    }
}

/// Without what must not be seen.
impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Password { user, .. } => write!(f, "Password of {user}"),
            Self::IdentityToken(_) => f.write_str("IdentityToken"),
        }
    }
}
