//! What a bundle carries, for whoever wants to know before running it.

use std::fs::{self, File};
use std::path::Path;

use anstyle::{AnsiColor, Style};
use holm_engine::{Error, Result};
use serde_json::{Value as Json, json};

use super::payload::Payload;
use super::record::{Place, Record};
use crate::output::{human_size, print_json, print_styled, printable};

const BOLD: Style = AnsiColor::Cyan.on_default().bold();

/// Shows what the bundle at `path` carries; `None` where there is no bundle.
pub(crate) fn describe(path: &str, as_json: bool) -> Option<Result<i32>> {
    let path = Path::new(path);
    let mut begin = [0; 4];
    std::io::Read::read_exact(&mut File::open(path).ok()?, &mut begin).ok()?;
    if begin != *b"\x7fELF" {
        return None;
    }
    let bytes = fs::read(path).ok()?;
    let (record, _) = Record::find(&bytes)?;
    let place = record.place()?;
    Some(show(path, bytes.len() as u64, (&record, place), as_json).map(|()| 0))
}

fn show(path: &Path, size: u64, (record, place): (&Record, Place), as_json: bool) -> Result<()> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|error| Error::io(format_args!("read {name}"), &error))?;
    let payload = Payload::read(file, place, &name)?;
    let head = &payload.head;
    let said = serde_json::to_value(&head.said).unwrap_or_default();
    let said: serde_json::Map<String, Json> =
        said.as_object().cloned().unwrap_or_default().into_iter().filter(|(_, value)| says_something(value)).collect();
    let runtime = format!("Holm {} for {} {}", record.version(), record.arch(), record.os());
    if as_json {
        return print_json(&json!({
            "bundle": {
                "name": name, "bytes": size, "runtime": runtime, "guest": head.name, "code": payload.code_length,
                "digest": head.code.shape.digest.to_string(), "settings": head.code.settings, "serve": head.serve,
                "flags": said, "manifest": head.manifest,
            }
        }));
    }
    let serve = head.serve.as_ref().map(|addresses| addresses.join(", "));
    let rows = [
        ("guest", Some(head.name.clone())),
        ("digest", Some(head.code.shape.digest.to_string())),
        ("code", Some(format!("{} of {} code", human_size(payload.code_length), head.code.settings.tier))),
        ("runtime", Some(format!("{runtime}, {}", human_size(place.start)))),
        ("serves", serve),
        ("flags", (!said.is_empty()).then(|| Json::Object(said).to_string())),
        ("manifest", head.manifest.clone().map(|text| format!("\n{}", text.trim_end()))),
    ];
    let mut text = format!("{BOLD}{}{BOLD:#}: a bundle, {}\n", printable(&name), human_size(size));
    for (title, value) in rows.into_iter().filter_map(|(title, value)| Some((title, value?))) {
        text.push_str(&format!("  {title:<9} {}\n", printable(&value)));
    }
    print_styled(&text)
}

fn says_something(value: &Json) -> bool {
    match value {
        Json::Null | Json::Bool(false) => false,
        Json::Array(items) => !items.is_empty(),
        _ => true,
    }
}
