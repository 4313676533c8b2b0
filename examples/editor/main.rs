//! A text editor, line by line, whose commands are plugins in a folder.
//!
//! Plugins are components of the world in `wit/editor.wit`. The binding generator makes Rust types of that world, [`Buffer`]
//! implements what it imports, and calls of what it exports are checked when this program is compiled.

mod buffer;
mod commands;

use std::error::Error;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

use buffer::Buffer;
use commands::Commands;
use holm::Runtime;

/// What the binding generator makes of the world.
mod bindings {
    holm::component::bindgen!({
        path: "../../examples/editor/wit",
        world: "command",
        exports: { default: async },
        wasmtime_crate: holm::component::engine,
    });
}

holm::component::world!(bindings::Command => Buffer);

/// Where the plugins are that come with this example.
pub(crate) const PLUGINS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/editor/plugins");

const HELP: &str = "\
print               prints the selected lines
select [FROM TO]    selects lines, counted from 1, or everything
undo                takes back what the last command did
write [FILE]        writes the text
quit                ends
";

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (mut folder, mut file) = (PathBuf::from(PLUGINS), None);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--plugins" => folder = args.next().ok_or("--plugins FOLDER")?.into(),
            _ => file = Some(PathBuf::from(arg)),
        }
    }
    edit(&Runtime::new()?, &folder, file.as_deref(), std::io::stdin().lock(), &mut std::io::stdout())
}

/// Edits a file by the commands that `input` has, one on a line.
pub(crate) fn edit(
    runtime: &Runtime,
    plugins: &Path,
    file: Option<&Path>,
    input: impl BufRead,
    output: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let text = file.map(std::fs::read_to_string).transpose()?.unwrap_or_default();
    let mut editor = Editor {
        file: file.map(Path::to_owned),
        text: Buffer::new(&text),
        past: Vec::new(),
        commands: Commands::new(runtime, plugins),
    };
    for line in input.lines() {
        let line = line?;
        for news in editor.commands.refresh() {
            writeln!(output, "{news}")?;
        }
        match editor.does(line.trim()) {
            Ok(None) => break,
            Ok(Some(said)) => write!(output, "{said}")?,
            Err(why) => writeln!(output, "error: {why}")?,
        }
    }
    Ok(())
}

struct Editor {
    file: Option<PathBuf>,
    text: Buffer,
    /// What the text was before each command.
    past: Vec<Buffer>,
    commands: Commands,
}

impl Editor {
    /// Does what a line says, and returns what there is to say about it, or nothing when that is to end.
    fn does(&mut self, line: &str) -> Result<Option<String>, Box<dyn Error>> {
        let (name, argument) = line.split_once(' ').unwrap_or((line, ""));
        match (name, argument.trim()) {
            ("quit", _) => return Ok(None),
            ("", _) => {}
            ("help", _) => return Ok(Some(self.help())),
            ("print", _) => {
                return Ok(Some(self.text.selection().map(|(at, line)| format!("{at:>4}  {line}\n")).collect()));
            }
            ("select", "") => self.text.select(None)?,
            ("select", lines) => self.text.select(Some(range(lines).ok_or("select FROM TO")?))?,
            ("undo", _) => self.text = self.past.pop().ok_or("there is nothing to take back")?,
            ("write", "") => std::fs::write(self.file.as_ref().ok_or("write FILE")?, self.text.text())?,
            ("write", file) => std::fs::write(file, self.text.text())?,
            (name, argument) => {
                let (text, report) = self.commands.run(name, argument, &self.text)?;
                self.past.push(std::mem::replace(&mut self.text, text));
                return Ok(Some(format!("{name}: {:.0?} of CPU time, {} KiB\n", report.cpu, report.memory >> 10)));
            }
        }
        Ok(Some(String::new()))
    }

    fn help(&self) -> String {
        let plugins = self.commands.list().map(|(name, about)| format!("{name:<18}  {about}\n"));
        std::iter::once(HELP.to_owned()).chain(plugins).collect()
    }
}

/// Lines as people count them, both included.
fn range(text: &str) -> Option<std::ops::Range<usize>> {
    let (from, to) = text.split_once(' ')?;
    let from: usize = from.parse().ok()?;
    Some(from.checked_sub(1)?..to.trim().parse().ok()?)
}
