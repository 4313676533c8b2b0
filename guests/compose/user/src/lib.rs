//! A component that calls everything others export, with each kind of type.

wit_bindgen::generate!({ path: ["../../rust/types/wit", "../wit"], world: "holm:desk/user", generate_all });

use holm::desk::{desk, papers};
use holm::test::counters::{Counter, merge};
use holm::test::shapes;

struct User;
export!(User);

impl Guest for User {
    fn check() -> Vec<String> {
        let mut lines = Vec::new();
        plain(&mut lines);
        shapes(&mut lines);
        resources(&mut lines);
        nested(&mut lines);
        lines
    }
}

fn plain(lines: &mut Vec<String>) {
    lines.push(format!("add {}", add(40, 2)));
    lines.push(format!("join {}", join(&["a".to_owned(), "é".to_owned()], "-")));
    lines.push(format!("reverse {:?}", reverse(&[1, 2, 255])));
    let all = integers(i8::MIN, u8::MAX, i16::MIN, u16::MAX, i32::MIN, u32::MAX, i64::MIN, u64::MAX);
    lines.push(format!("integers {all}"));
    lines.push(format!("floats {}", floats(0.5, 1e300)));
    lines.push(format!("negate {}", negate(true)));
}

fn shapes(lines: &mut Vec<String>) {
    use shapes::{Colour, Perms, Point, Shape};
    let sides = Point { x: 2.0, y: 3.5 };
    lines.push(format!("area {} {}", shapes::area(Shape::Rectangle(sides)), shapes::area(Shape::Nothing)));
    lines.push(format!("greet {}", shapes::greet("Ada")));
    lines.push(format!("divide {:?} {:?}", shapes::divide(9, 2), shapes::divide(1, 0)));
    lines.push(format!("swap {:?}", shapes::swap((7, "seven"))));
    lines.push(format!("flip {:?}", shapes::flip(Perms::READ) == Perms::WRITE | Perms::EXECUTE));
    lines.push(format!("next {:?}", shapes::next(Colour::Blue)));
    lines.push(format!("bump {:?} {:?}", shapes::bump(Some(1)), shapes::bump(None)));
    lines.push(format!("largest {:?} {:?}", shapes::largest(&[3, -1, 9]), shapes::largest(&[])));
    lines.push(format!("upper {}", shapes::upper('ß')));
    lines.push(format!("even {:?} {:?}", shapes::even(2), shapes::even(3)));
}

fn resources(lines: &mut Vec<String>) {
    let own = Counter::new(1);
    let opened = desk::open(10);
    lines.push(format!("charge {} {}", desk::charge(&own, 5), desk::charge(&opened, 5)));
    let merged = merge(own, opened);
    lines.push(format!("merged {}", merged.value()));
    lines.push(format!("close {}", desk::close(merged)));
    let all: Vec<i32> = desk::open_all(&[1, 2, 3]).iter().map(Counter::value).collect();
    lines.push(format!("open-all {all:?} of {} made", Counter::made()));
}

fn nested(lines: &mut Vec<String>) {
    use papers::{Entry, Sheet};
    let sheet = |title: &str| Sheet { title: title.to_owned(), lines: vec!["x".to_owned(); 2], size: Some((21, 29)) };
    let entries = vec![
        Entry::Empty,
        Entry::One(sheet("one")),
        Entry::Many(vec![sheet("two"), Sheet { size: None, ..sheet("three") }]),
        Entry::Refused(Ok(u64::MAX)),
        Entry::Refused(Err("no".to_owned())),
    ];
    for entry in papers::file(&entries) {
        lines.push(format!("{entry:?}"));
    }
}
