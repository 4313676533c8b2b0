//! Which components are lone cores, and how they are connected.

use super::{CoreExport, CoreImport, LoneCore, Target, lone_core};
use crate::shape::tests::wasm;

/// What tools make of a program that imports one function which needs its memory, and drops a handle.
const WRAPPED: &str = r#"
    (component
      (import "test:host/log@1.2.0" (instance $log
        (export "line" (type $line (sub resource)))
        (export "write" (func (param "text" string)))))
      (core module $main
        (import "log" "write" (func $write (param i32 i32)))
        (import "log" "drop-line" (func (param i32)))
        (memory (export "memory") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 0)
        (func (export "run") (call $write (i32.const 0) (i32.const 5))))
      (core module $shim
        (type $two (func (param i32 i32)))
        (table (export "$imports") 1 1 funcref)
        (func (export "0") (type $two) local.get 0 local.get 1 SLOT call_indirect (type $two)))
      (core module $fixup
        (import "" "0" (func $f (param i32 i32)))
        (import "" "$imports" (table 1 1 funcref))
        (elem (i32.const 0) func $f))
      (core instance $s (instantiate $shim))
      (alias export $log "line" (type $line-type))
      (core func $drop (canon resource.drop $line-type))
      (alias core export $s "0" (core func $indirect))
      (core instance $given (export "write" (func $indirect)) (export "drop-line" (func $drop)))
      (core instance $i (instantiate $main (with "log" (instance $given))))
      (alias core export $i "memory" (core memory $memory))
      (alias core export $i "realloc" (core func $realloc))
      (alias core export $s "$imports" (core table $table))
      (alias export $log "write" (func $write))
      (core func $lowered (canon lower (func $write) (memory $memory) (realloc $realloc)))
      (core instance $fill (export "0" (func $lowered)) (export "$imports" (table $table)))
      (core instance (instantiate $fixup (with "" (instance $fill))))
      (func $run (canon lift (core func $i "run")))
      EXPORT)
"#;

const WITH_INNER: &str = r#"
      (component $wrap
        (import "import-func-run" (func $run))
        (export "run" (func $run)))
      (instance $wrapped (instantiate $wrap (with "import-func-run" (func $run))))
      (export "test:guest/runner@0.1.0" (instance $wrapped))"#;

const WITH_LIST: &str = r#"
      (instance $wrapped (export "run" (func $run)))
      (export "test:guest/runner@0.1.0" (instance $wrapped))"#;

fn wrapped(slot: &str, export: &str) -> Option<LoneCore> {
    lone(&WRAPPED.replace("SLOT", slot).replace("EXPORT", export))
}

fn lone(text: &str) -> Option<LoneCore> {
    lone_core(&wasm(text)).expect("it is Wasm")
}

#[test]
fn imports_are_followed_through_the_glue_to_what_they_are() {
    let bytes = wasm(&WRAPPED.replace("SLOT", "i32.const 0").replace("EXPORT", WITH_INNER));
    let lone = lone_core(&bytes).unwrap().unwrap();
    let import = |name: &str, target| CoreImport { module: "log".into(), name: name.into(), target };
    let interface = || "test:host/log@1.2.0".to_owned();
    let expected = [
        import("write", Target::Func { interface: interface(), name: "write".into() }),
        import("drop-line", Target::Drop { interface: interface(), resource: "line".into() }),
    ];
    assert_eq!(lone.imports, expected);
    assert_eq!((lone.memory.as_deref(), lone.realloc.as_deref()), (Some("memory"), Some("realloc")));
    let run = CoreExport {
        interface: "test:guest/runner@0.1.0".into(),
        name: "run".into(),
        core: "run".into(),
        post_return: None,
    };
    assert_eq!(lone.exports, [run]);
    assert!(bytes[lone.module].starts_with(b"\0asm\x01\0\0\0"));
}

#[test]
fn an_interface_may_be_exported_as_a_list() {
    assert_eq!(wrapped("i32.const 0", WITH_LIST).unwrap().exports[0].core, "run");
}

#[test]
fn a_shim_that_does_more_than_jump_is_part_of_the_program() {
    for slot in ["i32.const 1", "i32.const 0 nop", "i32.const 0 drop i32.const 0", "local.get 0"] {
        assert_eq!(wrapped(slot, WITH_INNER), None, "{slot}");
    }
}

#[test]
fn a_program_of_several_modules_is_not_alone() {
    let two = r#"(core module $more) (core instance (instantiate $more))"#;
    assert_eq!(wrapped("i32.const 0", &format!("{two}{WITH_INNER}")), None);
    let inner = r#"(component $c (core module $m) (core instance (instantiate $m)))"#;
    assert_eq!(wrapped("i32.const 0", &format!("{inner}{WITH_INNER}")), None);
}

