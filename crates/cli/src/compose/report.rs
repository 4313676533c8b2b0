//! What was done, for people. On standard error, so that `-o -` can be a pipe.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use anstyle::Style;
use holm_compose::Report;

use crate::output::{self, human_size, printable};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

pub(super) fn print(report: &Report, output: &Path, bytes: usize) {
    let mut text = String::new();
    wired(report, &mut text);
    left(report, &mut text);
    let exports = if report.exports.is_empty() { "nothing".to_owned() } else { printable(&report.exports.join(", ")) };
    text += &format!("{BOLD}exports{BOLD:#}  {exports}\n");
    // A closed terminal is no reason to fail.
    let _ = anstream::stderr().write_all(text.as_bytes());
    for warning in &report.warnings {
        output::warn(warning);
    }
    for part in &report.unused {
        output::warn(&format!("{part} is not in it: nothing imports what it exports"));
    }
    let output = if output == Path::new("-") { "standard output".into() } else { output.display().to_string() };
    output::note(&format!("{output}: {}", human_size(bytes as u64)));
}

fn wired(report: &Report, text: &mut String) {
    for wire in &report.wired {
        let export = if wire.export == wire.import {
            String::new()
        } else {
            format!(" {DIM}as{DIM:#} {}", printable(&wire.export))
        };
        let chosen = if wire.chosen { format!(" {DIM}(as said){DIM:#}") } else { String::new() };
        *text += &format!(
            "{BOLD}wired{BOLD:#}    {}: {} {DIM}→{DIM:#} {}{export}{chosen}\n",
            printable(&wire.part),
            printable(&wire.import),
            printable(&wire.to)
        );
    }
}

/// What is left for the host of one package, and by whom.
#[derive(Default)]
struct Package<'a> {
    interfaces: Vec<&'a str>,
    parts: Vec<&'a str>,
}

/// One line for each package, since components have a dozen interfaces of WASI.
fn left(report: &Report, text: &mut String) {
    let mut packages: BTreeMap<(&str, &str), Package<'_>> = BTreeMap::new();
    for left in &report.host {
        let (path, version) = left.import.split_once('@').unwrap_or((&left.import, ""));
        let (package, interface) = path.split_once('/').unwrap_or(("", path));
        let Package { interfaces, parts } = packages.entry((package, version)).or_default();
        if !interfaces.contains(&interface) {
            interfaces.push(interface);
        }
        if !parts.contains(&left.part.as_str()) {
            parts.push(&left.part);
        }
    }
    for ((package, version), Package { interfaces, parts }) in packages {
        let names = match interfaces.as_slice() {
            [one] => (*one).to_owned(),
            several if package.is_empty() => several.join(", "),
            several => format!("{{{}}}", several.join(", ")),
        };
        let package = if package.is_empty() { String::new() } else { format!("{package}/") };
        let version = if version.is_empty() { String::new() } else { format!("@{version}") };
        let what = printable(&format!("{package}{names}{version}"));
        *text += &format!("{BOLD}host{BOLD:#}     {what} {DIM}({}){DIM:#}\n", printable(&parts.join(", ")));
    }
}
