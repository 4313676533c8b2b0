//! Two hundred damaged files: each a clean error or a run, never a crash.

use std::fs;

use crate::support::{Outcome, guest, holm};

/// Good guests small enough to be compiled in milliseconds: modules, components, WASI programs.
fn good() -> Vec<Vec<u8>> {
    let texts =
        ["math.wat", "gc.wat", "exceptions.wat", "simd.wat", "multi-memory.wat", "skew-works.wat", "threads.wat"];
    let binaries = ["preview0.wasm", "hello-c.p1.wasm", "wc.p1.wasm", "hello-c.p2.wasm", "types.wasm"];
    let texts = texts.iter().map(|name| wat::parse_file(guest(name)).unwrap());
    texts.chain(binaries.iter().map(|name| fs::read(guest(name)).unwrap())).collect()
}

/// The same numbers on every machine (Marsaglia's xorshift64).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

/// Runs `count` files, each a good one changed by `change`.
fn survives(seed: u64, count: usize, change: impl Fn(&mut Vec<u8>, &mut Random)) {
    let good = good();
    let mut random = Random(seed);
    for round in 0..count {
        let mut bytes = good[round % good.len()].clone();
        change(&mut bytes, &mut random);
        let ended = tries(&bytes);
        if let Err(why) = clean(&ended) {
            let path = std::env::temp_dir().join(format!("holm-malformed-{seed}-{round}.wasm"));
            fs::write(&path, &bytes).unwrap();
            panic!("{why} with {}: {ended:?}", path.display());
        }
    }
}

/// Runs it as a program, and where it is none, asks for its functions, which links it too.
fn tries(bytes: &[u8]) -> Outcome {
    let limits = ["--wall", "5s", "--memory", "64MiB", "--max-output", "64KiB", "--no-cache", "-"];
    let ran = holm(["run"]).args(limits).stdin(bytes).ends();
    if ran.code == Some(125) && ran.stderr.contains("is not a program") {
        return holm(["call"]).args(limits).stdin(bytes).ends();
    }
    ran
}

/// That Holm's own words are clean is checked for every run there is, see `support`.
fn clean(ended: &Outcome) -> Result<(), &'static str> {
    if ended.signal.is_some() {
        return Err("a signal ended Holm");
    }
    if ended.code == Some(101) {
        return Err("Holm panicked");
    }
    if ended.code == Some(126) && !ended.stderr.starts_with("error: ") {
        return Err("it does not say what is wrong");
    }
    Ok(())
}

#[test]
fn the_good_files_are_good() {
    for bytes in good() {
        let ended = tries(&bytes);
        assert!(matches!(ended.code, Some(0 | 3)), "{ended:?}");
    }
}

#[test]
fn files_with_flipped_bits_do_not_crash_holm() {
    survives(0x9e37_79b9_7f4a_7c15, 80, |bytes, random| {
        for _ in 0..=random.below(8) {
            let at = random.below(bytes.len());
            bytes[at] ^= 1 << random.below(8);
        }
    });
}

#[test]
fn files_cut_anywhere_do_not_crash_holm() {
    survives(0xd1b5_4a32_d192_ed03, 40, |bytes, random| bytes.truncate(random.below(bytes.len())));
}

#[test]
fn files_with_bytes_inserted_do_not_crash_holm() {
    survives(0x2545_f491_4f6c_dd1d, 40, |bytes, random| {
        for _ in 0..=random.below(4) {
            let (at, byte) = (random.below(bytes.len()), random.below(256) as u8);
            bytes.insert(at, byte);
        }
    });
}

#[test]
fn files_with_parts_of_themselves_elsewhere_do_not_crash_holm() {
    survives(0xaef1_7502_b3dd_1f5b, 40, |bytes, random| {
        let length = random.below(bytes.len().min(200)) + 1;
        let (from, to) = (random.below(bytes.len() - length + 1), random.below(bytes.len() - length + 1));
        bytes.copy_within(from..from + length, to);
    });
}
