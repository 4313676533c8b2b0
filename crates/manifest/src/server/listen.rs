//! The key `listen`.

use super::address::Address;
use super::{keys, path};
use crate::grants::beside;
use crate::values::{Reader, items};
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::de::DeValue;

/// Where requests are accepted, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// The address.
    pub address: Address,
    /// The certificate to show. `None`: no TLS.
    pub tls: Option<Tls>,
    /// Whether every connection begins with a PROXY protocol header, which says where it really comes from.
    pub proxy_protocol: bool,
}

/// A server's certificate; both files joined to the configuration's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The certificate and those that vouch for it, as PEM.
    pub cert: PathBuf,
    /// Its private key, as PEM.
    pub key: PathBuf,
}

impl From<Address> for Listener {
    fn from(address: Address) -> Self {
        Listener { address, tls: None, proxy_protocol: false }
    }
}

/// Reads the listeners, and notes their addresses in `taken`.
pub(super) fn read(reader: &mut Reader<'_, '_, '_>, folder: &Path, taken: &mut Vec<Address>) -> Vec<Listener> {
    let Some(value) = reader.value("listen") else {
        return Vec::new();
    };
    let mut listeners = Vec::new();
    for item in items(value) {
        let listener = match item.get_ref() {
            DeValue::Table(table) => {
                let mut reader = Reader { table, report: reader.report, place: "listen".into() };
                listener(&mut reader, item.span(), folder)
            }
            _ => {
                let text = item.get_ref().as_str().map(|text| (text, item.span()));
                let text = reader.expect("listen", item, "an address, or a table with the key `address`", text);
                text.and_then(|text| reader.parse::<Address>(&text)).map(|address| placed(address, folder).into())
            }
        };
        let Some(listener) = listener else {
            continue;
        };
        if let Some(other) = taken.iter().find(|other| other.excludes(&listener.address)) {
            let why = format!("nothing can listen on both `{other}` and `{}`; leave one out", listener.address);
            reader.report.add(item.span(), why);
        }
        taken.push(listener.address.clone());
        listeners.push(listener);
    }
    listeners
}

fn listener(reader: &mut Reader<'_, '_, '_>, span: Range<usize>, folder: &Path) -> Option<Listener> {
    keys::LISTEN.check(reader);
    let tls = tls(reader, folder);
    let proxy_protocol = reader.flag("proxy-protocol").unwrap_or_default();
    if reader.value("address").is_none() {
        reader.report.add(span, "a listener has an `address`, as in { address = \":443\", … }");
    }
    let address = address(reader, "address", folder)?;
    Some(Listener { address, tls, proxy_protocol })
}

/// The address under `key`.
pub(super) fn address(reader: &mut Reader<'_, '_, '_>, key: &str, folder: &Path) -> Option<Address> {
    let text = reader.text(key)?;
    reader.parse::<Address>(&text).map(|address| placed(address, folder))
}

/// The same, with a socket that is seen from `folder`.
fn placed(address: Address, folder: &Path) -> Address {
    match address {
        Address::Unix(path) => Address::Unix(beside(folder, path)),
        other => other,
    }
}

fn tls(reader: &mut Reader<'_, '_, '_>, folder: &Path) -> Option<Tls> {
    let span = reader.value("tls")?.span();
    let mut reader = reader.inside_like("tls", "tls = { cert = \"cert.pem\", key = \"key.pem\" }")?;
    keys::TLS.check(&mut reader);
    for key in ["cert", "key"] {
        if reader.value(key).is_none() {
            reader.report.add(span.clone(), format!("`tls` needs both `cert` and `key`; `{key}` is missing"));
        }
    }
    let (cert, key) = (path(&mut reader, "cert", folder), path(&mut reader, "key", folder));
    Some(Tls { cert: cert?, key: key? })
}
