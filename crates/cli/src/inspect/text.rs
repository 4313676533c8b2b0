//! The report as text, for people.

use anstyle::Style;
use holm_abi::Provision;
use holm_engine::shape::{Feature, Form, Producer};

use super::features::{Support, support};
use super::items::{Group, Item};
use super::language::{Language, plain};
use super::report::{Claim, Contents, Report, Trust};
use crate::output::{human_size, printable};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Characters in a line of lists.
const WIDTH: usize = 100;
/// Characters of a name. Demangled ones have no end.
const NAME: usize = 120;
/// Lines of a list; the JSON form has all of it.
const LINES: usize = 40;
/// Kinds of sections.
const SECTIONS: usize = 10;

/// The whole report.
pub(super) fn page(report: &Report) -> String {
    let mut text = head(report);
    text.push_str(&imports(&report.imports));
    text.push_str(&exports(&report.exports));
    if let Some(contents) = &report.contents {
        text.push_str(&sizes(contents, report.shape.size));
    }
    text
}

fn head(report: &Report) -> String {
    let shape = &report.shape;
    let (form, size) = (shape.form, human_size(shape.size));
    let what = match report.precompiled {
        Some(_) => format!("compiled code of a {form} of {size}"),
        None => format!("{form}, {size}"),
    };
    let mut text = format!("{BOLD}{}{BOLD:#}: {what}, sha256:{}…\n\n", name(&report.name), shape.digest.short());
    let lacks_types = shape.form == Form::Component && report.precompiled.is_none() && report.wit.is_none();
    let mut line = |label: &str, value: &str| text.push_str(&format!("{BOLD}{label:<10}{BOLD:#} {value}\n"));
    match &report.verdict {
        Ok(command) => line("Use", &name(command)),
        Err(why) => line("Use", &format!("none: it {}", name(why))),
    }
    line("ABI", &claims(&report.abi, &report.others));
    if let Some((settings, trust)) = &report.precompiled {
        line("Compiled", &compiled(settings, *trust));
    }
    if let Some(contents) = &report.contents {
        line("Language", &languages(&contents.languages));
        let tools = tools(&contents.producers);
        if !tools.is_empty() {
            line("Made by", &tools);
        }
        line("Needs", &needs(&contents.features));
        if lacks_types {
            line("Types", "cannot be read: they are damaged, or made to do harm");
        }
    } else {
        line("Unknown", "language, features and sizes: compiled code does not show them");
    }
    text
}

fn claims(chosen: &Claim, others: &[Claim]) -> String {
    let mut text = format!("{}, because it {}", chosen.abi, name(&chosen.evidence.because));
    for other in others {
        text.push_str(&format!("; perhaps {}: it {}", other.abi, name(&other.evidence.because)));
    }
    text
}

fn compiled(settings: &holm_engine::Settings, trust: Trust) -> String {
    let target = settings.target.as_deref().unwrap_or("the machine it was compiled on");
    let mut text = format!("{}, for {}", settings.tier, name(target));
    for (is_on, what) in [
        (settings.interruptible, "--interruptible"),
        (settings.fuel, "--fuel"),
        (settings.deterministic, "--deterministic"),
        (settings.concurrency, "concurrency"),
        (settings.shared_memory, "shared memory"),
        (settings.wide_arithmetic, "wide-arithmetic"),
        (settings.stack_switching, "stack-switching"),
    ] {
        if is_on {
            text.push_str(&format!(", {what}"));
        }
    }
    if trust == Trust::Unsigned {
        text.push_str("; not by you, or changed since: native code is not sandboxed");
    }
    text
}

fn languages(languages: &[Language]) -> String {
    let language = |language: &Language| match &language.version {
        Some(version) => name(&format!("{} {version}", language.name)),
        None => name(&language.name),
    };
    match languages {
        [] => "unknown".to_owned(),
        languages => wrap(languages.iter().map(language), 11),
    }
}

fn tools(producers: &[Producer]) -> String {
    let tool = |tool: &Producer| name(format!("{} {}", tool.name, plain(&tool.version)).trim_end());
    wrap(producers.iter().filter(|producer| producer.field != "language").map(tool), 11)
}

fn needs(features: &[Feature]) -> String {
    let feature = |feature: &Feature| match support(*feature) {
        Support::Always => feature.to_string(),
        Support::Automatic => format!("{feature} (switched on for it)"),
        Support::Flag(flag) => format!("{feature} (--features {flag})"),
        Support::Never => format!("{feature} (Holm does not have it)"),
    };
    match features {
        [] => "nothing beyond the first version of WebAssembly".to_owned(),
        features => wrap(features.iter().map(feature), 11),
    }
}

