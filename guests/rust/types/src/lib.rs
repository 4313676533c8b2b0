//! A component that exports functions over every kind of value and imports nothing.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};

wit_bindgen::generate!({ path: "wit", world: "types" });

use exports::holm::test::counters::{self, Counter, CounterBorrow, GuestCounter};
use exports::holm::test::shapes::{self, Colour, Perms, Point, Shape};

struct Types;
export!(Types);

impl Guest for Types {
    fn add(a: i32, b: i32) -> i32 {
        a.wrapping_add(b)
    }

    fn join(words: Vec<String>, between: String) -> String {
        words.join(&between)
    }

    fn reverse(mut bytes: Vec<u8>) -> Vec<u8> {
        bytes.reverse();
        bytes
    }

    fn integers(a: i8, b: u8, c: i16, d: u16, e: i32, f: u32, g: i64, h: u64) -> String {
        format!("{a} {b} {c} {d} {e} {f} {g} {h}")
    }

    fn floats(a: f32, b: f64) -> f64 {
        f64::from(a) + b
    }

    fn negate(b: bool) -> bool {
        !b
    }

    fn nothing() {}

    fn fail() {
        core::arch::wasm32::unreachable()
    }
}

impl shapes::Guest for Types {
    fn area(s: Shape) -> f64 {
        match s {
            Shape::Circle(radius) => std::f64::consts::PI * radius * radius,
            Shape::Rectangle(size) => size.x * size.y,
            Shape::Nothing => 0.0,
        }
    }

    fn greet(name: String) -> String {
        format!("Hello, {name}!")
    }

    fn divide(a: i32, b: i32) -> Result<i32, String> {
        a.checked_div(b).ok_or(format!("cannot divide {a} by {b}"))
    }

    fn swap((number, text): (i32, String)) -> (String, i32) {
        (text, number)
    }

    fn flip(p: Perms) -> Perms {
        p.complement()
    }

    fn next(c: Colour) -> Colour {
        match c {
            Colour::Red => Colour::Green,
            Colour::Green => Colour::Blue,
            Colour::Blue => Colour::Red,
        }
    }

    fn mirror(p: Point) -> Point {
        Point { x: -p.x, y: -p.y }
    }

    fn bump(n: Option<u32>) -> Option<u32> {
        n.map(|number| number.wrapping_add(1))
    }

    fn largest(numbers: Vec<i64>) -> Option<i64> {
        numbers.into_iter().max()
    }

    fn upper(c: char) -> char {
        c.to_uppercase().next().unwrap_or(c)
    }

    fn even(n: u8) -> Result<(), ()> {
        if n % 2 == 0 { Ok(()) } else { Err(()) }
    }
}

static MADE: AtomicU32 = AtomicU32::new(0);

struct Count(Cell<i32>);

impl GuestCounter for Count {
    fn new(start: i32) -> Count {
        MADE.fetch_add(1, Ordering::Relaxed);
        Count(Cell::new(start))
    }

    fn increment(&self, by: i32) -> i32 {
        self.0.set(self.0.get().wrapping_add(by));
        self.0.get()
    }

    fn value(&self) -> i32 {
        self.0.get()
    }

    fn made() -> u32 {
        MADE.load(Ordering::Relaxed)
    }
}

impl counters::Guest for Types {
    type Counter = Count;

    fn merge(a: Counter, b: Counter) -> Counter {
        let sum = a.get::<Count>().value().wrapping_add(b.get::<Count>().value());
        Counter::new(Count::new(sum))
    }

    fn peek(c: CounterBorrow<'_>) -> i32 {
        c.get::<Count>().value()
    }
}
