//! What an editor must survive: it empties the text, and then does what its argument says. The tests run it.

use editor_command::buffer::Span;
use editor_command::{Guest, buffer, export};

struct Wreck;
export!(Wreck);

impl Guest for Wreck {
    fn name() -> String {
        "wreck".into()
    }

    fn description() -> String {
        "empties the text and then fails: `fail`, `trap`, `loop`, `grow`, `flood`, `outside`".into()
    }

    fn run(argument: String) -> Result<(), String> {
        buffer::replace(Span { start: 0, end: buffer::line_count() }, &[])?;
        match argument.as_str() {
            "trap" => panic!("as asked"),
            "loop" => loop {
                std::hint::black_box(());
            },
            "grow" => {
                let taken: Vec<_> = (0..1024).map(|_| std::hint::black_box(vec![1_u8; 1 << 20])).collect();
                Err(format!("{} MiB were to be had", taken.len()))
            }
            // What it does not keep itself, the host would have to.
            "flood" => loop {
                buffer::insert(0, &["x".repeat(1 << 16)])?;
            },
            "outside" => buffer::replace(Span { start: u32::MAX, end: 1 }, &[]),
            _ => Err("as asked".into()),
        }
    }
}