fn imports(groups: &[Group]) -> String {
    if groups.is_empty() {
        return format!("\n{BOLD}Imports{BOLD:#}    nothing\n");
    }
    let mut text = format!("\n{BOLD}Imports{BOLD:#}\n");
    let title = |group: &Group| name(group.interface.as_deref().unwrap_or("(the component itself)"));
    let width = groups.iter().map(|group| title(group).chars().count()).filter(|width| *width <= 50).max();
    let width = width.unwrap_or_default();
    for group in groups.iter().take(LINES) {
        let satisfied_by = match group.satisfied_by {
            Provision::Always => format!("{DIM}always there{DIM:#}"),
            Provision::Grant(grant) => grant.to_owned(),
            Provision::Refusal(why) => format!("refuses when called: {why}"),
            Provision::Nothing => format!("{BOLD}nothing here provides this{BOLD:#}"),
        };
        text.push_str(&format!("  {:<width$}  {satisfied_by}\n", title(group)));
        text.push_str(&members(group));
    }
    text + &rest(groups.len(), LINES, 2)
}

/// The members of an interface that is there are known from its name. Those of a core module are not, and
/// whoever has to provide something wants to know its type.
fn members(group: &Group) -> String {
    let is_missing = group.satisfied_by == Provision::Nothing;
    let is_interface = group.interface.as_ref().is_some_and(|interface| interface.contains('/'));
    match (is_missing, is_interface) {
        (true, _) => lines(&group.items, 4),
        (false, false) => format!("    {DIM}{}{DIM:#}\n", wrap(group.items.iter().map(|item| name(&item.name)), 4)),
        (false, true) => String::new(),
    }
}

fn exports(exports: &[Item]) -> String {
    match exports {
        [] => format!("\n{BOLD}Exports{BOLD:#}    nothing\n"),
        exports => format!("\n{BOLD}Exports{BOLD:#}\n{}", lines(exports, 2)),
    }
}

/// One item a line, with what is in it below it.
fn lines(items: &[Item], indent: usize) -> String {
    let mut text = String::new();
    for item in items.iter().take(LINES) {
        let what = match (item.kind, &item.ty) {
            (Some("interface"), _) | (None, None) => String::new(),
            (Some("function"), Some(ty)) => format!(": {}", name(ty)),
            (Some(kind), Some(ty)) => format!(": {kind}, {}", name(ty)),
            (Some(kind), None) => format!(": {kind}"),
            (None, Some(ty)) => format!(": {}", name(ty)),
        };
        text.push_str(&format!("{:indent$}{}{what}\n", "", name(&item.name)));
        text.push_str(&lines(&item.items, indent + 2));
    }
    text + &rest(items.len(), LINES, indent)
}

fn rest(all: usize, shown: usize, indent: usize) -> String {
    match all.checked_sub(shown) {
        None | Some(0) => String::new(),
        Some(more) => format!("{:indent$}… and {more} more (--json lists all)\n", ""),
    }
}

fn sizes(contents: &Contents, whole: u64) -> String {
    let mut text = format!("\n{BOLD}Sections{BOLD:#}\n");
    for section in contents.sections.iter().take(SECTIONS) {
        let share = 100.0 * section.size as f64 / whole.max(1) as f64;
        text.push_str(&format!("  {:>9}  {share:>4.1} %  {}\n", human_size(section.size), name(&section.name)));
    }
    text.push_str(&rest(contents.sections.len(), SECTIONS, 2));
    if !contents.functions.is_empty() {
        text.push_str(&format!("\n{BOLD}Largest functions{BOLD:#}{}\n", nameless(contents)));
    }
    for function in &contents.functions {
        let name = match (&function.name, function.module) {
            (Some(known), _) => name(known),
            (None, 0) => format!("function {}", function.index),
            (None, module) => format!("function {} of module {module}", function.index),
        };
        text.push_str(&format!("  {:>9}  {name}\n", human_size(function.size)));
    }
    text
}

/// Why functions have numbers, where they do.
fn nameless(contents: &Contents) -> &'static str {
    let has_names = contents.sections.iter().any(|section| section.name == "custom name");
    match !has_names && contents.functions.iter().any(|function| function.name.is_none()) {
        true => " (the name section was stripped)",
        false => "",
    }
}

/// A name the guest chose, on one line and of a bearable length.
fn name(text: &str) -> String {
    let line = printable(text).replace('\n', " ");
    match line.char_indices().nth(NAME) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

/// Words with commas between them, in lines that begin `indent` characters in.
fn wrap(words: impl Iterator<Item = String>, indent: usize) -> String {
    let mut text = String::new();
    let mut column = indent;
    for word in words.take(LINES * 4) {
        let length = word.chars().count() + 2;
        if !text.is_empty() {
            text.push(',');
            if column + length > WIDTH {
                text.push_str(&format!("\n{:indent$}", ""));
                column = indent;
            } else {
                text.push(' ');
            }
        }
        text.push_str(&word);
        column += length;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_on_one_short_line() {
        assert_eq!(name("a\nb\u{1b}[31m"), "a b[31m");
        assert_eq!(name(&"é".repeat(500)).chars().count(), NAME + 1);
    }

    #[test]
    fn long_lists_are_wrapped_under_each_other() {
        let text = wrap((0..30).map(|n| format!("word{n}")), 4);
        assert!(text.lines().count() > 1);
        assert!(text.lines().skip(1).all(|line| line.starts_with("    word")));
        assert!(text.lines().all(|line| line.len() <= WIDTH));
    }
}