/// What tools make of a program for WASI 0.1 that asks for random bytes. `REACHED` is the interface that its adapter imports.
const ADAPTED: &str = r#"
    (component
      (import "REACHED" (instance $random
        (export "get-random-bytes" (func (param "len" u64) (result (list u8))))))
      (core module $main
        (import "wasi_snapshot_preview1" "random_get" (func (param i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 0)
        (func (export "run")))
      (core module $adapter
        (import "env" "memory" (memory 0))
        (import "__main_module__" "cabi_realloc" (func (param i32 i32 i32 i32) (result i32)))
        (import "REACHED" "get-random-bytes" (func (param i64 i32)))
        (func (export "EXPORTED") (param i32 i32) (result i32) i32.const 0)
        (func (export "cabi_import_realloc") (param i32 i32 i32 i32) (result i32) i32.const 0))
      (core module $shim
        (type $get (func (param i32 i32) (result i32)))
        (type $bytes (func (param i64 i32)))
        (table (export "$imports") 2 2 funcref)
        (func (export "0") (type $get) local.get 0 local.get 1 i32.const 0 call_indirect (type $get))
        (func (export "1") (type $bytes) local.get 0 local.get 1 i32.const 1 call_indirect (type $bytes)))
      (core module $fixup
        (import "" "0" (func $get (param i32 i32) (result i32)))
        (import "" "1" (func $bytes (param i64 i32)))
        (import "" "$imports" (table 2 2 funcref))
        (elem (i32.const 0) func $get $bytes))
      (core instance $s (instantiate $shim))
      (alias core export $s "0" (core func $get))
      (alias core export $s "1" (core func $bytes))
      (core instance $preview1 (export "random_get" (func $get)))
      (core instance $i (instantiate $main (with "wasi_snapshot_preview1" (instance $preview1))))
      (alias core export $i "memory" (core memory $memory))
      (alias core export $i "cabi_realloc" (core func $realloc))
      (core instance $env (export "memory" (memory $memory)))
      (core instance $of-main (export "cabi_realloc" (func $realloc)))
      (core instance $of-random (export "get-random-bytes" (func $bytes)))
      (core instance $a (instantiate $adapter (with "env" (instance $env)) (with "__main_module__" (instance $of-main))
        (with "REACHED" (instance $of-random))))
      (alias core export $s "$imports" (core table $table))
      (alias core export $a "EXPORTED" (core func $adapted))
      (alias core export $a "cabi_import_realloc" (core func $import-realloc))
      (alias export $random "get-random-bytes" (func $random-bytes))
      (core func $lowered (canon lower (func $random-bytes) (memory $memory) (realloc $import-realloc)))
      (core instance $fill
        (export "0" (func $adapted)) (export "1" (func $lowered)) (export "$imports" (table $table)))
      (core instance (instantiate $fixup (with "" (instance $fill))))
      (func $run (canon lift (core func $i "run")))
      (instance $wrapped (export "run" (func $run)))
      (export "test:guest/runner@0.1.0" (instance $wrapped)))
"#;

fn adapted(reached: &str, exported: &str) -> Option<LoneCore> {
    lone(&ADAPTED.replace("REACHED", reached).replace("EXPORTED", exported))
}

#[test]
fn a_program_for_wasi_0_1_does_without_an_adapter_that_passes_on_what_it_calls() {
    let lone = adapted("wasi:random/random@0.2.12", "random_get").unwrap();
    let (module, name) = ("wasi_snapshot_preview1".to_owned(), "random_get".to_owned());
    assert_eq!(lone.imports, [CoreImport { module, name, target: Target::Preview1 }]);
}

#[test]
fn an_adapter_with_answers_of_its_own_is_part_of_the_program() {
    assert_eq!(adapted("wasi:cli/stdin@0.2.12", "random_get"), None, "which cannot know what is random");
    assert_eq!(adapted("acme:random/random@0.2.12", "random_get"), None);
    assert_eq!(adapted("wasi:random/random@0.2.12", "fd_write"), None, "which calls one function another");
}

#[test]
fn values_that_cross_otherwise_than_in_utf8_through_one_memory_are_left_to_the_engine() {
    let text = WRAPPED.replace("SLOT", "i32.const 0").replace("EXPORT", WITH_INNER);
    assert_eq!(lone(&text.replace("(realloc $realloc)", "(realloc $realloc) string-encoding=utf16")), None);
}

#[test]
fn modules_and_components_without_a_program_have_no_lone_core() {
    assert_eq!(lone("(module (func (export \"run\")))"), None);
    assert_eq!(lone("(component)"), None);
    assert_eq!(lone(r#"(component (import "a" (func $f)) (export "b" (func $f)))"#), None);
}

#[test]
fn real_programs_are_lone_cores() {
    for (name, imports) in [("serve-hello.p2.wasm", 40), ("serve-kit.p2.wasm", 40)] {
        let path = format!("{}/../../guests/prebuilt/{name}", env!("CARGO_MANIFEST_DIR"));
        let lone = lone_core(&std::fs::read(path).unwrap()).unwrap().unwrap_or_else(|| panic!("{name} is none"));
        assert!(lone.imports.len() >= imports - 5, "{name}: {}", lone.imports.len());
        assert!(lone.exports.iter().any(|export| export.name == "handle"), "{name}");
    }
}

#[test]
fn no_damage_makes_the_reader_panic() {
    let bytes = wasm(&WRAPPED.replace("SLOT", "i32.const 0").replace("EXPORT", WITH_INNER));
    for at in 0..bytes.len() {
        for change in [0x01, 0x10, 0x7f, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] ^= change;
            let _ = lone_core(&damaged);
        }
        let _ = lone_core(&bytes[..at]);
    }
}
