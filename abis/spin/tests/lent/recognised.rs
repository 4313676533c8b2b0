use holm_abi::{Abi as _, Certainty, Host, Provision, detect};
use holm_engine::shape::{ExternType, Import};
use holm_spin::Spin;
use holm_wasi::Wasi;

use crate::common::{ask, guest, lent, spin};

#[test]
fn guests_of_spin_are_known_by_what_only_spin_has() {
    let (spin, wasi) = (Spin { wasi: Wasi::default() }, Wasi::default());
    for (name, abi) in [
        ("spin-old.wasm", "spin"),
        ("spin-new.wasm", "spin"),
        ("spin-sdk7-redis.wasm", "spin"),
        ("spin-sdk7-kit.wasm", "spin"),
        // It asks for nothing that WASI does not have.
        ("spin-sdk7-hello.wasm", "wasi"),
        ("serve-hello.p2.wasm", "wasi"),
    ] {
        let detected = detect(&[&spin, &wasi], &guest(name).shape, None).unwrap();
        assert_eq!((detected.abi.name(), detected.evidence.certainty), (abi, Certainty::Certain), "{name}");
    }
    let because = spin.recognise(&guest("spin-old.wasm").shape).unwrap().because;
    assert!(because.contains("`fermyon:spin/"), "{because}");
}

#[test]
fn what_would_grant_an_import_is_said() {
    let spin = Spin { wasi: Wasi::default() };
    let provides = |name: &str| {
        let guest = guest("spin-new.wasm");
        let ty: ExternType = guest.shape.imports[0].ty.clone();
        spin.provides(&Import { module: String::new(), name: name.into(), ty })
    };
    for name in ["fermyon:spin/key-value", "fermyon:spin/key-value@2.0.0", "spin:key-value/key-value@3.0.0"] {
        assert_eq!(provides(name), Provision::Grant("--kv=NAME"), "{name}");
    }
    assert_eq!(provides("fermyon:spin/llm@2.0.0"), Provision::Grant("--model NAME"));
    assert_eq!(provides("fermyon:spin/http"), Provision::Grant("--http PATTERN"));
    assert_eq!(provides("spin:variables/variables@3.0.0"), Provision::Always);
    assert_eq!(provides("wasi:otel/tracing@0.2.0-rc.2"), Provision::Always);
    assert_eq!(provides("wasi:clocks/wall-clock@0.2.0"), Provision::Always);
    assert_eq!(provides("fermyon:spin/teleport"), Provision::Nothing);
}

#[tokio::test]
async fn telemetry_is_taken_and_dropped() {
    let answer = ask(&spin(lent()), &guest("spin-new.wasm"), &Host::default(), &["otel"]).await.unwrap();
    assert_eq!(answer, format!("{} {} false Ok(())", "0".repeat(32), "0".repeat(16)));
}
