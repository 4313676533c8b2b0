//! `spin.toml` of version 1: all triggers of an app are of one kind, and each component has one.

use super::names::{is_component, shown};
use super::trigger::Triggers;
use super::{Around, MOST_COMPONENTS, component, each_of, keys, skip_texts, variables};
use crate::app::App;
use crate::guest::Guest;
use crate::values::Reader;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

pub(super) fn read(reader: &mut Reader<'_, '_, '_>, folder: &Path) -> App {
    keys::FIRST_MANIFEST.check(reader);
    skip_texts(reader, &["description"], &["authors"]);
    if reader.value("name").is_none() {
        reader.report.add(0..0, "the app has no `name`; say what it is called");
    }
    let name = reader.name("name");
    let version = reader.text("version").map(|(text, _)| text.to_owned()).filter(|text| !text.is_empty());
    let variables = variables::declared(reader);
    let around = Around { folder, profile: None, variables };
    let mut triggers = Triggers::default();
    let kind = kind(reader, &mut triggers, &around);
    let mut guests = BTreeMap::new();
    let mut count = 0;
    each_of(reader, "component", "component", |reader, span| {
        count += 1;
        let Some((name, at)) = id(reader, span.clone()) else { return };
        let guest = component::read_first(reader, &name, span.clone(), &around);
        trigger(reader, &mut triggers, kind.as_deref(), (&name, span), &around);
        if guests.insert(name.clone(), guest).is_some() {
            reader.report.add(at, format!("two components are called `{name}`; rename one"));
        }
    });
    if count == 0 && reader.value("component").is_none() {
        reader.report.add(0..0, "the app has no component yet; add one as [[component]]");
    }
    if let Some(value) = reader.value("component").filter(|_| count > MOST_COMPONENTS) {
        reader.report.add(value.span(), format!("an app has at most {MOST_COMPONENTS} components"));
    }
    let guests: Vec<Guest> = triggers.finish(reader, guests);
    App { name, version, guests, variables: around.variables, ..App::default() }
}

/// The kind of all triggers, and what is set for all of them.
fn kind(reader: &mut Reader<'_, '_, '_>, triggers: &mut Triggers, around: &Around<'_>) -> Option<String> {
    if reader.value("trigger").is_none() {
        reader.report.add(0..0, "`trigger` is missing; write `trigger = { type = \"http\" }`");
    }
    let span = reader.value("trigger").map(toml::Spanned::span).unwrap_or_default();
    let mut reader = reader.inside_like("trigger", "{ type = \"http\" }")?;
    let Some((kind, at)) = reader.text("type") else {
        if reader.value("type").is_none() {
            reader.report.add(span, "`trigger` has no `type`; write `trigger = { type = \"http\" }`");
        }
        return None;
    };
    triggers.setting(&mut reader, kind, at, around);
    Some(kind.to_owned())
}

/// The `id` of a component. Those of before there were rules for them are made to follow them.
fn id(reader: &mut Reader<'_, '_, '_>, span: Range<usize>) -> Option<(String, Range<usize>)> {
    if reader.value("id").is_none() {
        reader.report.add(span, "a component has an `id`, which is its name");
    }
    let (id, at) = reader.text("id")?;
    let plain = id.replace('_', "-").to_lowercase();
    let id = if is_component(id) { id } else { &plain };
    Some((component::name(reader, id, at.clone()), at))
}

fn trigger(
    reader: &mut Reader<'_, '_, '_>,
    triggers: &mut Triggers,
    kind: Option<&str>,
    (name, span): (&str, Range<usize>),
    around: &Around<'_>,
) {
    if reader.value("trigger").is_none() {
        reader.report.add(span, format!("the component `{}` has no `trigger`; write [component.trigger]", shown(name)));
    }
    let Some(mut reader) = reader.inside_like("trigger", "[component.trigger] below it") else { return };
    if let Some(kind) = kind {
        triggers.of_component(&mut reader, kind, name, around);
    }
}
