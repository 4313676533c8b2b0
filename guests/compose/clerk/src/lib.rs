//! A component in the middle: it hands on resources of one that it imports.

wit_bindgen::generate!({ path: ["../../rust/types/wit", "../wit"], world: "holm:desk/clerk", generate_all });

use exports::holm::desk::{desk, papers};
use holm::test::counters::{Counter, merge, peek};

struct Clerk;
export!(Clerk);

impl desk::Guest for Clerk {
    fn open(start: i32) -> Counter {
        Counter::new(start)
    }

    fn charge(c: &Counter, by: i32) -> i32 {
        c.increment(by);
        peek(c)
    }

    fn close(c: Counter) -> i32 {
        merge(c, Counter::new(1000)).value()
    }

    fn open_all(starts: Vec<i32>) -> Vec<Counter> {
        starts.into_iter().map(Counter::new).collect()
    }
}

impl papers::Guest for Clerk {
    fn file(entries: Vec<papers::Entry>) -> Vec<Option<papers::Entry>> {
        let kept = |entry| match entry {
            papers::Entry::Empty => None,
            entry => Some(entry),
        };
        entries.into_iter().rev().map(kept).collect()
    }
}
