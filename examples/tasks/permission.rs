//! What a plugin asks for, and what whoever runs this program decides about it.

use std::io::{BufRead, Write};

use holm::{Asks, Decisions, Grants, Limits, PluginBuilder, Result, Verdict};

/// What a plugin gets at most, whatever it asks for.
fn limits() -> Limits {
    let second = std::time::Duration::from_secs(1);
    Limits::new().memory(64 << 20).cpu(second).wall(10 * second)
}

/// Who answers where nothing is decided yet.
pub(crate) enum Who<'a> {
    /// Yes to everything.
    Yes,
    /// Whoever is at the terminal. No answer is a no.
    Asked(&'a mut dyn BufRead),
}

/// Gives a plugin what it asks for and is allowed. What was decided is kept: the same wishes are asked about once, and a new
/// version that wants more is asked about again.
pub(crate) fn granted(
    plugin: PluginBuilder,
    name: &str,
    decisions: &mut Decisions,
    who: Who<'_>,
    output: &mut impl Write,
) -> Result<PluginBuilder> {
    let asks = plugin.asks()?;
    if let Verdict::Undecided(lines) = decisions.verdict(name, &asks) {
        if decide(name, &lines, who, output) { decisions.grant(name, &asks)? } else { decisions.refuse(name, &asks)? }
    }
    // A plugin may ask for less than it would get, never for more.
    let plugin = plugin.limits(limits().tightest(asks.limits));
    match decisions.verdict(name, &asks) {
        Verdict::Granted => Ok(plugin.grant(wishes(asks).into())),
        Verdict::Refused(_) | Verdict::Undecided(_) => Ok(plugin),
    }
}

/// What it asks for, with the values that only the host has.
fn wishes(asks: Asks) -> Grants {
    let mut grants = asks.grants;
    for name in asks.env_from_host {
        if let Ok(value) = std::env::var(&name) {
            grants.env.insert(name, value);
        }
    }
    grants
}

fn decide(name: &str, lines: &[String], who: Who<'_>, output: &mut impl Write) -> bool {
    let input = match who {
        Who::Yes => return true,
        Who::Asked(input) => input,
    };
    let mut answer = String::new();
    let asked = write!(output, "{name} asks for\n    {}\nMay it have that? [y/N] ", lines.join("\n    "))
        .and_then(|()| output.flush())
        .and_then(|()| input.read_line(&mut answer));
    asked.is_ok() && matches!(answer.trim(), "y" | "yes")
}
