//! The key `admin`.

use super::address::Address;
use super::listen::address;
use super::{keys, path};
use crate::values::Reader;
use std::path::{Path, PathBuf};

/// The listener of the admin API, and who may use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin {
    /// The address.
    pub listen: Address,
    /// The file with the token that requests have to show, joined to the configuration's folder. `None` only for a
    /// Unix socket, which the file system guards.
    pub token_file: Option<PathBuf>,
}

/// Reads the table; `taken` are the addresses of the listeners.
pub(super) fn read(reader: &mut Reader<'_, '_, '_>, folder: &Path, taken: &[Address]) -> Option<Admin> {
    let span = reader.value("admin")?.span();
    let mut reader = reader.inside_like("admin", "admin = { listen = \"unix:admin.sock\" }")?;
    keys::ADMIN.check(&mut reader);
    let token_file = path(&mut reader, "token-file", folder);
    let Some(listen) = reader.value("listen") else {
        reader.report.add(span, "`admin` says where to `listen`, as in admin = { listen = \"unix:admin.sock\" }");
        return None;
    };
    let span = listen.span();
    let listen = address(&mut reader, "listen", folder)?;
    if let Some(other) = taken.iter().find(|other| other.excludes(&listen)) {
        let why = format!("`{other}` is for requests to apps; give the admin API an address of its own");
        reader.report.add(span.clone(), why);
    }
    if reader.value("token-file").is_none() && !matches!(listen, Address::Unix(_)) {
        let why = "whoever reaches this address could deploy apps; add a `token-file`, or listen on a Unix socket";
        reader.report.add(span, why);
    }
    Some(Admin { listen, token_file })
}
