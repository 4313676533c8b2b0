//! `holm completions` and the manual pages, from the definitions that the command line is read by.

use holm_engine::{Error, Kind, Result};

use crate::args::{Completions, Man, definitions};
use crate::output;

/// Prints the script that makes a shell complete.
pub(crate) fn completions(args: Completions) -> Result<i32> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut definitions(), "holm", &mut script);
    let script = String::from_utf8(script);
    output::print(&script.map_err(|error| Error::new(Kind::Internal, format!("not a script: {error}")))?)?;
    Ok(0)
}

/// Writes a manual page for `holm` and one for each of its commands.
pub(crate) fn man(args: Man) -> Result<i32> {
    let write = || {
        std::fs::create_dir_all(&args.dir)?;
        clap_mangen::generate_to(definitions(), &args.dir)
    };
    write().map_err(|error| Error::io(format_args!("write manual pages to {}", args.dir.display()), &error))?;
    Ok(0)
}
