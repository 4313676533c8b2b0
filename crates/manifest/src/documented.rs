//! The documentation has every key, and what it shows is read.

use crate::keys::{APP, BUILD, COMPONENT, FILTER, FILTER_LIMITS, GRANTS, GUEST, Keys, LIMITS, REUSE, SERVICES};
use crate::server::keys::{ADMIN, CEILINGS, LISTEN, LOG, SERVER, TELEMETRY};
use crate::{App, Reuse, ServeLimits, Server};
use holm_grants::{format_duration, format_size};
use std::path::Path;

const MANIFEST: &str = include_str!("../../../docs/manifest.md");
const CONFIGURATION: &str = include_str!("../../../docs/server.md");

fn examples(text: &str) -> Vec<&str> {
    let blocks = text.split("```toml\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap()).collect()
}

/// The row of a table that begins with this key, among others or alone.
fn has_row(text: &str, key: &str) -> bool {
    let mut rows = text.lines().filter(|line| line.starts_with('|'));
    rows.any(|row| row.split('|').nth(1).is_some_and(|cell| cell.contains(&format!("`{key}`"))))
}

fn missing<'k>(text: &str, tables: &[&'k Keys]) -> Vec<&'k str> {
    let keys = tables.iter().flat_map(|keys| keys.known);
    keys.copied().filter(|key| !has_row(text, key)).collect()
}

#[test]
fn every_key_of_a_manifest_has_a_row() {
    assert_eq!(
        missing(
            MANIFEST,
            &[&APP, &GUEST, &COMPONENT, &BUILD, &FILTER, &FILTER_LIMITS, &REUSE, &GRANTS, &LIMITS, &SERVICES]
        ),
        [""; 0]
    );
}

#[test]
fn every_key_of_a_server_has_a_row() {
    let known = LIMITS.known;
    let mut missing = missing(CONFIGURATION, &[&SERVER, &LISTEN, &ADMIN, &CEILINGS, &LOG, &TELEMETRY]);
    // Those the manifest's documentation has.
    missing.retain(|key| !known.contains(key));
    assert_eq!(missing, [""; 0]);
}

#[test]
fn the_examples_are_read() {
    let manifests = examples(MANIFEST);
    assert_eq!(manifests.len(), 4);
    for (manifest, guests) in manifests.iter().zip([1, 2, 1, 1]) {
        assert_eq!(App::parse(manifest, Path::new("holm.toml")).unwrap().guests.len(), guests);
    }
    let [configuration] = examples(CONFIGURATION)[..] else { panic!("not one example") };
    assert_eq!(Server::parse(configuration, Path::new("server.toml")).unwrap().listen.len(), 2);
}

#[test]
fn the_defaults_are_those_of_the_code() {
    let limits = ServeLimits::DEFAULT;
    let reuse = Reuse::default();
    for (key, default) in [
        ("concurrency", limits.concurrency.unwrap().to_string()),
        ("queue", limits.queue.unwrap().to_string()),
        ("first-byte", format_duration(limits.first_byte.unwrap())),
        ("request-body", format_size(limits.request_body.unwrap())),
        ("connections", limits.connections.unwrap().to_string()),
        ("log", format_size(limits.log.unwrap())),
        ("store", format_size(limits.store.unwrap())),
        ("requests", reuse.requests.to_string()),
        ("concurrent", reuse.concurrent.to_string()),
        ("idle", format_duration(reuse.idle)),
    ] {
        assert!(MANIFEST.contains(&format!("| `{key}` | {default} |")), "{key}: {default}");
    }
    let drain = format!("| `drain` | {} |", format_duration(Server::default().drain));
    assert!(CONFIGURATION.contains(&drain));
}

const SPIN: &str = include_str!("../../../docs/spin-manifest.md");

/// Whether a row says something about this key.
fn is_told(text: &str, key: &str) -> bool {
    let words = |row: &str| row.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == key);
    text.lines().filter(|line| line.starts_with('|')).any(words)
}

#[test]
fn every_key_of_spins_files_is_told() {
    let tables = crate::spin::keys::all().into_iter().chain(crate::spin::runtime_keys());
    let keys = tables.flat_map(|keys| keys.known).copied();
    // Those of services that are refused by their names.
    let refused = [
        "key",
        "account",
        "database",
        "container",
        "access_key",
        "secret_key",
        "region",
        "consistent_read",
        "table",
        "vault_url",
        "client_id",
        "client_secret",
        "tenant_id",
        "authority_host",
    ];
    let missing: Vec<&str> = keys.filter(|key| !is_told(SPIN, key) && !refused.contains(key)).collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn the_example_of_spin_is_read() {
    for example in examples(SPIN) {
        App::parse_spin(example, Path::new("spin.toml"), None).unwrap();
    }
}
