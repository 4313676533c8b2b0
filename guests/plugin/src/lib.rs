//! A plugin for tests of the library: one function for each thing that a host has to get right.

use std::sync::atomic::{AtomicU32, Ordering};

wit_bindgen::generate!({ path: "wit", world: "plugin" });

use acme::host::{data, log};
use exports::acme::host::people::{self, Person};

struct Plugin;
export!(Plugin);

static ASKED: AtomicU32 = AtomicU32::new(0);

impl Guest for Plugin {
    fn greet(name: String) -> String {
        log::write(&format!("greeting {name}"));
        format!("Hello, {name}!")
    }

    fn echo(bytes: Vec<u8>) -> Vec<u8> {
        bytes
    }

    fn count() -> u32 {
        ASKED.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn find(key: String) -> Result<String, String> {
        data::lookup(&key)
    }

    fn wait(milliseconds: u32) {
        pause(milliseconds);
    }

    fn trap() {
        panic!("as asked");
    }

    fn spin() {
        loop {
            std::hint::black_box(());
        }
    }

    fn grow(mebibytes: u32) -> u32 {
        let pieces: Vec<_> = (0..mebibytes).map(|_| std::hint::black_box(vec![1_u8; 1 << 20])).collect();
        u32::try_from(pieces.len()).unwrap_or(u32::MAX)
    }
}

impl people::Guest for Plugin {
    fn birthday(person: Person) -> Person {
        Person { age: person.age.map(|age| age.saturating_add(1)), ..person }
    }
}
