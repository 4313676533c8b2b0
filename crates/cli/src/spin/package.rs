//! Components that are named by a package of WIT's and its version, as `wkg` names them.
//!
//! Where a registry keeps them it says itself, in `/.well-known/wasm-pkg/registry.json` (the tools of
//! <https://github.com/bytecodealliance/wasm-pkg-tools>); one that says nothing is taken for an OCI registry.

use std::path::PathBuf;

use holm_engine::{Error, Kind, Result};
use holm_manifest::PackageName;
use serde::Deserialize;

use super::fetch;
use crate::args::RegistryArgs;

/// The registries of namespaces that everybody knows, as `wkg` has them.
const KNOWN: [(&str, &str); 2] = [("wasi", "wasi.dev"), ("ba", "bytecodealliance.org")];

/// What a registry says of itself.
#[derive(Debug, Default, Deserialize)]
struct Said {
    #[serde(default)]
    oci: Option<Oci>,
    /// The same, as it was written at first.
    #[serde(rename = "ociRegistry", default)]
    oci_registry: Option<String>,
    #[serde(rename = "ociNamespacePrefix", default)]
    oci_prefix: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Oci {
    registry: Option<String>,
    #[serde(rename = "namespacePrefix", default)]
    prefix: Option<String>,
}

/// The file of a package.
///
/// # Errors
/// No registry is known for it, or it is not there.
pub(crate) fn fetched(package: &PackageName, args: &RegistryArgs) -> Result<PathBuf> {
    let host = registry(package)?;
    let said = match args.plain_http {
        // A registry on this machine, without a site around it.
        true => Said::default(),
        false => fetch::small(&format!("https://{host}/.well-known/wasm-pkg/registry.json"))
            .and_then(|text| serde_json::from_slice(&text).ok())
            .unwrap_or_default(),
    };
    let name = reference(package, &host, &said)?;
    crate::registry::fetched(&name, args)
}

fn registry(package: &PackageName) -> Result<String> {
    if let Some(host) = &package.registry {
        return Ok(host.clone());
    }
    let namespace = package.package.split(':').next().unwrap_or_default();
    let known = KNOWN.iter().find(|(known, _)| *known == namespace);
    known.map(|(_, host)| (*host).to_owned()).ok_or_else(|| {
        let why = format!("no registry is known for {} {}", package.package, package.version);
        Error::new(Kind::Usage, why).note("registry = \"HOST\" beside `version` names one")
    })
}

fn reference(package: &PackageName, host: &str, said: &Said) -> Result<String> {
    let oci = said.oci.as_ref();
    let registry = oci.and_then(|oci| oci.registry.as_deref()).or(said.oci_registry.as_deref()).unwrap_or(host);
    let prefix = oci.and_then(|oci| oci.prefix.as_deref()).or(said.oci_prefix.as_deref()).unwrap_or_default();
    let path = package.package.replacen(':', "/", 1);
    Ok(format!("oci://{registry}/{prefix}{path}:{}", exact(package)?))
}

/// The only version that satisfies what is asked for: tags name versions, and there is no asking for one that fits.
fn exact(package: &PackageName) -> Result<&str> {
    let version = package.version.trim();
    let exact = version.strip_prefix('=').unwrap_or(version).trim();
    match exact.starts_with(|c: char| c.is_ascii_digit())
        && exact.split('.').count() >= 3
        && !exact.contains([',', '*'])
    {
        true => Ok(exact),
        false => {
            let why = format!("{} is wanted in version `{version}`, which is more than one", package.package);
            Err(Error::new(Kind::Unsupported, why).note("name one version, as in \"=1.2.3\""))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(registry: Option<&str>, version: &str) -> PackageName {
        PackageName {
            registry: registry.map(str::to_owned),
            package: "acme:db".to_owned(),
            version: version.to_owned(),
        }
    }

    #[test]
    fn a_package_is_where_its_registry_says() {
        let package = package(Some("acme.dev"), "=1.2.3");
        let of = |said: &str| reference(&package, "acme.dev", &serde_json::from_str(said).unwrap()).unwrap();
        assert_eq!(of("{}"), "oci://acme.dev/acme/db:1.2.3");
        let (newer, older) = (
            r#"{"preferredProtocol": "oci", "oci": {"registry": "ghcr.io", "namespacePrefix": "acme-org/"}}"#,
            r#"{"ociRegistry": "ghcr.io", "ociNamespacePrefix": "acme-org/"}"#,
        );
        assert_eq!(of(newer), "oci://ghcr.io/acme-org/acme/db:1.2.3");
        assert_eq!(of(older), of(newer));
    }

    #[test]
    fn what_is_not_known_is_told() {
        assert!(registry(&package(None, "1.0.0")).is_err());
        for version in ["^1.0.0", "1.2", ">=1.0.0, <2.0.0", "*", ""] {
            assert!(exact(&package(None, version)).is_err(), "{version}");
        }
        assert_eq!(exact(&package(None, "1.0.0-rc.1")).unwrap(), "1.0.0-rc.1");
    }
}
