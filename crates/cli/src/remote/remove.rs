//! `holm remove`

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use holm_admin::AppName;
use holm_admin::client::Client;
use holm_engine::{Error, Kind, Result};

use super::server::{call, client, wait_for};
use crate::args::remote::Remove;
use crate::output;

/// Removes an app, once that is confirmed.
pub(crate) fn remove(args: Remove) -> Result<i32> {
    let client = client(&args.server)?;
    if !args.yes && !confirmed(&client, &args.name)? {
        output::print(&format!("{} stays\n", args.name))?;
        return Ok(1);
    }
    wait_for(call(client.remove(&args.name)))?;
    output::print(&format!("{} is removed\n", args.name))?;
    Ok(0)
}

/// Asks whoever sits at the terminal.
fn confirmed(client: &Client, name: &AppName) -> Result<bool> {
    if !io::stdin().is_terminal() {
        return Err(Error::new(Kind::Usage, format!("removing {name} cannot be undone, and nobody is here to ask"))
            .note("--yes removes it without asking"));
    }
    let versions = match wait_for(call(client.app(name)))?.versions.len() {
        1 => "its only version".to_owned(),
        count => format!("all its {count} versions"),
    };
    let failed = |error| Error::io("ask", &error);
    let mut out = io::stderr();
    write!(out, "Remove {name}, {versions} and what it keeps from {}? [y/N] ", client.target()).map_err(failed)?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(failed)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
