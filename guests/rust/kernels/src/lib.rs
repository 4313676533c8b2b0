//! Work to measure, each with a checksum of what it computed. The same source runs in a guest and natively.
//!
//! Every kernel does its work `iterations` times and returns a number that depends on all of it, the same one on
//! every machine. Only in a guest do they have unmangled names: natively `compress` would be zlib's.

mod float;

use sha2::{Digest, Sha256};

const BUFFER: usize = 64 * 1024;
const RECORDS: u32 = 200;

/// Deflates 64 KiB that compress about three to one.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn compress(iterations: u32) -> u64 {
    let mut data = text(BUFFER);
    repeat(iterations, |round| {
        data[0] = round as u8;
        let packed = miniz_oxide::deflate::compress_to_vec(&data, 6);
        fold(&packed)
    })
}

/// Inflates what deflates to 64 KiB.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn decompress(iterations: u32) -> u64 {
    let packed = miniz_oxide::deflate::compress_to_vec(&text(BUFFER), 6);
    repeat(iterations, |_| {
        let data = miniz_oxide::inflate::decompress_to_vec(&packed).expect("what was packed unpacks");
        fold(&data)
    })
}

/// SHA-256 and BLAKE3, both in plain Rust, of 64 KiB each.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn hash(iterations: u32) -> u64 {
    let mut data = text(BUFFER);
    repeat(iterations, |round| {
        data[0] = round as u8;
        fold(&Sha256::digest(&data)) ^ fold(blake3::hash(&data).as_bytes())
    })
}

/// Parses a JSON document of 200 records and writes it again.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn parse(iterations: u32) -> u64 {
    let document = document();
    repeat(iterations, |_| {
        let value: serde_json::Value = serde_json::from_str(&document).expect("the document is JSON");
        let total: u64 = value["records"].as_array().into_iter().flatten().filter_map(|one| one["id"].as_u64()).sum();
        total ^ fold(value.to_string().as_bytes())
    })
}

/// Finds addresses, dates and numbers in 64 KiB of text.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn regex(iterations: u32) -> u64 {
    let text = String::from_utf8(text(BUFFER)).expect("the text is ASCII");
    let pattern =
        regex_lite::Regex::new(r"[a-z]+@[a-z]+\.(com|org)|\d{4}-\d{2}-\d{2}|\b\d+\.\d+\b").expect("a pattern");
    repeat(iterations, |_| {
        let found = pattern.find_iter(&text).map(|found| fold(found.as_str().as_bytes()) ^ found.start() as u64);
        found.fold(0, u64::wrapping_add)
    })
}

/// Moves the sun and four planets a thousand steps.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn float(iterations: u32) -> u64 {
    repeat(iterations, |_| float::energy_after(1000).to_bits())
}

/// Does nothing but be called.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn empty(iterations: u32) -> u64 {
    u64::from(iterations)
}

fn repeat(iterations: u32, mut work: impl FnMut(u32) -> u64) -> u64 {
    (0..iterations).fold(0, |sum, round| sum.rotate_left(7) ^ work(round))
}

/// FNV-1a.
fn fold(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

/// A generator good enough to make data of, the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// Words with an address, a date or a number now and then.
fn text(length: usize) -> Vec<u8> {
    const WORDS: [&str; 16] = [
        "island", "bridge", "harbour", "the", "a", "of", "and", "water", "stone", "tide", "rope", "north", "light",
        "keeper", "boat", "storm",
    ];
    let mut random = Random(1);
    let mut text = String::new();
    while text.len() < length {
        let word = WORDS[random.below(16) as usize];
        match random.below(24) {
            0 => text += &format!("{word}@{}.org ", WORDS[random.below(16) as usize]),
            1 => text += &format!("20{:02}-{:02}-{:02} ", random.below(30), random.below(12) + 1, random.below(28) + 1),
            2 => text += &format!("{}.{} ", random.below(1000), random.below(100)),
            _ => text += &format!("{word} "),
        }
    }
    text.truncate(length);
    text.into_bytes()
}

fn document() -> String {
    let mut random = Random(2);
    let records: Vec<String> = (0..RECORDS)
        .map(|id| {
            let (x, y) = (random.below(1_000_000) as f64 / 100.0, random.below(1000));
            format!(
                r#"{{"id":{id},"name":"record {id} \u00e6","at":[{x},{y}],"tags":["a","b\n"],"none":null,"on":true}}"#
            )
        })
        .collect();
    format!(r#"{{"records":[{}]}}"#, records.join(","))
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_kernel_computes_the_same_again() {
        for kernel in [super::compress, super::decompress, super::hash, super::parse, super::regex, super::float] {
            assert_eq!(kernel(2), kernel(2));
            assert_ne!(kernel(1), kernel(2));
        }
    }
}
