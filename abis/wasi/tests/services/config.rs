use std::sync::Arc;

use holm_abi::Host;
use holm_wasi::Wasi;

use crate::common::{guest, refused, run};

fn granted() -> Host {
    let mut host = Host::default();
    Arc::make_mut(&mut host.grants).config.insert("colour".into(), "green".into());
    Arc::make_mut(&mut host.grants).config.insert("size".into(), "12".into());
    host
}

#[tokio::test]
async fn a_guest_reads_the_values_it_was_granted() {
    let (guest, host) = (guest("config.p2.wasm"), granted());
    let wasi = Wasi::new();
    assert_eq!(run(&wasi, &guest, &host, &["get", "colour"]).await.unwrap(), (0, "green\n".into()));
    assert_eq!(run(&wasi, &guest, &host, &["all"]).await.unwrap(), (0, "colour=green\nsize=12\n".into()));
    assert!(host.audit.is_empty());
}

#[tokio::test]
async fn a_key_that_was_not_granted_has_no_value_and_is_audited() {
    let (guest, host) = (guest("config.p2.wasm"), granted());
    assert_eq!(run(&Wasi::new(), &guest, &host, &["get", "secret"]).await.unwrap(), (0, "(none)\n".into()));
    assert_eq!(refused(&host), ["--config secret=VALUE"]);
}

#[tokio::test]
async fn without_any_grant_there_is_nothing_to_read() {
    let (guest, host) = (guest("config.p2.wasm"), Host::default());
    assert_eq!(run(&Wasi::new(), &guest, &host, &["all"]).await.unwrap(), (0, "\n".into()));
    assert!(host.audit.is_empty());
}
