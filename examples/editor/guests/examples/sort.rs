//! Sorts the selected lines.

use editor_command::{Guest, buffer, export};

struct Sort;
export!(Sort);

impl Guest for Sort {
    fn name() -> String {
        "sort".into()
    }

    fn description() -> String {
        "sorts the selected lines; `sort down` begins with the last".into()
    }

    fn run(argument: String) -> Result<(), String> {
        let selected = buffer::selection();
        let mut lines = buffer::lines(selected)?;
        lines.sort();
        match argument.as_str() {
            "" => {}
            "down" => lines.reverse(),
            other => return Err(format!("it sorts up, or `down`, but not `{other}`")),
        }
        buffer::replace(selected, &lines)
    }
}
