//! `holm cache`

mod pulled;

use std::time::SystemTime;

use holm_engine::{Cache, CacheEntry, Error, Kind, Pruned, Result};
use serde_json::{Value as Json, json};

use crate::args::{self, CacheAction};
use crate::output::{self, human_size};

/// Shows, prunes or clears the cache, and the store of what was pulled.
pub(crate) fn cache(args: args::Cache) -> Result<i32> {
    let dir = Cache::default_dir().ok_or_else(|| {
        Error::new(Kind::Io, "there is no home directory for a cache").note("HOLM_CACHE_DIR names one")
    })?;
    let cache = Cache::open(&dir)?;
    match args.action.unwrap_or(CacheAction::Show) {
        CacheAction::Show => show(&cache, args.json)?,
        CacheAction::Prune { to } => report(pulled::prune(&cache, to), args.json)?,
        CacheAction::Clear => report(pulled::prune(&cache, 0), args.json)?,
    }
    Ok(0)
}

fn show(cache: &Cache, json: bool) -> Result<()> {
    let failed = |error| Error::io(format_args!("read {}", cache.dir().display()), &error);
    let entries = cache.entries().map_err(failed)?;
    let guests = pulled::guests(cache);
    let bytes = entries.iter().map(|entry| entry.size).chain(guests.iter().map(|guest| guest.size)).sum();
    if json {
        let entries: Vec<Json> = entries.iter().map(describe).collect();
        let guests: Vec<Json> = guests.iter().map(pulled::Guest::describe).collect();
        return output::print_json(
            &json!({ "directory": cache.dir(), "bytes": bytes, "entries": entries, "guests": guests }),
        );
    }
    let mut text = String::new();
    for entry in &entries {
        let name = output::printable(&entry.name);
        let (size, tier) = (human_size(entry.size), entry.settings.tier.to_string());
        text.push_str(&format!("{}  {size:>10}  {tier:<9}  {:<14}  {name}\n", entry.digest.short(), ago(entry.used)));
    }
    for guest in &guests {
        text.push_str(&guest.line(&ago(guest.used)));
    }
    let count = match entries.len() + guests.len() {
        1 => "1 entry".to_owned(),
        count => format!("{count} entries"),
    };
    text.push_str(&format!("{count}, {} in {}\n", human_size(bytes), cache.dir().display()));
    output::print(&text)
}

fn describe(entry: &CacheEntry) -> Json {
    let used = entry.used.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    json!({
        "name": entry.name,
        "digest": entry.digest.to_string(),
        "bytes": entry.size,
        "settings": entry.settings,
        "used": used,
        "path": entry.path(),
    })
}

fn ago(then: SystemTime) -> String {
    let seconds = then.elapsed().map_or(0, |age| age.as_secs());
    match seconds {
        0..120 => "just now".into(),
        120..7200 => format!("{} minutes ago", seconds / 60),
        7200..172_800 => format!("{} hours ago", seconds / 3600),
        _ => format!("{} days ago", seconds / 86400),
    }
}

fn report(pruned: Pruned, json: bool) -> Result<()> {
    if json {
        return output::print_json(&json!({ "files": pruned.files, "bytes": pruned.bytes }));
    }
    let files = if pruned.files == 1 { "file" } else { "files" };
    output::print(&format!("removed {} {files}, {}\n", pruned.files, human_size(pruned.bytes)))
}
