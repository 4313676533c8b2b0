//! `spin.toml` of version 2.

use super::trigger::Triggers;
use super::{Around, MOST_COMPONENTS, component, each, keys, skip_tables, skip_targets, skip_texts, variables};
use crate::app::App;
use crate::guest::Guest;
use crate::values::Reader;
use std::collections::BTreeMap;
use std::path::Path;

pub(super) fn read(reader: &mut Reader<'_, '_, '_>, folder: &Path, profile: Option<&str>) -> App {
    keys::MANIFEST.check(reader);
    let variables = variables::declared(reader);
    let around = Around { folder, profile, variables };
    let (name, version) = application(reader);
    let mut triggers = Triggers::default();
    if let Some(mut application) = silent(reader, "application") {
        triggers.settings(&mut application, &around);
    }
    let mut guests = components(reader, &around);
    triggers.read(reader, &mut guests, &around);
    let guests = triggers.finish(reader, guests);
    check(reader, &guests, profile);
    App { name, version, guests, variables: around.variables, ..App::default() }
}

/// A reader of a table whose absence, or other type, was told already.
fn silent<'t, 'r, 'a>(reader: &'r mut Reader<'t, '_, 'a>, key: &str) -> Option<Reader<'t, 'r, 'a>> {
    let table = reader.value(key)?.get_ref().as_table()?;
    Some(Reader { table, report: reader.report, place: key.to_owned() })
}

fn application(reader: &mut Reader<'_, '_, '_>) -> (Option<String>, Option<String>) {
    if reader.value("application").is_none() {
        reader.report.add(0..0, "[application] is missing; it has the app's `name`");
        return (None, None);
    }
    let span = reader.value("application").map(toml::Spanned::span).unwrap_or_default();
    let Some(mut reader) = reader.inside("application") else { return (None, None) };
    keys::APPLICATION.check(&mut reader);
    skip_texts(&mut reader, &["description"], &["authors"]);
    skip_tables(&mut reader, "tool");
    skip_targets(&mut reader);
    if reader.value("name").is_none() {
        reader.report.add(span, "[application] has no `name`; say what the app is called");
    }
    let version = reader.text("version").map(|(text, _)| text.to_owned()).filter(|text| !text.is_empty());
    (reader.name("name"), version)
}

fn components(reader: &mut Reader<'_, '_, '_>, around: &Around<'_>) -> BTreeMap<String, Guest> {
    let mut guests = BTreeMap::new();
    let mut count = 0;
    each(reader, "component", "[component.NAME]", |reader, written, span| {
        count += 1;
        if count > MOST_COMPONENTS {
            return;
        }
        let name = component::name(reader, written, span.clone());
        let guest = component::read(reader, &name, span.clone(), around);
        if guests.insert(name.clone(), guest).is_some() {
            reader.report.add(span, format!("two components are called `{name}`, apart from capitals; rename one"));
        }
    });
    if let Some(value) = reader.value("component").filter(|_| count > MOST_COMPONENTS) {
        let why = format!("an app has at most {MOST_COMPONENTS} components; this one has {count}");
        reader.report.add(value.span(), why);
    }
    guests
}

fn check(reader: &mut Reader<'_, '_, '_>, guests: &[Guest], profile: Option<&str>) {
    if guests.is_empty() && reader.value("component").is_none() {
        let why = "the app has no component yet; add one as [component.NAME], and a [[trigger.http]] that names it";
        reader.report.add(0..0, why);
    }
    let Some(profile) = profile else { return };
    let tables = reader.value("component").and_then(|value| value.get_ref().as_table()).into_iter().flatten();
    let has = |value: &toml::de::DeValue<'_>| {
        let profiles = value.as_table().and_then(|table| table.get("profile"));
        profiles.and_then(|profiles| profiles.get_ref().as_table()).is_some_and(|table| table.contains_key(profile))
    };
    if !tables.into_iter().any(|(_, value)| has(value.get_ref())) {
        reader.report.add(0..0, format!("no component has the profile `{}`", super::names::shown(profile)));
    }
}
