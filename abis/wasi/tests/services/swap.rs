//! What the second draft of wasi:keyvalue has beyond the first.

use std::sync::Arc;

use holm_abi::{Abi as _, Entry, Host, WasmValue as _};
use holm_services::kv::{MemoryStores, Stores as _};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::common::{guest_from, lending};

fn component() -> Vec<u8> {
    let wit = include_str!("../wit/keyvalue-draft2.wit").replace("import batch;", "export run: func() -> s32;");
    let mut resolve = Resolve::default();
    let package = resolve.push_str("test.wit", &wit).unwrap();
    let world = resolve.select_world(&[package], None).unwrap();
    let wat = include_str!("swap.wat");
    let mut module = holm_engine::Source::from_bytes("swap.wat", wat.into()).unwrap().bytes;
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().encode().unwrap()
}

#[tokio::test]
async fn a_swap_fails_when_the_value_changed_and_gives_a_handle_that_does_not() {
    let stores = Arc::new(MemoryStores::default());
    let wasi = lending(stores.clone());
    let mut host = Host::default();
    Arc::make_mut(&mut host.grants).kv.push("default".into());

    let entries = wasi.load(&guest_from(component()), &host).unwrap();
    let Some(Entry::Functions(functions)) = entries.first() else { panic!("no functions") };
    let results = functions.call("run", &[]).await.unwrap();
    assert_eq!(results[0].unwrap_s32(), 0);

    let store = stores.open("default").await.unwrap();
    assert_eq!(store.get("k").await.unwrap().unwrap(), b"b");
    assert_eq!(store.get("n").await.unwrap().unwrap(), b"-5");
}
