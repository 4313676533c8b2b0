//! Keys: PEM files as OpenSSL and cosign write them.

use std::fmt;
use std::path::Path;

use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, UnparsedPublicKey,
    VerificationAlgorithm,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer};

use crate::error::{RegistryError, Result};
use crate::limits;
use crate::store::read_bounded;

/// What stands in front of the 32 bytes of an Ed25519 key in its `SubjectPublicKeyInfo` (RFC 8410, section 4).
const ED25519_HEAD: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// What stands in front of the 65 bytes of an uncompressed point on P-256 in its `SubjectPublicKeyInfo` (RFC 5480,
/// section 2).
const P256_HEAD: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// How to make the two that we take.
const HOW: &str = "openssl genpkey -algorithm ed25519 -out key.pem && openssl pkey -in key.pem -pubout -out key.pub";

/// Whose signatures are trusted: an Ed25519 key, or an ECDSA key on P-256, which is what cosign makes.
#[derive(Clone)]
pub struct PublicKey {
    kind: Kind,
    bytes: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Ed25519,
    P256,
}

impl PublicKey {
    /// The key in a file: PEM, `PUBLIC KEY`.
    ///
    /// # Errors
    /// It cannot be read, or is no such key.
    pub fn load(file: &Path) -> Result<Self> {
        let pem = read(file)?;
        let wrong = |why: &str| wrong(file, why).note("a public key begins with -----BEGIN PUBLIC KEY-----").note(HOW);
        let der = SubjectPublicKeyInfoDer::from_pem_slice(&pem).map_err(|_| wrong("it holds no public key"))?;
        Self::from_der(&der).ok_or_else(|| wrong("its key is neither Ed25519 nor ECDSA on P-256"))
    }

    fn from_der(der: &[u8]) -> Option<Self> {
        let with = |kind, head: &[u8], length| {
            let bytes = der.strip_prefix(head).filter(|bytes| bytes.len() == length)?;
            Some(Self { kind, bytes: bytes.to_vec() })
        };
        with(Kind::Ed25519, &ED25519_HEAD, 32).or_else(|| with(Kind::P256, &P256_HEAD, 65))
    }

    /// Whether this key made `signature` of `message`: 64 bytes for Ed25519, ASN.1 for ECDSA with SHA-256.
    pub(super) fn made(&self, signature: &[u8], message: &[u8]) -> bool {
        let algorithm: &dyn VerificationAlgorithm = match self.kind {
            Kind::Ed25519 => &ED25519,
            Kind::P256 => &ECDSA_P256_SHA256_ASN1,
        };
        UnparsedPublicKey::new(algorithm, &self.bytes).verify(message, signature).is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({:?})", self.kind)
    }
}

/// What signs: an Ed25519 key, or an ECDSA key on P-256.
pub struct PrivateKey(Pair);

enum Pair {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
}

impl PrivateKey {
    /// The key in a file: PEM, `PRIVATE KEY` (PKCS#8), not encrypted.
    ///
    /// # Errors
    /// It cannot be read, or is no such key.
    pub fn load(file: &Path) -> Result<Self> {
        let pem = read(file)?;
        let wrong = |why: &str| wrong(file, why).note(HOW);
        let text = String::from_utf8_lossy(&pem);
        if text.contains("ENCRYPTED") {
            return Err(wrong("its key is encrypted, which Holm cannot undo")
                .note("`cosign import-key-pair --key key.pem` lets cosign use the key that signs here"));
        }
        let der =
            PrivatePkcs8KeyDer::from_pem_slice(&pem).map_err(|_| wrong("it holds no private key (PKCS#8, PEM)"))?;
        let der = der.secret_pkcs8_der();
        let random = SystemRandom::new();
        // OpenSSL leaves out the public half, which the checked form wants to see.
        let ed25519 = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map(Pair::Ed25519);
        let pair = ed25519
            .or_else(|_| EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, der, &random).map(Pair::P256));
        pair.map(Self).map_err(|_| wrong("its key is neither Ed25519 nor ECDSA on P-256"))
    }

    /// The signature of `message`.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        match &self.0 {
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Pair::P256(pair) => {
                let signed = pair.sign(&SystemRandom::new(), message);
                signed
                    .map(|signature| signature.as_ref().to_vec())
                    .map_err(|_| RegistryError::usage("the key does not sign"))
            }
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey")
    }
}

fn read(file: &Path) -> Result<Vec<u8>> {
    let read = read_bounded(file, limits::KEY);
    read.map_err(|error| RegistryError::io(format_args!("read the key {}", file.display()), &error))
}

fn wrong(file: &Path, why: &str) -> RegistryError {
    RegistryError::usage(format!("{}: {why}", file.display()))
}

#[cfg(test)]
pub(super) mod tests {
    use std::process::Command;

    use super::*;

    /// A pair made by OpenSSL, or `None` where there is none.
    pub(crate) fn pair(dir: &Path, algorithm: &[&str]) -> Option<(PrivateKey, PublicKey)> {
        let (private, public) = (dir.join("key.pem"), dir.join("key.pub"));
        let made = Command::new("openssl").arg("genpkey").args(algorithm).arg("-out").arg(&private).output();
        if made.is_err() {
            assert!(std::env::var_os("CI_SERVERS").is_none(), "openssl is not installed");
            eprintln!("skipped: openssl is not installed");
            return None;
        }
        let public_half =
            Command::new("openssl").args(["pkey", "-pubout", "-in"]).arg(&private).arg("-out").arg(&public).status();
        assert!(public_half.unwrap().success());
        Some((PrivateKey::load(&private).unwrap(), PublicKey::load(&public).unwrap()))
    }

    #[test]
    fn keys_of_openssl_sign_and_verify() {
        let dir = tempfile::tempdir().unwrap();
        for algorithm in [&["-algorithm", "ed25519"][..], &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]]
        {
            let Some((private, public)) = pair(dir.path(), algorithm) else { return };
            let signature = private.sign(b"message").unwrap();
            assert!(public.made(&signature, b"message"));
            assert!(
                !public.made(&signature, b"massage")
                    && !public.made(&signature[1..], b"message")
                    && !public.made(b"", b"")
            );
        }
    }

    #[test]
    fn other_keys_say_what_they_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("key");
        for text in [
            "",
            "x",
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
            "-----BEGIN ENCRYPTED COSIGN PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED COSIGN PRIVATE KEY-----\n",
        ] {
            std::fs::write(&file, text).unwrap();
            assert!(PublicKey::load(&file).is_err() && PrivateKey::load(&file).is_err(), "{text}");
        }
        assert!(PrivateKey::load(&file).unwrap_err().to_string().contains("encrypted"));
    }
}
