//! Signatures inside modules and components.
//!
//! Source of the format: "WebAssembly module signatures" (github.com/wasm-signatures/design), as the program `wasmsign2`
//! makes them: a custom section `signature` in front of all others, with Ed25519 signatures of what follows.

use std::fmt;
use std::path::Path;

use holm_engine::{Source, SourceKind};
use wasmsign2::{PublicKey, WSError};

use crate::{Error, Kind, Result};

/// A public key whose owner's plugins are trusted.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(PublicKey);

impl Key {
    /// Reads a key in any form that `wasmsign2` writes or takes: its own, DER, or PEM.
    ///
    /// # Errors
    /// [`Kind::Invalid`] for what is none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let invalid = |_| Error::new(Kind::Invalid, "this is no public key: Ed25519, as `wasmsign2 keygen` makes them");
        PublicKey::from_any(bytes).map(Self).map_err(invalid)
    }

    /// Reads a key from a file.
    ///
    /// # Errors
    /// As [`Key::from_bytes`], or the file cannot be read.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|error| Error::io(format_args!("read {}", path.display()), &error))?;
        Self::from_bytes(&bytes).map_err(|error| error.about(path.display()))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(")?;
        self.0.to_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

/// Refuses what is not signed with one of these keys, if there are any. Nothing of it was parsed yet.
pub(crate) fn check(keys: &[Key], source: &Source) -> Result<()> {
    if keys.is_empty() {
        return Ok(());
    }
    if source.kind == SourceKind::Precompiled {
        let why = format!("{} is compiled, and only WebAssembly can be signed", source.name);
        return Err(Error::new(Kind::Denied, why).note("load the .wasm that it was compiled from"));
    }
    let verified = keys.iter().map(|key| key.0.verify(&mut source.bytes.as_slice(), None));
    let mut why = "it is not signed";
    for verified in verified {
        match verified {
            Ok(()) => return Ok(()),
            Err(WSError::NoSignatures) => {}
            Err(_) => why = "none of its signatures is by a key that is trusted, or it was changed after it was signed",
        }
    }
    Err(Error::new(Kind::Denied, format!("{} is not trusted: {why}", source.name))
        .note("`wasmsign2 sign` signs it; `RuntimeBuilder::trust` names the keys"))
}
