//! Guests that import every function there was.

use std::path::Path;

use holm_abi::{Abi as _, Host, Part, Provision};
use holm_wasi::Wasi;
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{ManglingAndAbi, Resolve};

use crate::common::guest_from;

/// A component of the world that the kits are of, which imports all of it.
fn imports_all(snapshot: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests/snapshots").join(snapshot).join("wit");
    let (package, _) = resolve.push_dir(&wit).unwrap();
    let world = resolve.select_world(&[package], None).unwrap();
    let mut module = dummy_module(&resolve, world, ManglingAndAbi::Standard32);
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().encode().unwrap()
}

#[test]
fn every_function_of_a_snapshot_links_with_the_types_it_had() {
    for snapshot in ["october", "november"] {
        let guest = guest_from(imports_all(snapshot));
        assert!(guest.shape.imports.len() > 25);
        let provided = guest.shape.imports.iter().map(|import| Wasi::new().provides(import));
        assert!(provided.into_iter().all(|provision| provision != Provision::Nothing));
        let entries = Wasi::new().load(&guest, &Host::default()).unwrap();
        assert_eq!(entries.len(), 3, "a command, a handler, functions");
    }
}

#[test]
fn a_snapshot_that_no_tools_shipped_is_told_as_missing() {
    let text = r#"(component (import "wasi:random/random@0.2.0-rc-2023-12-05"
        (instance (export "get-random-u64" (func (result u64))))))"#;
    let guest = guest_from(wat::parse_str(text).unwrap());
    assert_eq!(Wasi::new().provides(&guest.shape.imports[0]), Provision::Nothing);
    let error = Wasi::new().load(&guest, &Host::default()).err().unwrap().to_string();
    assert!(error.contains("wasi:random/random@0.2.0-rc-2023-12-05"), "{error}");
}

#[test]
fn what_a_candidate_never_had_is_told_under_the_guests_own_name_for_it() {
    let text = r#"(component (import "wasi:random/random@0.3.0-rc-2026-03-15"
        (instance (export "get-luck" (func (result u64))))))"#;
    let error = Wasi::new().load(&guest_from(wat::parse_str(text).unwrap()), &Host::default()).err().unwrap();
    assert!(error.to_string().contains("wasi:random/random@0.3.0-rc-2026-03-15"), "{error}");
}

/// A part's way to a capability. One that is not known in the snapshot must not be the whole guest's.
fn as_part(interface: &str) -> Result<(), String> {
    let text = format!(r#"(component (import "holm:p1-{interface}))"#);
    let part = Part { name: "part".into(), grants: Default::default(), audit: Default::default() };
    let host = Host { parts: vec![part].into(), ..Host::default() };
    let loaded = Wasi::new().load(&guest_from(wat::parse_str(text).unwrap()), &host);
    loaded.map(drop).map_err(|error| error.to_string())
}

#[test]
fn parts_have_of_a_snapshot_what_is_as_it_was_and_nothing_else() {
    let environment = r#"wasi-cli/environment@0.2.0-rc-2023-10-18"
        (instance (export "get-environment" (func (result (list (tuple string string))))))"#;
    as_part(environment).unwrap();
    let lookup = r#"wasi-sockets/ip-name-lookup@0.2.0-rc-2023-10-18"
        (instance (export "resolve-addresses" (func (param "name" string) (param "include-unavailable" bool))))"#;
    assert!(as_part(lookup).unwrap_err().contains("resolve-addresses"));
}
