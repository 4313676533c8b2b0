//! Databases of servers, for guests that name one.
#![cfg(feature = "sql")]
#![allow(missing_docs, clippy::unwrap_used)]

mod mysql;
mod postgres;
#[path = "../servers/mod.rs"]
mod servers;

use std::net::SocketAddr;

use holm_services::servers::Gate;

/// Every address.
pub(crate) struct Open;

impl Gate for Open {
    fn allows(&self, _: &str, _: SocketAddr) -> bool {
        true
    }
}

/// None.
pub(crate) struct Shut;

impl Gate for Shut {
    fn allows(&self, _: &str, _: SocketAddr) -> bool {
        false
    }
}

/// A certificate for `localhost`, its key, and the authority that signed it, as PEM files.
pub(crate) fn certificate(folder: &std::path::Path) -> (std::path::PathBuf, std::path::PathBuf, String) {
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::new(vec![]).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let root = authority.self_signed(&authority_key).unwrap();
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate =
        rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let (file, key_file) = (folder.join("certificate.pem"), folder.join("key.pem"));
    std::fs::write(&file, certificate.pem()).unwrap();
    std::fs::write(&key_file, key.serialize_pem()).unwrap();
    (file, key_file, root.pem())
}
