//! Signed with the crate that made the format, so that whatever it signs is taken.

use holm::{Key, Kind, Runtime};
use wasmsign2::{KeyPair, Module};

use crate::support::guest;

fn signed(keys: &KeyPair, name: &str) -> Vec<u8> {
    let bytes = std::fs::read(guest(name)).unwrap();
    let module = Module::deserialize(&mut bytes.as_slice()).unwrap();
    let mut signed = Vec::new();
    keys.sk.sign(module, None).unwrap().serialize(&mut signed).unwrap();
    signed
}

fn trusting(keys: &[&KeyPair]) -> Runtime {
    let builder = Runtime::builder().no_cache().instances(4);
    let trusted = |keys: &&KeyPair| Key::from_bytes(&keys.pk.to_bytes()).unwrap();
    keys.iter().map(trusted).fold(builder, holm::RuntimeBuilder::trust).build().unwrap()
}

#[test]
fn only_what_a_trusted_key_signed_is_loaded() {
    let (mine, theirs) = (KeyPair::generate(), KeyPair::generate());
    let runtime = trusting(&[&theirs, &mine]);
    for name in ["kernels.wasm", "types.wasm"] {
        runtime.plugin_from(name, signed(&mine, name)).load().unwrap();
        let error = runtime.plugin(guest(name)).load().unwrap_err();
        assert_eq!(error.kind(), Kind::Denied);
        assert!(error.to_string().contains("it is not signed"), "{error}");
        let error = trusting(&[&theirs]).plugin_from(name, signed(&mine, name)).load().unwrap_err();
        assert!(error.to_string().contains("by a key that is trusted"), "{error}");
    }
}

#[test]
fn what_was_changed_after_it_was_signed_is_refused() {
    let keys = KeyPair::generate();
    let runtime = trusting(&[&keys]);
    let good = signed(&keys, "types.wasm");
    for at in [9, good.len() / 2, good.len() - 1] {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        assert_eq!(runtime.plugin_from("changed", bytes).load().unwrap_err().kind(), Kind::Denied);
    }
    let mut longer = good.clone();
    longer.extend([0, 2, 1, b'x']);
    assert_eq!(runtime.plugin_from("longer", longer).load().unwrap_err().kind(), Kind::Denied);
    assert_eq!(runtime.plugin_from("shorter", &good[..good.len() - 9]).load().unwrap_err().kind(), Kind::Denied);
}

#[test]
fn junk_is_no_key() {
    assert_eq!(Key::from_bytes(b"junk").unwrap_err().kind(), Kind::Invalid);
    assert_eq!(Key::from_file("/nowhere/key").unwrap_err().kind(), Kind::NotFound);
}
