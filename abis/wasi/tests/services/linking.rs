//! Guests that import whole interfaces, to see that each function links, with the types it is known by.

use holm_abi::{Abi as _, Host, Provision};
use holm_wasi::Wasi;
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{ManglingAndAbi, Resolve};

use crate::common::guest_from;

/// A component that imports all that the one world of this WIT text does, and does nothing.
fn imports_all(wit: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("test.wit", wit).unwrap();
    let world = resolve.select_world(&[package], None).unwrap();
    let mut module = dummy_module(&resolve, world, ManglingAndAbi::Standard32);
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().encode().unwrap()
}

/// Links a guest without any grant, and answers what `holm inspect` would say of its imports.
fn links(wit: &str) -> Vec<Provision> {
    let guest = guest_from(imports_all(wit));
    let wasi = Wasi::new();
    wasi.load(&guest, &Host::default()).unwrap();
    guest.shape.imports.iter().map(|import| wasi.provides(import)).collect()
}

#[test]
fn both_drafts_of_keyvalue_link_without_a_grant() {
    for wit in [include_str!("../wit/keyvalue-draft.wit"), include_str!("../wit/keyvalue-draft2.wit")] {
        assert_eq!(links(wit), vec![Provision::Grant("--kv=NAME"); 3]);
    }
}

#[test]
fn blobstore_links_without_a_grant_under_every_date() {
    let draft = include_str!("../wit/blobstore.wit");
    for wit in [draft, &draft.replace("0.2.0-draft", "0.2.0-draft-2024-09-01")] {
        let links = links(wit);
        assert_eq!(links.iter().filter(|provision| **provision == Provision::Grant("--blob=NAME")).count(), 3);
        assert!(!links.contains(&Provision::Nothing));
    }
}

#[test]
fn every_draft_of_config_links_without_a_grant() {
    let rc = include_str!("../wit/config.wit");
    let older = [("0.2.0-rc.1", "0.2.0-draft"), ("0.2.0-rc.1", "0.2.0-draft-2024-09-27"), ("store", "runtime")];
    for wit in older.map(|(from, to)| rc.replace(from, to)).iter().map(String::as_str).chain([rc]) {
        assert_eq!(links(wit), [Provision::Grant("--config KEY=VALUE")], "{wit}");
    }
}

#[test]
fn both_versions_of_tls_link_without_a_grant() {
    assert!(links(include_str!("../wit/tls-p2.wit")).contains(&Provision::Grant("--net PATTERN")));
    assert_eq!(links(include_str!("../wit/tls-p3.wit")), vec![Provision::Grant("--net PATTERN"); 2]);
}

/// What a guest imports of `wasi:http`, and what provides it.
fn http_of(guest: &str) -> Vec<(String, Provision)> {
    let (wasi, guest) = (Wasi::new(), crate::common::guest(guest));
    wasi.load(&guest, &Host::default()).unwrap();
    let http = guest.shape.imports.iter().filter(|import| import.name.starts_with("wasi:http/"));
    http.map(|import| (import.name.clone(), wasi.provides(import))).collect()
}

#[test]
fn only_what_sends_http_requests_needs_a_grant() {
    for (guest, sends) in
        [("http.p2.wasm", "wasi:http/outgoing-handler@0.2."), ("serve-kit.p3.wasm", "wasi:http/client@0.3.")]
    {
        let http = http_of(guest);
        assert!(http.len() >= 2, "{http:?}");
        for (name, provision) in http {
            let expected = if name.starts_with(sends) { Provision::Grant("--http PATTERN") } else { Provision::Always };
            assert_eq!(provision, expected, "{name}");
        }
    }
}

#[test]
fn a_handler_that_sends_nothing_needs_no_grant() {
    for guest in ["serve-hello.p2.wasm", "http.p3.wasm"] {
        let http = http_of(guest);
        assert!(!http.is_empty() && http.iter().all(|(_, provision)| *provision == Provision::Always), "{http:?}");
    }
}

#[test]
fn interfaces_that_nobody_has_are_told_as_missing() {
    let wit = "package wasi:keyvalue@0.3.0; interface store { open: func(); } world all { import store; }";
    let guest = guest_from(imports_all(wit));
    assert_eq!(
        guest.shape.imports.iter().map(|import| Wasi::new().provides(import)).collect::<Vec<_>>(),
        [Provision::Nothing]
    );
    let error = Wasi::new().load(&guest, &Host::default()).err().unwrap();
    assert_eq!(error.kind(), holm_engine::Kind::MissingImports);
    assert!(error.to_string().contains("wasi:keyvalue/store@0.3.0"), "{error}");
}
