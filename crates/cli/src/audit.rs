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
        output::note(&format!("{guest} asked for more than it was granted: `{}` would grant it", ask.flag()));
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

/// What would have granted this in the table of a manifest that is headed `table`.
pub(crate) fn granting(ask: &Ask, table: &str) -> String {
    let (key, text) = ask.grant_text();
    let text = output::printable(&text);
    match ask {
        Ask::Config(_) => format!("`config = {{ {text:?} = \"…\" }}` in [{table}] would grant it"),
        _ => format!("`{key} = {text:?}` in [{table}] would grant it"),
    }
}
