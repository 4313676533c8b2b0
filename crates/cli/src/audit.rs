//! What the guest asked for and did not have.

use holm_grants::{Ask, Audit};

use crate::output;

/// The refusals named one by one after a failed run; `--audit` prints all.
const NAMED: usize = 5;

/// Prints everything that was refused, as text for a manifest, on standard error.
pub(crate) fn print(audit: &Audit) {
    if audit.is_empty() {
        output::note("it asked for nothing beyond what it was granted");
        return;
    }
    output::note("it asked for more than it was granted; in a holm.toml this would grant it:");
    eprint!("{}", audit.manifest_text());
}

/// After a run that failed: what was refused, and the flags that would grant it.
pub(crate) fn hint(audit: &Audit, guest: &str) {
    let asks = audit.asks();
    for ask in asks.iter().take(NAMED) {
        let flag = ask.flag();
        // Only guests of Spin ask for these, and most are run from its manifest.
        let spin = match ask {
            Ask::Outbound(_) | Ask::Sql(_) | Ask::Model(_) => in_spin(ask).map(|text| format!(", or {text}")),
            _ => None,
        };
        let spin = spin.unwrap_or_default();
        output::note(&format!("{guest} asked for more than it was granted: `{flag}` would grant it{spin}"));
    }
    let components = audit.components();
    for (table, ask) in components.iter().take(NAMED.saturating_sub(asks.len())) {
        let granting = granting(ask, table);
        output::note(&format!("a component of {guest} asked for more than it was granted: {granting}"));
    }
    if asks.len() + components.len() > NAMED {
        output::note(&format!("and {} more: --audit lists them", asks.len() + components.len() - NAMED));
    }
}

/// What would have granted this to a component of a Spin app.
#[cfg(feature = "serve")]
pub(crate) fn granting_in_spin(ask: &Ask) -> String {
    match in_spin(ask) {
        Some(text) => format!("{text} would grant it"),
        None => format!("nothing in a spin.toml grants it; Holm's own flag is `{}`", ask.flag()),
    }
}

fn in_spin(ask: &Ask) -> Option<String> {
    let (key, text) = ask.spin_text()?;
    Some(format!("`{key} = [{:?}]` in its table of a spin.toml", output::printable(&text)))
}

/// What would have granted this in the table of a manifest that is headed `table`.
pub(crate) fn granting(ask: &Ask, table: &str) -> String {
    let (key, text) = ask.grant_text();
    let text = output::printable(&text);
    match ask {
        Ask::Config(_) => format!("`config = {{ {text:?} = \"…\" }}` in [{table}] would grant it"),
        _ => format!("`{key} = {text:?}` in [{table}] would grant it"),
    }
}
