//! Whatever the bytes, there is an answer, soon, in little memory.

use std::time::{Duration, Instant};

use super::{COMPONENT, wasm};
use crate::shape::{BadBytes, Shape, features, function_names, guess_language, is_text, producers, sizes};

/// Everything that reads bytes. The answers do not matter here; that they come does.
fn read_all(bytes: &[u8]) {
    let _ = is_text(bytes);
    let _ = Shape::parse(bytes);
    let _ = features(bytes);
    let _ = sizes(bytes, 5);
    let _ = producers(bytes);
    let _ = guess_language(bytes);
    let _ = function_names(bytes);
    #[cfg(feature = "wit")]
    let _ = crate::shape::wit(bytes);
}

/// Marsaglia's xorshift: the same damage in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

fn samples() -> Vec<Vec<u8>> {
    let module = r#"(module
        (import "env" "log" (func (param i32 i64)))
        (memory (export "memory") 1) (table 2 funcref) (global (mut i32) (i32.const 0)) (tag)
        (type (struct (field i32)))
        (func $run (export "run") (param externref) (result i32)
            (block (try_table (catch_all 0) i32.const 0 v128.load drop)) i32.const 0)
        (elem (i32.const 0) $run) (data (i32.const 0) "abc")
        (@custom "producers" "\01\08language\01\04Rust\041.95"))"#;
    let asynchronous = r#"(component
        (type $s (stream u8)) (import "f" (func async (param "s" $s)))
        (import "i" (instance (export "r" (type $r (sub resource))) (export "g" (func (param "r" (borrow $r)))))))"#;
    [module, COMPONENT, asynchronous].map(wasm).to_vec()
}

#[test]
fn every_truncation_of_a_good_file_has_an_answer() {
    for sample in samples() {
        (0..sample.len()).for_each(|length| read_all(&sample[..length]));
    }
}

#[test]
fn damaged_files_have_an_answer() {
    let mut random = Random(0x005e_ed0f_401a);
    for sample in samples() {
        for _ in 0..2000 {
            let mut bytes = sample.clone();
            for _ in 0..=random.below(4) {
                let at = random.below(bytes.len());
                match random.below(4) {
                    0 => bytes[at] = random.below(256) as u8,
                    1 => bytes[at] ^= 1 << random.below(8),
                    2 => bytes.insert(at, [0, 1, 0x7f, 0x80, 0xff][random.below(5)]),
                    _ => {
                        bytes.remove(at);
                    }
                }
            }
            read_all(&bytes);
        }
    }
}

fn leb(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn section(id: u8, contents: &[u8]) -> Vec<u8> {
    [&[id][..], &leb(contents.len()), contents].concat()
}

const MODULE: &[u8] = b"\0asm\x01\0\0\0";
const COMPONENT_HEADER: &[u8] = b"\0asm\x0d\0\x01\0";

#[test]
fn types_nested_a_hundred_thousand_deep_do_not_exhaust_the_stack() {
    // Each level: an instance type of one declaration, which is a type.
    let types = [&[1][..], &[0x42, 1, 1].repeat(100_000), &[0x7f]].concat();
    let bytes = [COMPONENT_HEADER, &section(7, &types)].concat();
    assert_eq!(Shape::parse(&bytes), Err(BadBytes::TooDeep));
    read_all(&bytes);
    let embedded = [&b"\x0ecomponent-type"[..], &bytes].concat();
    read_all(&[MODULE, &section(0, &embedded)].concat());
}

#[test]
fn components_nested_too_deep_are_refused() {
    let mut bytes = COMPONENT_HEADER.to_vec();
    for _ in 0..1000 {
        bytes = [COMPONENT_HEADER, &section(4, &bytes)].concat();
    }
    assert_eq!(Shape::parse(&bytes), Err(BadBytes::TooDeep));
    read_all(&bytes);
}

#[test]
fn counts_without_items_behind_them_cost_nothing() {
    let huge = leb(u32::MAX as usize);
    let start = Instant::now();
    for id in 0..16 {
        read_all(&[MODULE, &section(id, &huge)].concat());
        read_all(&[COMPONENT_HEADER, &section(id, &huge)].concat());
    }
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_long_signature_repeated_by_many_exports_is_refused() {
    let ty = [&[1, 0x60][..], &leb(1000), &[0x7f; 1000], &[0]].concat();
    let export = [0, 0, 0];
    let exports = [leb(500_000), export.repeat(500_000)].concat();
    let bytes = [MODULE, &section(1, &ty), &section(3, &[1, 0]), &section(7, &exports), &section(10, &[1, 2, 0, 0x0b])]
        .concat();
    assert_eq!(Shape::parse(&bytes), Err(BadBytes::TooManyNames));
}

#[test]
fn a_long_name_shared_by_many_imports_is_refused() {
    // The compact import section names the module once for all of its items.
    let module = [leb(90_000), vec![b'a'; 90_000]].concat();
    let items = [leb(20_000), [0, 3, 0x7f, 0].repeat(20_000)].concat();
    let imports = [&[1][..], &module, &[0, 0x7f], &items].concat();
    let bytes = [MODULE, &section(2, &imports)].concat();
    assert_eq!(Shape::parse(&bytes), Err(BadBytes::TooManyNames));
    read_all(&bytes);
}
