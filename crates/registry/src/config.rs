//! What an artifact says of its guest: the configuration of the CNCF's layout (tag-runtime.cncf.io, "Wasm OCI Artifact
//! layout"), and annotations from what the guest says of itself (github.com/WebAssembly/tool-conventions, "registry
//! metadata").

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wasmparser::{Encoding, Parser, Payload};

use crate::digest::Digest;
use crate::error::{RegistryError, Result};

/// Custom sections that say something of the guest, and the annotations for it.
const SECTIONS: [(&str, &str); 7] = [
    ("authors", "org.opencontainers.image.authors"),
    ("description", "org.opencontainers.image.description"),
    ("licenses", "org.opencontainers.image.licenses"),
    ("source", "org.opencontainers.image.source"),
    ("homepage", "org.opencontainers.image.url"),
    ("revision", "org.opencontainers.image.revision"),
    ("version", "org.opencontainers.image.version"),
];
/// The longest of these that is taken.
const LONGEST: usize = 4096;

/// `application/vnd.wasm.config.v0+json`
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WasmConfig {
    /// When it was made (RFC 3339).
    pub(crate) created: String,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) author: Option<String>,
    /// Always `wasm`.
    pub(crate) architecture: String,
    /// `wasip2` for components, `wasip1` for modules, of whatever version of WASI or none: it is one of Go's names.
    pub(crate) os: String,
    /// The digests of the layers.
    pub(crate) layer_digests: Vec<Digest>,
    /// Of a component: what it imports and exports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) component: Option<Component>,
}

impl WasmConfig {
    pub(crate) fn new(created: String, guest: Digest, component: Option<Component>) -> Self {
        let os = if component.is_some() { "wasip2" } else { "wasip1" };
        Self {
            created,
            author: None,
            architecture: "wasm".to_owned(),
            os: os.to_owned(),
            layer_digests: vec![guest],
            component,
        }
    }
}

/// What a component imports and exports, by the names of interfaces and functions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Component {
    /// What others can use of it.
    pub(crate) exports: Vec<String>,
    /// What it needs.
    pub(crate) imports: Vec<String>,
    /// The world it was made for, where that is one of WASI's.
    pub(crate) target: Option<String>,
}

/// What a guest says of itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) component: Option<Component>,
    pub(crate) annotations: BTreeMap<String, String>,
}

/// What `guest` says of itself, in its outermost sections alone.
///
/// # Errors
/// It is not WebAssembly.
pub(crate) fn describe(guest: &[u8]) -> Result<Said> {
    let wrong = |why: String| RegistryError::usage(format!("the guest cannot be pushed: {why}"));
    let broken = |error: wasmparser::BinaryReaderError| wrong(format!("it is not valid WebAssembly: {error}"));
    let mut said = Said::default();
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(guest) {
        match payload.map_err(broken)? {
            Payload::Version { encoding: Encoding::Component, .. } if depth == 0 => {
                said.component = Some(Component::default())
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            Payload::ComponentImportSection(section) => {
                for import in section {
                    let name = import.map_err(broken)?.name.name.to_owned();
                    said.component.get_or_insert_default().imports.push(name);
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    let name = export.map_err(broken)?.name.name.to_owned();
                    said.component.get_or_insert_default().exports.push(name);
                }
            }
            Payload::CustomSection(section) => {
                let known = SECTIONS.iter().find(|(name, _)| *name == section.name());
                let text =
                    std::str::from_utf8(section.data()).ok().filter(|text| text.len() <= LONGEST && !text.is_empty());
                if let (Some((_, annotation)), Some(text)) = (known, text) {
                    said.annotations.insert((*annotation).to_owned(), text.to_owned());
                }
            }
            _ => {}
        }
    }
    if let Some(component) = &mut said.component {
        component.target = target(component);
    }
    Ok(said)
}

/// One of WASI's worlds, if it fits. Most components no longer say for which they were made.
fn target(component: &Component) -> Option<String> {
    const COMMAND: (&str, &[&str]) = (
        "wasi:cli/run@",
        &["wasi:cli/", "wasi:io/", "wasi:clocks/", "wasi:random/", "wasi:filesystem/", "wasi:sockets/"],
    );
    const PROXY: (&str, &[&str]) =
        ("wasi:http/incoming-handler@", &["wasi:http/", "wasi:cli/", "wasi:io/", "wasi:clocks/", "wasi:random/"]);
    for ((export, packages), world) in [(COMMAND, "wasi:cli/command"), (PROXY, "wasi:http/proxy")] {
        let version = match component.exports.as_slice() {
            [only] => only.strip_prefix(export),
            _ => None,
        };
        let fits = |import: &String| packages.iter().any(|package| import.starts_with(package));
        if let Some(version) = version.filter(|_| component.imports.iter().all(fits)) {
            return Some(format!("{world}@{version}"));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn describe(text: &str) -> Said {
        super::describe(&wat::parse_str(text).unwrap()).unwrap()
    }

    #[test]
    fn a_component_says_what_it_imports_and_exports_on_the_outside_only() {
        let said = describe(
            r#"(component
                (import "wasi:cli/environment@0.2.3" (instance))
                (component (import "inner:thing/x" (instance)))
                (core module (import "env" "f" (func)))
                (instance $run)
                (export "wasi:cli/run@0.2.3" (instance $run)))"#,
        );
        let component = said.component.unwrap();
        assert_eq!(component.imports, ["wasi:cli/environment@0.2.3"]);
        assert_eq!(component.exports, ["wasi:cli/run@0.2.3"]);
        assert_eq!(component.target.as_deref(), Some("wasi:cli/command@0.2.3"));
    }

    #[test]
    fn a_component_that_needs_more_than_a_world_has_is_not_made_for_it() {
        let said = describe(
            r#"(component (import "wasi:keyvalue/store@0.2.0" (instance)) (instance $run)
                (export "wasi:cli/run@0.2.3" (instance $run)))"#,
        );
        assert_eq!(said.component.unwrap().target, None);
    }

    #[test]
    fn a_module_is_told_from_a_component_and_says_who_wrote_it() {
        let said =
            describe(r#"(module (@custom "authors" "Ada") (@custom "description" "\ff") (@custom "other" "x"))"#);
        assert_eq!(said.component, None);
        assert_eq!(said.annotations, BTreeMap::from([("org.opencontainers.image.authors".into(), "Ada".into())]));
    }

    #[test]
    fn what_is_no_guest_is_not_pushed() {
        for bytes in [&b""[..], b"text", b"\0asm", b"\0asm\x01\0\0\0\x63"] {
            assert!(super::describe(bytes).is_err());
        }
    }
}
