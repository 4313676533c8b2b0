//! Makes the selected lines upper case, one after the other.

use editor_command::buffer::Span;
use editor_command::{Guest, buffer, export};

struct Upper;
export!(Upper);

impl Guest for Upper {
    fn name() -> String {
        "upper".into()
    }

    fn description() -> String {
        "makes the selected lines upper case".into()
    }

    fn run(_: String) -> Result<(), String> {
        let selected = buffer::selection();
        for at in selected.start..selected.end {
            let line = Span { start: at, end: at + 1 };
            let upper: Vec<_> = buffer::lines(line)?.iter().map(|line| line.to_uppercase()).collect();
            buffer::replace(line, &upper)?;
        }
        Ok(())
    }
}
