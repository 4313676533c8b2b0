//! A component of an app: what it is, and what it may touch.

use super::names::{is_component, is_label, shown};
use super::variables;
use super::{Around, build, dependencies, files, hosts, keys, profile, skip_tables, skip_targets, skip_texts, source};
use crate::dependencies::Source;
use crate::guest::Guest;
use crate::values::Reader;
use holm_grants::{Grants, parse_env};
use std::collections::BTreeMap;
use std::ops::Range;

/// How long the name of a component may be, in characters: it is also a label of the name its siblings call it by.
pub(super) const LONGEST_NAME: usize = 63;

/// Reads `[component.NAME]`, or a component that stands in a trigger, of version 2. Its heading is at `span`.
pub(super) fn read(reader: &mut Reader<'_, '_, '_>, name: &str, span: Range<usize>, around: &Around<'_>) -> Guest {
    keys::COMPONENT.check(reader);
    skip_tables(reader, "tool");
    skip_targets(reader);
    let mut guest = common(reader, name, span, around, "variables", false);
    guest.dependencies = dependencies::read(reader, around);
    profile::read(reader, around, &mut guest);
    dependencies::inherit(reader, &mut guest);
    guest
}

/// Reads `[[component]]` of version 1.
pub(super) fn read_first(
    reader: &mut Reader<'_, '_, '_>,
    name: &str,
    span: Range<usize>,
    around: &Around<'_>,
) -> Guest {
    keys::FIRST_COMPONENT.check(reader);
    common(reader, name, span, around, "config", true)
}

fn common(
    reader: &mut Reader<'_, '_, '_>,
    name: &str,
    span: Range<usize>,
    around: &Around<'_>,
    variables: &str,
    legacy: bool,
) -> Guest {
    skip_texts(reader, &["description"], &[]);
    let source = source::read(reader, around.folder, span);
    let (outbound, later) = hosts::read(reader, around, legacy);
    let grants = Grants {
        env: environment(reader),
        kv: labels(reader, "key_value_stores"),
        sql: labels(reader, "sqlite_databases"),
        models: reader.owned_texts("ai_models"),
        outbound,
        ..Grants::default()
    };
    let mut guest = Guest {
        name: Some(name.to_owned()),
        files: files::read(reader, around.folder),
        exclude_files: reader.owned_texts("exclude_files"),
        variables: variables::of_component(reader, variables, around),
        build: build::read(reader, around.folder),
        grants,
        outbound: later,
        routes: Vec::new(),
        ..Guest::default()
    };
    put(&mut guest, source);
    guest
}

/// Has `guest` be at `source`, if there is one.
pub(super) fn put(guest: &mut Guest, source: Option<Source>) {
    if let Some(source) = source {
        (guest.file, guest.digest) = (Some(source.file()), source.digest().map(str::to_owned));
    }
}

/// Reads `environment`.
pub(super) fn environment(reader: &mut Reader<'_, '_, '_>) -> BTreeMap<String, String> {
    let mut environment = BTreeMap::new();
    for ((name, span), (value, _)) in reader.pairs("environment") {
        match reader.noted(span.clone(), parse_env(&format!("{name}={value}"))) {
            Some((read, Some(value))) if read == name => drop(environment.insert(read, value)),
            Some(_) => reader.report.add(span, "the name of a variable cannot hold `=`"),
            None => {}
        }
    }
    environment
}

/// Reads the names of stores or databases.
fn labels(reader: &mut Reader<'_, '_, '_>, key: &str) -> Vec<String> {
    let mut labels = Vec::new();
    for (text, span) in reader.texts(key) {
        if !is_label(text) {
            let why = format!(
                "`{}` cannot be a name in `{key}`: they are words of letters and digits with `-` or `_` between them",
                shown(text)
            );
            reader.report.add(span, why);
        }
        labels.push(text.to_owned());
    }
    labels
}

/// The name of a component as a guest of ours has it, in lower case, or a report of why it cannot be one.
pub(super) fn name(reader: &mut Reader<'_, '_, '_>, name: &str, span: Range<usize>) -> String {
    if !is_component(name) {
        let why = format!(
            "`{}` cannot be the name of a component: they are words of letters and digits with `-` between them, as in \
             hello-world",
            shown(name)
        );
        reader.report.add(span, why);
        return "name".to_owned();
    }
    if name.len() > LONGEST_NAME {
        let why = format!("the name of a component has at most {LONGEST_NAME} characters; this one has {}", name.len());
        reader.report.add(span, why);
    }
    name.to_ascii_lowercase()
}
