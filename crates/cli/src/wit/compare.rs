//! `holm wit compare`

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use holm_engine::Result;
use holm_wit::compare::{Change, Comparison, Effect, Level, Role, compare as compared};

use super::sides::side_by_side;
use crate::args::WitCompare;
use crate::output::{print_json, print_styled, printable};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const BAD: Style = AnsiColor::Red.on_default().bold();
const GOOD: Style = AnsiColor::Green.on_default().bold();

/// The functions that are named where a type reaches many.
const NAMED: usize = 6;

/// Prints what changed; 1 if that concerns anybody who was asked about.
pub(super) fn compare(args: &WitCompare) -> Result<i32> {
    let comparison = compared(&super::read(&args.old)?, &super::read(&args.new)?);
    let whom: Vec<Role> = args.whom.iter().map(|whom| Role::from(*whom)).collect();
    let concerned = |role: &Role| whom.is_empty() || whom.contains(role);
    let breaks = comparison.worst().iter().any(|(role, _)| concerned(role));
    match args.json {
        true => {
            let mut json = serde_json::to_value(&comparison).unwrap_or_default();
            json["breaks"] = serde_json::to_value(comparison.worst()).unwrap_or_default();
            print_json(&json)?;
        }
        false => print_styled(&page(&comparison))?,
    }
    Ok(i32::from(breaks))
}

fn page(comparison: &Comparison) -> String {
    let (old, new) = (printable(&comparison.old), printable(&comparison.new));
    let mut text = format!("{BOLD}{old}{BOLD:#} -> {BOLD}{new}{BOLD:#}\n");
    let mut place = "";
    for change in &comparison.changes {
        if change.place != place {
            let _ = writeln!(text, "\n{BOLD}{}{BOLD:#}", printable(&change.place));
        }
        place = &change.place;
        text.push_str(&of_change(change));
    }
    text.push('\n');
    text.push_str(&verdict(comparison));
    text
}

fn of_change(change: &Change) -> String {
    let mut text = format!("  {} {}\n", printable(&change.item), printable(&change.what));
    if !change.old.is_empty() || !change.new.is_empty() {
        text.push_str(&side_by_side(&change.old, &change.new));
    }
    if !change.reaches.is_empty() {
        let named: Vec<String> = change.reaches.iter().take(NAMED).map(|name| printable(name)).collect();
        let more = change.reaches.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let _ = writeln!(text, "    {DIM}reaches {}{more}{DIM:#}", named.join(", "));
    }
    // What is true of both is said once.
    match change.effects.as_slice() {
        [(one, effect), (other, same)] if effect == same => {
            let _ = writeln!(text, "    {}, {}: {}", role(*one), role(*other), said(*effect));
        }
        effects => {
            for (who, effect) in effects {
                let _ = writeln!(text, "    {}: {}", role(*who), said(*effect));
            }
        }
    }
    text
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Importers => "who imports it",
        Role::Exporters => "who exports it",
        Role::Components => "components",
        Role::Hosts => "hosts",
    }
}

fn said(effect: Effect) -> String {
    match effect {
        Effect::Fine => "fine".to_owned(),
        Effect::Source => "links; the source has to be changed when it is built again".to_owned(),
        Effect::Rebuild => format!("{BAD}does not link{BAD:#} until it is built again; the source may stay"),
        Effect::Broken => format!("{BAD}does not link{BAD:#}, and the source has to be changed"),
    }
}

fn verdict(comparison: &Comparison) -> String {
    if comparison.changes.is_empty() {
        return format!("{GOOD}Nothing changed{GOOD:#} that anybody's code could tell.\n");
    }
    let whom: Vec<&str> = comparison.worst().iter().map(|(who, _)| plural(*who)).collect();
    let mut text = match whom.as_slice() {
        [] => format!("{GOOD}Breaks nobody.{GOOD:#}\n"),
        whom => format!("{BAD}Breaks{BAD:#} {}.\n", whom.join(", ")),
    };
    let size = match comparison.level {
        Level::Major => "an incompatible change",
        Level::Minor => "a compatible addition",
        Level::Nothing => "no change",
    };
    let _ = match (&comparison.least, comparison.enough) {
        (Some(least), Some(true)) => writeln!(text, "As {size} it should be at least version {least}, and it is."),
        (Some(least), Some(false)) => {
            writeln!(
                text,
                "As {size} it {BAD}should be at least version {least}{BAD:#}: {}",
                printable(&comparison.new)
            )
        }
        (Some(least), None) => writeln!(text, "As {size} it should be at least version {least}."),
        (None, Some(false)) => writeln!(text, "It is {size}, and should have {BAD}a later version{BAD:#}."),
        (None, _) => writeln!(text, "It is {size}."),
    };
    text
}

fn plural(role: Role) -> &'static str {
    match role {
        Role::Importers => "those who import it",
        Role::Exporters => "those who export it",
        Role::Components => "components",
        Role::Hosts => "hosts",
    }
}
